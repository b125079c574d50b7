"""Reads of what is asked: by staff, and by the customer who opens a link."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Table,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Session, object_session

from surveyapp.errors import NotFound
from surveyapp.store.columns import read_moment
from surveyapp.store.db import read_once
from surveyapp.store.models import (
    Interaction,
    Invitation,
    Journey,
    Response,
    Stage,
    SurveyRow,
    Touchpoint,
    Webhook,
    WebhookEvent,
)
from surveyapp.store.statements import DatabaseConnection, Statement
from surveyapp.surveys.links import Ticket
from surveyapp.surveys.survey import COLUMNS, DOCUMENTS, Survey

_LINK = re.compile(r"[A-Za-z0-9_-]{1,60}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # 128 bits in base64; a signed ticket has a point
# On plain tables, and made once with a place for the link: this query runs for every page shown,
# and making it anew would cost more than running it.
_SURVEYS = cast(Table, SurveyRow.__table__)
_JOURNEYS = cast(Table, Journey.__table__)
_INVITATIONS = cast(Table, Invitation.__table__)
_INTERACTIONS = cast(Table, Interaction.__table__)
_STAGES = cast(Table, Stage.__table__)
_TOUCHPOINTS = cast(Table, Touchpoint.__table__)
_WEBHOOKS = cast(Table, Webhook.__table__)
_WEBHOOK_EVENTS = cast(Table, WebhookEvent.__table__)
_OWN = [
    *(_SURVEYS.c[name] for name in COLUMNS),
    # As text, whatever the database: of equal texts the documents are parsed once.
    *(as_type(_SURVEYS.c[name], Text) for name in ("languages", *DOCUMENTS)),
]
_TOLD = (
    select(_WEBHOOKS.c.id)
    .join(_WEBHOOK_EVENTS, _WEBHOOK_EVENTS.c.webhook_id == _WEBHOOKS.c.id)
    .where(_WEBHOOK_EVENTS.c.event == literal_column("'response'"), _WEBHOOKS.c.active)
    .exists()
)
_SURVEY = (
    select(
        *_OWN,
        _JOURNEYS.c.provider,
        _JOURNEYS.c.name,
        _JOURNEYS.c.code,
        _STAGES.c.name,
        _STAGES.c.code,
        _TOUCHPOINTS.c.code,
        func.coalesce(_TOUCHPOINTS.c.name, _JOURNEYS.c.name),
        _TOLD,
    )
    .join(_JOURNEYS, _JOURNEYS.c.id == _SURVEYS.c.journey_id)
    .outerjoin(_TOUCHPOINTS, _TOUCHPOINTS.c.id == _SURVEYS.c.touchpoint_id)
    .outerjoin(_STAGES, _STAGES.c.id == _TOUCHPOINTS.c.stage_id)
)


def survey_at(at: DatabaseConnection, link: str) -> Survey | None:
    """What the link asks, whatever its state; None when no survey has it."""
    if not _LINK.fullmatch(link):
        return None  # PostgreSQL takes no NUL, and nothing else of that kind is a link either
    rows = _by_link(at.dialect).rows(at, {"link": link})
    return _read(rows[0]) if rows else None


@lru_cache(maxsize=8)
def _by_link(dialect: Dialect) -> Statement:
    return Statement(_SURVEY.where(_SURVEYS.c.link == bindparam("link")), dialect)


def survey(session: Session, survey_id: int) -> Survey:
    """A survey by its id, or NotFound."""
    found = surveys(session, [survey_id])
    if not found:
        raise NotFound("There is no such survey; it may have been removed.")
    return found[survey_id]


def survey_in(session: Session, journey_id: int, survey_id: int) -> Survey:
    """A survey of this journey; NotFound also when it belongs to another one."""
    found = survey(session, survey_id)
    if found.journey_id != journey_id:
        raise NotFound("There is no such survey in this journey.")
    return found


def survey_of(row: SurveyRow) -> Survey:
    """The survey of a row that somebody is changing, as it is at this moment."""
    session = object_session(row)
    if session is None:
        raise ValueError(f"the row of survey {row.code} is in no session; read it with survey()")
    return survey(session, row.id)


def surveys(at: Session | Connection, numbers: Collection[int]) -> dict[int, Survey]:
    """The surveys of these ids."""
    return {each.id: each for each in _found(at, _SURVEYS.c.id.in_(sorted(numbers)))}


def surveys_of(at: Session | Connection, journey_id: int) -> list[Survey]:
    """The surveys of a journey, in the order in which they were made; read once in a snapshot."""
    which = _SURVEYS.c.journey_id == journey_id
    if not isinstance(at, Session):
        return _found(at, which)
    return list(read_once(at, ("surveys of", journey_id), lambda: _found(at, which)))


def surveys_in(at: Session | Connection, journeys: Collection[int]) -> list[Survey]:
    """The surveys of these journeys."""
    return _found(at, _SURVEYS.c.journey_id.in_(sorted(journeys)))


def all_surveys(at: Session | Connection) -> list[Survey]:
    """Every survey, journey by journey."""
    return sorted(_found(at, true()), key=lambda each: each.journey_id)


def _found(at: Session | Connection, which: ColumnElement[bool]) -> list[Survey]:
    rows = at.execute(_SURVEY.where(which).order_by(_SURVEYS.c.id)).all()
    return [_read(tuple(row)) for row in rows]


@lru_cache(maxsize=512)
def _read(row: tuple[Any, ...]) -> Survey:
    """The value of a row as the driver gives it; of the same row the same value.

    The row is asked for each time, so a change counts at once; what is spared is reading its
    documents again, and the page that was made for the value is found by it.
    """
    own = {name: _READ.get(name, _same)(value) for name, value in zip(COLUMNS, row, strict=False)}
    languages, *documents = map(json.loads, row[len(COLUMNS) : -len(_PLACE)])
    place = dict(zip(_PLACE, row[-len(_PLACE) :], strict=True))
    return Survey(
        **own,
        languages=tuple(languages),
        documents=dict(zip(DOCUMENTS, documents, strict=True)),
        **{**place, "told": bool(place["told"])},
    )


_PLACE = (
    *("provider", "journey", "journey_code", "stage", "stage_code", "touchpoint_code"),
    *("touchpoint", "told"),
)


def _same(value: Any) -> Any:
    return value


_READ: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("open_link", "consent_box", "auto_advance"), bool),
    **dict.fromkeys(("opens_at", "closes_at"), read_moment),
}


def survey_by_code(session: Session, code: str, journey_id: int | None = None) -> Survey:
    """The survey that a command names; NotFound lists the known ones.

    With ``journey_id`` there is none of another journey.
    """
    those = true() if journey_id is None else _SURVEYS.c.journey_id == journey_id
    found = _found(session, and_(_SURVEYS.c.code == code, those))
    if not found:
        codes = select(_SURVEYS.c.code).where(those).order_by(_SURVEYS.c.code)
        known = ", ".join(session.scalars(codes))
        raise NotFound(f"There is no survey {code!r}; known: {known or 'none'}.")
    return found[0]


_SHORT = (
    select(
        _SURVEYS.c.link,
        _SURVEYS.c.anonymity,
        _INVITATIONS.c.expires_at,
        _INTERACTIONS.c.customer_ref,
        as_type(_INTERACTIONS.c.attributes, Text),
        _INTERACTIONS.c.journey_run_id,
    )
    .join(_SURVEYS, _SURVEYS.c.id == _INVITATIONS.c.survey_id)
    .outerjoin(_INTERACTIONS, _INTERACTIONS.c.id == _INVITATIONS.c.interaction_id)
    .where(
        _INVITATIONS.c.token_hash == bindparam("token_hash"),
        _INVITATIONS.c.token_seed.is_not(None),  # the others' tickets are signed and complete
    )
)


def short_ticket(at: DatabaseConnection, token: str) -> tuple[str, Ticket] | None:
    """The survey's link and the ticket behind a short token, whatever the invitation's state.

    Customer, attributes and run are those of the interaction that the invitation followed; an anonymous
    survey's ticket holds none of them. None when no invitation has this token: there never was one,
    or it was answered anonymously and is gone.
    """
    if not _TOKEN.fullmatch(token):
        return None
    # Only the hash of 128 random bits is looked up, so that the time it takes tells nothing.
    token_hash = hashlib.sha256(token.encode()).hexdigest()
    rows = _short(at.dialect).rows(at, {"token_hash": token_hash})
    if not rows:
        return None
    link, anonymity, expires, customer_ref, attributes, run_id = rows[0]
    expires_at = read_moment(expires)
    if anonymity == "anonymous":
        return link, Ticket(token, expires_at=expires_at)
    told = json.loads(attributes) if attributes else {}
    return link, Ticket(token, customer_ref, told or {}, expires_at, run_id)


@lru_cache(maxsize=8)
def _short(dialect: Dialect) -> Statement:
    return Statement(_SHORT, dialect)


def anonymous_surveys(session: Session, survey_ids: Collection[int]) -> list[int]:
    """Those of the surveys that are anonymous."""
    own = (SurveyRow.id.in_(survey_ids), SurveyRow.anonymity == "anonymous")
    return list(session.scalars(select(SurveyRow.id).where(*own).order_by(SurveyRow.id)))


def answered_anonymously(
    session: Session,
    survey_ids: Collection[int],
    *,
    begin: datetime | None = None,
    end: datetime | None = None,
) -> dict[int, int]:
    """How many invitations of each of these anonymous surveys were answered from ``begin`` to before
    ``end``.

    There an invitation is deleted when it is used, so the answers themselves are counted.
    """
    query = (
        select(Response.survey_id, func.count())
        .where(Response.survey_id.in_(survey_ids), Response.source == "invitation")
        .group_by(Response.survey_id)
    )
    if begin is not None:
        query = query.where(Response.submitted_at >= begin)
    if end is not None:
        query = query.where(Response.submitted_at < end)
    return {row[0]: row[1] for row in session.execute(query)}
