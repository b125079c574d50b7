"""The month of a response, told by the database: it knows no time zones that both know alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from surveyapp.journeys.calendar import Calendar
from surveyapp.store.models import INVITATION_STATES, Decision, Invitation, Response, SurveyRow

_Ends = tuple[datetime | None, datetime | None]  # the first and the last moment


def month_of(session: Session, surveys: Sequence[int], calendar: Calendar) -> ColumnElement[Any]:
    """The month of a response to one of these surveys as "2026-03", by the calendar."""
    at = Response.submitted_at
    return _month(session, at, calendar, lambda: _ends_by_survey(session, at, surveys))


def month_decided(
    session: Session, surveys: Sequence[int], calendar: Calendar
) -> ColumnElement[Any]:
    """The month in which it was decided whether to ask somebody for one of these surveys."""
    at = Decision.decided_at

    def ends() -> _Ends:
        rows = Decision.survey_id.in_(surveys)
        first, last = session.execute(select(func.min(at), func.max(at)).where(rows)).one()
        return first, last

    return _month(session, at, calendar, ends)


def month_invited(
    session: Session, surveys: Sequence[int], calendar: Calendar
) -> ColumnElement[Any]:
    """The month in which an invitation to one of these surveys was made."""
    at = Invitation.created_at
    states = [Invitation.state == state for state in INVITATION_STATES]
    return _month(session, at, calendar, lambda: _ends_by_survey(session, at, surveys, states))


def _month(
    session: Session,
    moment: InstrumentedAttribute[Any],
    calendar: Calendar,
    ends: Callable[[], _Ends],
) -> ColumnElement[Any]:
    """The month of a moment, in rows of which ``ends`` are the first and the last.

    In UTC the database tells it. In other zones it compares with the first moments of the months in
    which there are rows: a dozen a year.
    """
    if calendar.zone == "UTC":
        if session.get_bind().dialect.name == "sqlite":
            return func.strftime("%Y-%m", moment)
        return func.to_char(func.timezone("UTC", moment), "YYYY-MM")
    first, last = ends()
    if first is None or last is None:
        return literal("")
    current, final = (calendar.day(each).replace(day=1) for each in (first, last))
    told = []
    while current < final:
        following = _following(current)
        told.append((moment < calendar.begin(following), literal(f"{current:%Y-%m}")))
        current = following
    return case(*told, else_=literal(f"{final:%Y-%m}")) if told else literal(f"{final:%Y-%m}")


def _ends_by_survey(
    session: Session,
    moment: InstrumentedAttribute[datetime],
    surveys: Sequence[int],
    kinds: Sequence[ColumnElement[bool]] = (true(),),
) -> _Ends:
    """The first and the last moment of the surveys' rows, all of which are of one of these kinds.

    Each is looked up where an index by survey, kind and moment begins and ends; asked for at once the
    databases would read the index of all rows.
    """
    table = moment.class_
    own = [
        select(end(moment)).where(table.survey_id == SurveyRow.id, kind).scalar_subquery()
        for kind in kinds
        for end in (func.min, func.max)
    ]
    rows = session.execute(select(*own).where(SurveyRow.id.in_(surveys))).all()
    found = [each for row in rows for each in row if each is not None]
    return min(found, default=None), max(found, default=None)


def _following(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)
