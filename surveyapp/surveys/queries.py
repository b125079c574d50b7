"""Reads of what is asked: by staff, and by the customer who opens a link."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    JSON,
    Dialect,
    Table,
    Text,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Session, joinedload

from surveyapp.errors import NotFound
from surveyapp.store.columns import read_moment
from surveyapp.store.models import (
    Interaction,
    Invitation,
    Journey,
    Response,
    SurveyRow,
    Touchpoint,
    Webhook,
    WebhookEvent,
)
from surveyapp.store.statements import DatabaseConnection, Statement
from surveyapp.surveys.links import Ticket


@dataclass(frozen=True)
class Asking:
    """A survey as the way of one response needs it: a plain value, read in one query."""

    id: int
    journey_id: int
    touchpoint_id: int | None
    code: str
    name: str
    asks: list[dict[str, Any]]
    language: str
    introduction: str
    consent: str
    consent_version: str
    anonymity: str
    open_link: bool
    link: str
    state: str
    opens_at: datetime | None
    closes_at: datetime | None
    languages: list[str]  # offered beside ``language``; empty: all that the questions are worded in
    consent_box: bool
    draw: str
    texts: dict[str, Any]  # introduction, consent and draw in languages other than ``language``
    paging: str
    auto_advance: bool
    theme: dict[str, Any]
    logic: dict[str, Any]
    channels: dict[str, Any]
    closed_loop: dict[str, Any]
    provider: str  # what fills {provider}
    touchpoint: str  # what fills {touchpoint}; at the journey's end the journey's name
    told: bool  # whether another program wants to know of responses

    @property
    def listened(self) -> bool:
        """Whether anybody wants to know of a response."""
        return self.told or bool(self.closed_loop)

    def is_open(self, now: datetime) -> bool:
        """Whether answers are taken at this moment."""
        return self.state == "open" and not self.is_early(now) and not self.is_over(now)

    def is_early(self, now: datetime) -> bool:
        return self.state == "draft" or (self.opens_at is not None and now < self.opens_at)

    def is_over(self, now: datetime) -> bool:
        return self.state == "closed" or (self.closes_at is not None and now >= self.closes_at)


_LINK = re.compile(r"[A-Za-z0-9_-]{1,60}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # 128 bits in base64; a signed ticket has a point
# On plain tables, and made once with a place for the link: this query runs for every page shown,
# and making it anew would cost more than running it.
_SURVEYS = cast(Table, SurveyRow.__table__)
_JOURNEYS = cast(Table, Journey.__table__)
_INVITATIONS = cast(Table, Invitation.__table__)
_INTERACTIONS = cast(Table, Interaction.__table__)
_TOUCHPOINTS = cast(Table, Touchpoint.__table__)
_WEBHOOKS = cast(Table, Webhook.__table__)
_WEBHOOK_EVENTS = cast(Table, WebhookEvent.__table__)
_DOCUMENTS = {
    f.name
    for f in fields(Asking)
    if f.name in _SURVEYS.c and isinstance(_SURVEYS.c[f.name].type, JSON)
}
_OWN = [
    as_type(_SURVEYS.c[f.name], Text) if f.name in _DOCUMENTS else _SURVEYS.c[f.name]
    for f in fields(Asking)
    if f.name in _SURVEYS.c
]
_TOLD = (
    select(_WEBHOOKS.c.id)
    .join(_WEBHOOK_EVENTS, _WEBHOOK_EVENTS.c.webhook_id == _WEBHOOKS.c.id)
    .where(_WEBHOOK_EVENTS.c.event == literal_column("'response'"), _WEBHOOKS.c.active)
    .exists()
)
_ASKING = (
    select(
        *_OWN,
        _JOURNEYS.c.provider,
        func.coalesce(_TOUCHPOINTS.c.name, _JOURNEYS.c.name),
        _TOLD,
    )
    .join(_JOURNEYS, _JOURNEYS.c.id == _SURVEYS.c.journey_id)
    .outerjoin(_TOUCHPOINTS, _TOUCHPOINTS.c.id == _SURVEYS.c.touchpoint_id)
    .where(_SURVEYS.c.link == bindparam("link"))
)


def asking(at: DatabaseConnection, link: str) -> Asking | None:
    """What the link asks, whatever its state; None when no survey has it."""
    if not _LINK.fullmatch(link):
        return None  # PostgreSQL takes no NUL, and nothing else of that kind is a link either
    rows = _asking(at.dialect).rows(at, {"link": link})
    return _read_asking(rows[0]) if rows else None


@lru_cache(maxsize=8)
def _asking(dialect: Dialect) -> Statement:
    return Statement(_ASKING, dialect)


@lru_cache(maxsize=512)
def _read_asking(row: tuple[Any, ...]) -> Asking:
    """The value of a row as the driver gives it; of the same row the same value.

    The row is asked for each time, so a change counts at once; what is spared is reading its
    documents again, and the page that was made for the value is found by it.
    """
    return Asking(*(_READ.get(f.name, _same)(v) for f, v in zip(fields(Asking), row, strict=True)))


def _same(value: Any) -> Any:
    return value


_READ: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_DOCUMENTS, json.loads),
    **dict.fromkeys(("open_link", "consent_box", "auto_advance", "told"), bool),
    **dict.fromkeys(("opens_at", "closes_at"), read_moment),
}


def is_listened(at: DatabaseConnection, survey: SurveyRow) -> bool:
    """Whether anybody wants to know of this survey's responses."""
    return bool(survey.closed_loop) or bool(_told(at.dialect).scalar(at, {}))


@lru_cache(maxsize=8)
def _told(dialect: Dialect) -> Statement:
    return Statement(select(_TOLD), dialect)


def survey_by_code(session: Session, code: str) -> SurveyRow:
    """The survey that a command names; NotFound lists the known ones."""
    found = session.scalar(select(SurveyRow).where(SurveyRow.code == code))
    if found is None:
        known = ", ".join(session.scalars(select(SurveyRow.code).order_by(SurveyRow.code)))
        raise NotFound(f"There is no survey {code!r}; known: {known or 'none'}.")
    return found


def survey(session: Session, survey_id: int) -> SurveyRow:
    """A survey with its journey and touchpoint, or NotFound."""
    found = session.scalar(
        select(SurveyRow)
        .options(joinedload(SurveyRow.journey), joinedload(SurveyRow.touchpoint))
        .where(SurveyRow.id == survey_id)
    )
    if found is None:
        raise NotFound("There is no such survey; it may have been removed.")
    return found


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


def answered_anonymously(
    session: Session,
    survey_ids: Collection[int],
    *,
    begin: datetime | None = None,
    end: datetime | None = None,
) -> dict[int, int]:
    """How many invitations of each anonymous survey were answered from ``begin`` to before ``end``.

    There an invitation is deleted when it is used, so the answers themselves are counted.
    """
    query = (
        select(Response.survey_id, func.count())
        .join(SurveyRow, SurveyRow.id == Response.survey_id)
        .where(
            Response.survey_id.in_(survey_ids),
            SurveyRow.anonymity == "anonymous",
            Response.source == "invitation",
        )
        .group_by(Response.survey_id)
    )
    if begin is not None:
        query = query.where(Response.submitted_at >= begin)
    if end is not None:
        query = query.where(Response.submitted_at < end)
    return {row[0]: row[1] for row in session.execute(query)}
