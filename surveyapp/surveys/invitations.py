"""What becomes of an invitation when its link is opened and answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Table,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    true,
    update,
)

from surveyapp.store.columns import read_moment
from surveyapp.store.models import Invitation
from surveyapp.store.statements import DatabaseConnection, Statement
from surveyapp.surveys.links import Ticket

_INVITATIONS = cast(Table, Invitation.__table__)
_own = _INVITATIONS.c
MOMENT = bindparam("moment", type_=_own.completed_at.type)


def _of_ticket(*conditions: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    """What holds for the ticket's invitation if it meets these conditions, found by its token alone.

    PostgreSQL looks into no index for what a CASE says. Where it has not analysed the table since many
    invitations came, it takes an index of surveys and states to be as good as that of tokens, and reads
    every invitation of the survey for each link that is opened.
    """
    met = and_(_own.survey_id == bindparam("of_survey"), *conditions)
    return _own.token_hash == bindparam("of_token"), case((met, true()), else_=false())


USABLE = _of_ticket(
    or_(_own.state == "created", _own.state == "opened"),
    or_(_own.expires_at.is_(None), _own.expires_at > MOMENT),
)


@dataclass(frozen=True)
class Used:
    """An invitation that has just been used up, and when its first answer was given."""

    id: int
    started_at: datetime | None


def use_invitation(
    at: DatabaseConnection, *, survey_id: int, ticket: Ticket, now: datetime
) -> Used | None:
    """Use up the ticket's invitation; None when it was used, has expired or never was.

    The one statement that decides is atomic, so of any number of posts at once one gets it. Not for
    anonymous surveys, whose answers touch no invitation (``epochs``).
    """
    rows = _using(at.dialect).rows(at, {**of_ticket(survey_id, ticket), "moment": now})
    return Used(rows[0][0], read_moment(rows[0][1])) if rows else None


def is_usable(at: DatabaseConnection, *, survey_id: int, ticket: Ticket, now: datetime) -> bool:
    """Whether the ticket has an invitation that is neither redeemed nor expired; changes nothing."""
    return bool(_usable(at.dialect).rows(at, {**of_ticket(survey_id, ticket), "moment": now}))


def note_opened(at: DatabaseConnection, *, survey_id: int, ticket: Ticket, now: datetime) -> None:
    """Note that the link was opened for the first time. Not for anonymous surveys."""
    _opening(at.dialect).run(at, {**of_ticket(survey_id, ticket), "moment": now})


def is_used(at: DatabaseConnection, survey_id: int, ticket: Ticket) -> bool:
    """Whether answers were sent with this ticket; never so in an anonymous survey."""
    return bool(_used(at.dialect).rows(at, of_ticket(survey_id, ticket)))


def of_ticket(survey_id: int, ticket: Ticket) -> dict[str, Any]:
    """The parameters of a statement about one invitation."""
    return {"of_token": ticket.token_hash, "of_survey": survey_id}


@lru_cache(maxsize=8)
def _usable(dialect: Dialect) -> Statement:
    return Statement(select(_own.id).where(*USABLE), dialect)


@lru_cache(maxsize=8)
def _using(dialect: Dialect) -> Statement:
    done = update(_INVITATIONS).where(*USABLE)
    started = func.coalesce(_own.started_at, MOMENT)
    values = done.values(state="completed", completed_at=MOMENT, started_at=started)
    return Statement(values.returning(_own.id, _own.started_at), dialect, columns=())


@lru_cache(maxsize=8)
def _opening(dialect: Dialect) -> Statement:
    unopened = update(_INVITATIONS).where(*_of_ticket(_own.state == "created"))
    return Statement(unopened.values(state="opened", opened_at=MOMENT), dialect, columns=())


@lru_cache(maxsize=8)
def _used(dialect: Dialect) -> Statement:
    return Statement(select(_own.id).where(*_of_ticket(_own.state == "completed")), dialect)
