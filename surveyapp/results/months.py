"""The month of a response, told by the database: it knows no time zones that both know alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select
from sqlalchemy.orm import Session

from surveyapp.journeys.calendar import Calendar
from surveyapp.store.models import Response


def month_of(session: Session, surveys: Sequence[int], calendar: Calendar) -> ColumnElement[Any]:
    """The month of a response to one of these surveys as "2026-03", by the calendar.

    In UTC the database tells it. In other zones it compares with the first moments of the months in
    which there are responses: a dozen a year.
    """
    if calendar.zone == "UTC":
        if session.get_bind().dialect.name == "sqlite":
            return func.strftime("%Y-%m", Response.submitted_at)
        return func.to_char(func.timezone("UTC", Response.submitted_at), "YYYY-MM")
    ends = select(func.min(Response.submitted_at), func.max(Response.submitted_at))
    first, last = session.execute(ends.where(Response.survey_id.in_(surveys))).one()
    if first is None:
        return literal("")
    month, final = (calendar.day(each).replace(day=1) for each in (first, last))
    told = []
    while month < final:
        following = _following(month)
        told.append((Response.submitted_at < calendar.begin(following), literal(f"{month:%Y-%m}")))
        month = following
    return case(*told, else_=literal(f"{final:%Y-%m}")) if told else literal(f"{final:%Y-%m}")


def _following(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)
