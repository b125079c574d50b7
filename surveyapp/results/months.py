"""The month of a response, told by the database: it knows no time zones that both know alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from surveyapp.journeys.calendar import Calendar
from surveyapp.store.models import Decision, Invitation, Response


def month_of(session: Session, surveys: Sequence[int], calendar: Calendar) -> ColumnElement[Any]:
    """The month of a response to one of these surveys as "2026-03", by the calendar."""
    return _month(session, Response.submitted_at, Response.survey_id.in_(surveys), calendar)


def month_decided(
    session: Session, surveys: Sequence[int], calendar: Calendar
) -> ColumnElement[Any]:
    """The month in which it was decided whether to ask somebody for one of these surveys."""
    return _month(session, Decision.decided_at, Decision.survey_id.in_(surveys), calendar)


def month_invited(
    session: Session, surveys: Sequence[int], calendar: Calendar
) -> ColumnElement[Any]:
    """The month in which an invitation to one of these surveys was made."""
    return _month(session, Invitation.created_at, Invitation.survey_id.in_(surveys), calendar)


def _month(
    session: Session,
    moment: InstrumentedAttribute[Any],
    rows: ColumnElement[bool],
    calendar: Calendar,
) -> ColumnElement[Any]:
    """The month of a moment in these rows.

    In UTC the database tells it. In other zones it compares with the first moments of the months in
    which there are responses: a dozen a year.
    """
    if calendar.zone == "UTC":
        if session.get_bind().dialect.name == "sqlite":
            return func.strftime("%Y-%m", moment)
        return func.to_char(func.timezone("UTC", moment), "YYYY-MM")
    ends = select(func.min(moment), func.max(moment))
    first, last = session.execute(ends.where(rows)).one()
    if first is None:
        return literal("")
    current, final = (calendar.day(each).replace(day=1) for each in (first, last))
    told = []
    while current < final:
        following = _following(current)
        told.append((moment < calendar.begin(following), literal(f"{current:%Y-%m}")))
        current = following
    return case(*told, else_=literal(f"{final:%Y-%m}")) if told else literal(f"{final:%Y-%m}")


def _following(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)
