"""Answers on the way, by the hash of a personal link's token: saved, found again, dropped.

Only pseudonymous surveys have them; in an anonymous one answers that have not been sent stay in
the customer's browser.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Table,
    Text,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.store.inserts import insert
from surveyapp.store.models import Draft, Invitation
from surveyapp.store.statements import DatabaseConnection, Statement
from surveyapp.surveys.invitations import MOMENT, USABLE, of_ticket
from surveyapp.surveys.links import Ticket

PRESELECTED = "preselected"  # the field that says what a click in a message chose: name:value
KEPT_DAYS = 90
BATCH = 500  # drafts in one transaction: customers who answer meanwhile wait for its end
Fields = Mapping[str, list[str]]  # as a form sends them
_DRAFTS = cast(Table, Draft.__table__)
_INVITATIONS = cast(Table, Invitation.__table__)
_STATE = ("block", "language", "unconfirmed")


@dataclass(frozen=True)
class Saved:
    """What was saved: fields as they were typed, the block that was shown, the language."""

    fields: Fields
    block: int
    language: str
    unconfirmed: bool


@dataclass(frozen=True)
class Waiting:
    """An invitation that may be answered, and what was answered of it already."""

    state: str  # "created" or "opened"
    saved: Saved | None


def waiting(
    at: DatabaseConnection, survey_id: int, ticket: Ticket, *, now: datetime
) -> Waiting | None:
    """The ticket's unused invitation with its draft; None when it is not to be used."""
    rows = _waiting(at.dialect).rows(at, {**of_ticket(survey_id, ticket), "moment": now})
    if not rows:
        return None
    state, fields, block, language, unconfirmed = rows[0]
    if fields is None:
        return Waiting(state, None)
    return Waiting(state, Saved(json.loads(fields), block, language, bool(unconfirmed)))


@lru_cache(maxsize=8)
def _waiting(dialect: Dialect) -> Statement:
    drafted = (as_type(_DRAFTS.c.fields, Text), *(_DRAFTS.c[name] for name in _STATE))
    query = select(_INVITATIONS.c.state, *drafted).outerjoin(
        _DRAFTS, _DRAFTS.c.token_hash == _INVITATIONS.c.token_hash
    )
    return Statement(query.where(*USABLE), dialect)


def save(
    at: DatabaseConnection,
    *,
    survey_id: int,
    ticket: Ticket,
    fields: Fields,
    block: int = 0,
    language: str = "",
    unconfirmed: bool = False,
    now: datetime,
) -> bool:
    """Put ``fields`` over those saved before; False when the invitation takes no answers any more.

    ``unconfirmed`` marks what a click in a message chose; such a draft is no beginning of an answer, nor
    is one that holds another language alone.
    """
    begun = not unconfirmed and any(any(given) for given in fields.values())
    # Holding the invitation's row keeps a submission at this moment from leaving a draft behind.
    own = {**of_ticket(survey_id, ticket), "moment": now}
    if not _noting(at.dialect, begun).rows(at, own):
        return False
    rows = _kept(at.dialect).rows(at, {"token_hash": ticket.token_hash})
    before = json.loads(rows[0][0]) if rows else {}
    merged = {**before, **fields}
    draft = {
        "token_hash": ticket.token_hash,
        "survey_id": survey_id,
        "fields": {name: given for name, given in merged.items() if any(given)},
        "block": block,
        "language": language,
        "unconfirmed": unconfirmed or bool(rows and rows[0][1]),
        "started_at": now,
        "updated_at": now,
    }
    _keeping(at.dialect).run(at, draft)
    return True


@lru_cache(maxsize=8)
def _noting(dialect: Dialect, begun: bool) -> Statement:
    own = _INVITATIONS.c
    values: dict[str, Any] = {"state": "opened", "opened_at": func.coalesce(own.opened_at, MOMENT)}
    if begun:
        values["started_at"] = func.coalesce(own.started_at, MOMENT)
    noted = update(_INVITATIONS).where(*USABLE).values(values).returning(own.id)
    return Statement(noted, dialect, columns=())


@lru_cache(maxsize=8)
def _kept(dialect: Dialect) -> Statement:
    query = select(as_type(_DRAFTS.c.fields, Text), _DRAFTS.c.unconfirmed)
    return Statement(query.where(_DRAFTS.c.token_hash == bindparam("token_hash")), dialect)


@lru_cache(maxsize=8)
def _keeping(dialect: Dialect) -> Statement:
    first = insert(_DRAFTS, dialect.name)
    changing = ("fields", *_STATE, "updated_at")
    again = {name: first.excluded[name] for name in changing}
    return Statement(
        first.on_conflict_do_update(index_elements=[_DRAFTS.c.token_hash], set_=again), dialect
    )


def drop(at: DatabaseConnection, ticket: Ticket) -> None:
    """Forget the draft of this link: its answers have been sent, or are not to be kept."""
    _dropping(at.dialect).run(at, {"token_hash": ticket.token_hash})


def old(session: Session, *, before: datetime, now: datetime) -> list[str]:
    """Drafts that nobody can send any more, or nobody has touched since ``before``, by token hash;
    BATCH of them at most.
    """
    query = select(Draft.token_hash).where(_is_old(before, now)).order_by(Draft.token_hash)
    return list(session.scalars(query.limit(BATCH)))


def drop_old(session: Session, found: Sequence[str], *, before: datetime, now: datetime) -> int:
    """Forget those of ``found`` that are old still; how many."""
    gone = delete(_DRAFTS).where(_DRAFTS.c.token_hash.in_(found), _is_old(before, now))
    return len(session.execute(gone.returning(_DRAFTS.c.token_hash)).all())


def _is_old(before: datetime, now: datetime) -> ColumnElement[bool]:
    usable = exists().where(
        Invitation.token_hash == Draft.token_hash,
        Invitation.state.in_(("created", "opened")),
        or_(Invitation.expires_at.is_(None), Invitation.expires_at > now),
    )
    return or_(Draft.updated_at < before, ~usable)


def forget(installation: Installation, now: datetime) -> int:
    """Drop some of what has been left lying for ``KEPT_DAYS`` or can be sent no more; how many drafts.

    All drafts are looked at without the lock of who writes.
    """
    before = now - timedelta(days=KEPT_DAYS)
    with installation.store.reading() as session:
        found = old(session, before=before, now=now)
    if not found:
        return 0
    with installation.store.writing() as session:
        return drop_old(session, found, before=before, now=now)


def unconfirmed(session: Session, survey_id: int) -> dict[str, dict[str, int]]:
    """What was clicked in messages and never confirmed: {item's name: {value: how often}}.

    Answers that were sent are not among them: their draft is gone.
    """
    found: dict[str, Counter[str]] = {}
    query = select(Draft.fields).where(Draft.survey_id == survey_id, Draft.unconfirmed)
    for fields in session.scalars(query):
        for choice in fields.get(PRESELECTED, []):
            name, _, value = choice.partition(":")
            found.setdefault(name, Counter())[value] += 1
    return {name: dict(counts) for name, counts in found.items()}


@lru_cache(maxsize=8)
def _dropping(dialect: Dialect) -> Statement:
    return Statement(
        delete(_DRAFTS).where(_DRAFTS.c.token_hash == bindparam("token_hash")), dialect
    )
