"""The month of a response, told by the database: it knows no time zones that both know alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from surveyapp.journeys.calendar import Calendar
from surveyapp.results.scope import month_text, months_between
from surveyapp.sampling.decision_rollups import DECISIONS
from surveyapp.store.models import INVITATION_STATES, Decision, Invitation, Response, SurveyRow

_Ends = tuple[date, date] | None  # days in the first and in the last month


def month_of(session: Session, surveys: Sequence[int], calendar: Calendar) -> ColumnElement[Any]:
    """The month of a response to one of these surveys as "2026-03", by the calendar."""
    at = Response.submitted_at
    return _month(session, at, calendar, lambda: _ends_by_survey(session, at, surveys, calendar))


def month_decided(
    session: Session, surveys: Sequence[int], calendar: Calendar
) -> ColumnElement[Any]:
    """The month in which it was decided whether to ask somebody for one of these surveys."""
    return _month(
        session,
        Decision.decided_at,
        calendar,
        lambda: _ends(months_decided(session, surveys, calendar)),
    )


def months_decided(session: Session, surveys: Sequence[int], calendar: Calendar) -> list[date]:
    """The first days of the months in which anybody was decided about for one of these surveys.

    Of surveys whose decisions a worker has counted by day, these are read from there. Of the others every
    decision's moment is, and months between the first and the last are told without one, too.
    """
    counted = DECISIONS.counted_surveys(session, surveys, calendar)
    by_month = DECISIONS.numbers(session, counted, ("month",), calendar) if counted else {}
    months = {date(year, month, 1) for ((year, month),), (n, *_) in by_month.items() if n}
    others = set(surveys) - counted
    if others:
        at = Decision.decided_at
        query = select(func.min(at), func.max(at)).where(Decision.survey_id.in_(others))
        first, last = session.execute(query).one()
        if first is not None:
            months.update(months_between(calendar.day(first), calendar.day(last)))
    return sorted(months)


def month_invited(
    session: Session, surveys: Sequence[int], calendar: Calendar
) -> ColumnElement[Any]:
    """The month in which an invitation to one of these surveys was made."""
    at = Invitation.created_at
    states = [Invitation.state == state for state in INVITATION_STATES]
    return _month(
        session, at, calendar, lambda: _ends_by_survey(session, at, surveys, calendar, states)
    )


def _month(
    session: Session,
    moment: InstrumentedAttribute[Any],
    calendar: Calendar,
    ends: Callable[[], _Ends],
) -> ColumnElement[Any]:
    """The month of a moment, in rows whose first and last months ``ends`` tells.

    In UTC the database tells it. In other zones it compares with the first moments of the months in
    which there are rows: a dozen a year.
    """
    if calendar.zone == "UTC":
        if session.get_bind().dialect.name == "sqlite":
            return func.strftime("%Y-%m", moment)
        return func.to_char(func.timezone("UTC", moment), "YYYY-MM")
    found = ends()
    if found is None:
        return literal("")
    *before, final = months_between(*found)
    told = [
        (moment < calendar.begin(_following(each)), literal(month_text(each))) for each in before
    ]
    return case(*told, else_=literal(month_text(final))) if told else literal(month_text(final))


def _ends(months: Sequence[date]) -> _Ends:
    return (months[0], months[-1]) if months else None


def _ends_by_survey(
    session: Session,
    moment: InstrumentedAttribute[datetime],
    surveys: Sequence[int],
    calendar: Calendar,
    kinds: Sequence[ColumnElement[bool]] = (true(),),
) -> _Ends:
    """The first and the last day of the surveys' rows, all of which are of one of these kinds.

    Each moment is looked up where an index by survey, kind and moment begins and ends; asked for at once the
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
    return (calendar.day(min(found)), calendar.day(max(found))) if found else None


def _following(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)
