"""Decisions by month and by all the segments that a customer is in: counted now, or as the worker kept them.

To count them looks at every decision with its event. Of large journeys the worker keeps the counts of each
month, and counts again those months in which something changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.journeys.calendar import Calendar, calendar_of
from surveyapp.journeys.portfolio import listed
from surveyapp.journeys.queries import journey as journey_of
from surveyapp.journeys.segments import Rule, parse
from surveyapp.results.cells import MonthKey, month_key
from surveyapp.results.months import month_decided, months_decided
from surveyapp.results.scope import month_text
from surveyapp.sampling import funnel
from surveyapp.sampling.decision_rollups import DECISIONS
from surveyapp.sampling.funnel import Counts
from surveyapp.store.columns import utc_now
from surveyapp.store.models import EVERYBODY, DecisionKinds, Segment
from surveyapp.surveys.queries import surveys_of

FEW = 20_000  # decisions of a journey: counted in a tenth of a second, on each page
_FRESH = timedelta(hours=1)  # older counts are of a worker that has stopped

Kinds = dict[frozenset[int], Counts]


def kinds_by_month(
    session: Session,
    journey_id: int,
    surveys: Sequence[int],
    segments: Sequence[Segment],
    calendar: Calendar,
) -> Mapping[MonthKey, Kinds]:
    """What came of the decisions of all time, skipped ones without their reasons."""
    row = session.get(DecisionKinds, journey_id)
    rules = _rules(surveys, segments, calendar)
    if row is None or row.rules != rules or row.counted_at < utc_now() - _FRESH:
        month = month_decided(session, surveys, calendar)
        read = funnel.by_kind(session, surveys, _parsed(segments), month)
        return {month_key(written): kinds for written, kinds in read.items()}
    return {
        month_key(written): {
            frozenset((EVERYBODY, *inside)): _counts(*stages) for inside, *stages in own["kinds"]
        }
        for written, own in row.months.items()
    }


def _counts(
    asked: int, sent: int, opened: int, started: int, completed: int, held_back: int, skipped: int
) -> Counts:
    return Counts(asked, sent, opened, started, completed, held_back, skipped={"": skipped})


def count_due(installation: Installation, now: datetime) -> int:
    """Count again what changed in the decisions of large journeys."""
    with installation.store.reading() as session:
        journeys = [each.id for each in listed(session) if each.state != "archived"]
    for number in journeys:
        with installation.store.reading(may_use_replica=False) as session:
            kept = session.get(DecisionKinds, number)
            counted = _counted(session, number, kept, now)
        if counted is not None and not _is_as_kept(counted, kept):
            with installation.store.writing() as session:
                session.merge(counted)
        elif counted is None and kept is not None:
            with installation.store.writing() as session:
                session.delete(session.get_one(DecisionKinds, number))
    return 0  # nothing is left to do at once


def _counted(
    session: Session, number: int, kept: DecisionKinds | None, now: datetime
) -> DecisionKinds | None:
    """The counts of now, months without a change as they were kept; once a day all are counted. None of a
    journey with few decisions, or whose decisions have not been counted by day.
    """
    calendar = calendar_of(journey_of(session, number))
    surveys = [survey.id for survey in surveys_of(session, number)]
    segments = session.scalars(select(Segment).order_by(Segment.id)).all()
    if not segments or DECISIONS.counted_surveys(session, surveys, calendar) != set(surveys):
        return None
    n, marks = _marks(session, surveys, calendar)
    if n <= FEW:
        return None
    rules = _rules(surveys, segments, calendar)
    is_usable = kept is not None and kept.rules == rules and kept.counted_at.date() == now.date()
    before = kept.months if kept is not None and is_usable else {}
    months = _count(session, surveys, segments, calendar, marks, before)
    return DecisionKinds(journey_id=number, rules=rules, months=months, counted_at=now)


def _is_as_kept(counted: DecisionKinds, kept: DecisionKinds | None) -> bool:
    """Whether nothing is to be written: the counts are the same, and were looked at lately."""
    if kept is None or counted.counted_at - kept.counted_at > _FRESH / 4:
        return False
    return (counted.rules, counted.months) == (kept.rules, kept.months)


def _count(
    session: Session,
    surveys: Sequence[int],
    segments: Sequence[Segment],
    calendar: Calendar,
    marks: Mapping[str, str],
    before: Mapping[str, Any],
) -> dict[str, Any]:
    """What came of the decisions of each month, of those with the mark of ``before`` as it was then."""
    rules = _parsed(segments)
    months: dict[str, Any] = {}
    for first in months_decided(session, surveys, calendar):
        written = month_text(first)
        mark = marks.get(written, "")
        if mark and before.get(written, {}).get("mark") == mark:
            months[written] = before[written]
            continue
        begin, end = calendar.bounds(first, _last(first))
        read = funnel.by_kind(session, surveys, rules, literal(written), begin=begin, end=end)
        kinds = [
            [
                sorted(kind - {EVERYBODY}),
                *(n.asked, n.sent, n.opened, n.started, n.completed, n.held_back),
                sum(n.skipped.values()),
            ]
            for kind, n in sorted(read.get(written, {}).items(), key=lambda each: sorted(each[0]))
        ]
        months[written] = {"mark": mark, "kinds": kinds}
    return months


def _parsed(segments: Sequence[Segment]) -> dict[int, Rule]:
    return {segment.id: parse(segment.rule) for segment in segments}


def _marks(
    session: Session, surveys: Sequence[int], calendar: Calendar
) -> tuple[int, dict[str, str]]:
    """How many decisions there are, and by month what differs when those made in it do."""
    by = ("survey_id", "month", "outcome", "reason")
    told: dict[str, list[str]] = {}
    n = 0
    for (survey, month, *what), sums in DECISIONS.numbers(session, surveys, by, calendar).items():
        n += sums[0]
        year, number = month
        written = month_text(date(year, number, 1))
        told.setdefault(written, []).append(repr((survey, *what, sums)))
    marks = {
        month: sha256("\n".join(sorted(own)).encode()).hexdigest()[:16]
        for month, own in told.items()
    }
    return n, marks


def _rules(surveys: Sequence[int], segments: Sequence[Segment], calendar: Calendar) -> str:
    told = [
        calendar.zone,
        *(f"{each.id}:{each.rule}" for each in segments),
        *map(str, sorted(surveys)),
    ]
    return sha256("\n".join(told).encode()).hexdigest()


def _last(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
