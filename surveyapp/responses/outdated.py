"""Reports that were made before answers changed, or before some were erased that they held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from surveyapp.journeys.segments import parse
from surveyapp.store.models import Job, Report

OUTDATED = "outdated"  # in a report's parameters: the day on which answers under it changed
ERASED = "erased"  # the same: the day on which answers were erased that it may hold
_ZONES = timedelta(days=1)  # between the dates of one moment in two zones


def mark_reports(
    session: Session,
    journey_id: int,
    day: date,
    answers: Sequence[Row[Any]],
    *,
    erased: bool = False,
    only_quoting: bool = False,
) -> None:
    """Say on each report of the journey that these answers of it, which it may hold, have changed, or
    are ``erased``; a report that is being made may have read them already.

    It may hold answers of its segment and period that came before it was made, and of all earlier ones
    where it compares its period with another.
    """
    read = (Report.file_id.is_not(None), Job.state == "running")
    query = select(Report).outerjoin(Job, Job.id == Report.job_id)
    for report in session.scalars(query.where(Report.journey_id == journey_id, or_(*read))):
        if only_quoting and not report.parameters.get("quotes"):
            continue
        if _may_hold(report, answers):
            marks = {OUTDATED: day.isoformat()} | ({ERASED: day.isoformat()} if erased else {})
            if not marks.items() <= report.parameters.items():
                report.parameters = {**report.parameters, **marks}


def mark_quotes(session: Session, journey_id: int, day: date, answers: Sequence[Row[Any]]) -> None:
    """The same of reports that quote comments, where these answers' comments may be quoted no more: such
    a report is not given out again, as if they were erased.
    """
    mark_reports(session, journey_id, day, answers, erased=True, only_quoting=True)


def _may_hold(report: Report, answers: Iterable[Row[Any]]) -> bool:
    asked = report.parameters
    compares = asked.get("compare", "none") != "none"
    since = date.min if compares or "since" not in asked else _day(asked["since"]) - _ZONES
    until = _day(asked["until"]) + _ZONES if "until" in asked else date.max
    rule = parse(report.segment.rule) if report.segment else None
    made_on = report.created_at.date() + _ZONES
    return any(
        since <= moment.date() <= min(until, made_on) and (rule is None or rule.matches(attributes))
        for moment, attributes in ((row.submitted_at, row.attributes) for row in answers)
    )


def _day(text: str) -> date:
    return datetime.fromisoformat(text).date()
