"""Decisions by month and by all the segments that a customer is in: counted now, or as the worker kept them.

To count them looks at every decision with its event. Of large journeys the worker keeps the counts, of the
last months by day too, and counts again those days in which something changed; pages wait for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.journeys.calendar import Calendar, calendar_of
from surveyapp.journeys.portfolio import listed
from surveyapp.journeys.queries import journey as journey_of
from surveyapp.journeys.segments import Rule, parse
from surveyapp.results.cells import MonthKey, month_key
from surveyapp.results.months import month_decided
from surveyapp.results.scope import month_text
from surveyapp.sampling import funnel
from surveyapp.sampling.counted_by_day import Tally
from surveyapp.sampling.decision_rollups import DECISIONS
from surveyapp.sampling.funnel import Counts
from surveyapp.store.columns import utc_now
from surveyapp.store.models import EVERYBODY, Decision, DecisionKinds, Segment
from surveyapp.surveys.queries import surveys_of

FEW = 20_000  # decisions of a journey: counted in a tenth of a second, on each page
_FRESH = timedelta(hours=1)  # older counts are of a worker that has stopped
_UNFINISHED = datetime(1970, 1, 1, tzinfo=UTC)  # of counts that lack months yet
_AT_ONCE = 3  # months counted from the first day on before a worker looks at other duties
_BY_DAY = timedelta(days=62)  # since a month's end: until then the counts of its days are kept, too

Kinds = dict[frozenset[int], Counts]


def kinds_by_month(
    session: Session,
    journey_id: int,
    surveys: Sequence[int],
    segments: Sequence[Segment],
    calendar: Calendar,
) -> Mapping[MonthKey, Kinds] | None:
    """What came of the decisions of all time, skipped ones without their reasons; None of a large journey
    that a worker is still to count.
    """
    kept = kept_kinds(session, journey_id, surveys, segments, calendar)
    if kept is not None or is_large(session, surveys, calendar):
        return kept
    month = month_decided(session, surveys, calendar)
    read = funnel.by_kind(session, surveys, _parsed(segments), month)
    return {month_key(written): kinds for written, kinds in read.items()}


def kept_kinds(
    session: Session,
    journey_id: int,
    surveys: Sequence[int],
    segments: Sequence[Segment],
    calendar: Calendar,
) -> dict[MonthKey, Kinds] | None:
    """What the worker counted in the last hour by the segments of now; None where it did not."""
    row = session.get(DecisionKinds, journey_id)
    rules = _rules(surveys, segments, calendar)
    if row is None or row.rules != rules or row.counted_at < utc_now() - _FRESH:
        return None
    return {month_key(written): _read(own["kinds"]) for written, own in row.months.items()}


def is_large(session: Session, surveys: Sequence[int], calendar: Calendar) -> bool:
    """Whether these surveys have more decisions than a page counts."""
    if DECISIONS.counted_surveys(session, surveys, calendar) == set(surveys):
        return _n(DECISIONS.numbers(session, surveys, ("survey_id",), calendar)) > FEW
    some = select(Decision.id).where(Decision.survey_id.in_(surveys)).limit(FEW + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > FEW


def count_due(installation: Installation, now: datetime) -> int:
    """Count again what changed in the decisions of large journeys; how many of these have more to count."""
    with installation.store.reading() as session:
        journeys = [each.id for each in listed(session) if each.state != "archived"]
    left = 0
    for number in journeys:
        with installation.store.reading(may_use_replica=False) as session:
            kept = session.get(DecisionKinds, number)
            counted = _counted(session, number, kept, now)
        if counted is not None:
            left += counted.counted_at == _UNFINISHED
            if not _is_as_kept(counted, kept):
                with installation.store.writing() as session:
                    session.merge(counted)
        elif kept is not None:
            with installation.store.writing() as session:
                session.delete(session.get_one(DecisionKinds, number))
        installation.store.give_way()
    return left


def _counted(
    session: Session, number: int, kept: DecisionKinds | None, now: datetime
) -> DecisionKinds | None:
    """The counts of now, days and months without a change as they were kept. None of a journey with few
    decisions, or whose decisions have not been counted by day.
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
    before = kept.months if kept is not None and kept.rules == rules else {}
    counting = _Counting(session, surveys, _parsed(segments), calendar, now.date())
    months = counting.months(marks, before)
    is_whole = months.keys() == marks.keys()
    return DecisionKinds(
        journey_id=number,
        rules=rules,
        months=months,
        counted_at=now if is_whole else _UNFINISHED,
    )


def _is_as_kept(counted: DecisionKinds, kept: DecisionKinds | None) -> bool:
    """Whether nothing is to be written: the counts are the same, and were looked at lately."""
    if kept is None or counted.counted_at - kept.counted_at > _FRESH / 4:
        return False
    return (counted.rules, counted.months) == (kept.rules, kept.months)


@dataclass(frozen=True)
class _Counting:
    """The counting of one journey's decisions, on ``today``."""

    session: Session
    surveys: Sequence[int]
    rules: Mapping[int, Rule]
    calendar: Calendar
    today: date

    def months(self, marks: Mapping[str, str], before: Mapping[str, Any]) -> dict[str, Any]:
        """The newest months first: those with the mark of ``before`` as they were, of others the days that
        changed. Some are counted from their first day on: those that lack, then those that were last
        counted so on another day, as not every change shows in a mark (a customer was forgotten).
        """
        found: dict[str, Any] = {}
        anew = 0
        for written in sorted(marks, reverse=True):
            known = before.get(written, {})
            if known.get("days") and known["mark"] != marks[written]:
                found[written] = self._month(written, marks[written], known)
            elif known and (known["mark"] == marks[written] or anew >= _AT_ONCE):
                found[written] = known  # with its old mark if it is to be counted next time
            elif anew < _AT_ONCE:
                found[written] = self._month(written, marks[written], {})
                anew += 1
        for written, own in sorted(found.items()):
            if own["on"] != str(self.today) and anew < _AT_ONCE:
                found[written] = self._month(written, marks[written], {})
                anew += 1
        return dict(sorted(found.items()))

    def _month(self, written: str, mark: str, before: Mapping[str, Any]) -> dict[str, Any]:
        """One month, of its days those with another mark than ``before``."""
        first = date.fromisoformat(f"{written}-01")
        known, days = before.get("days", {}), {}
        day = first
        while day.month == first.month:
            by = ("survey_id", "outcome", "reason")
            within = {"since": day, "until": day}
            sums = DECISIONS.numbers(self.session, self.surveys, by, self.calendar, **within)
            if _n(sums):
                own = _mark(repr((key, each)) for key, each in sums.items() if any(each))
                kept = known.get(str(day))
                is_same = kept is not None and kept["mark"] == own
                days[str(day)] = kept if is_same else {"mark": own, "kinds": self._day(day, sums)}
            day += timedelta(days=1)
        kinds: Kinds = {}
        for each in days.values():
            for kind, counts in _read(each["kinds"]).items():
                kinds[kind] = kinds.get(kind, Counts()) + counts
        is_recent = day >= self.today - _BY_DAY
        return {
            "mark": mark,
            "kinds": _written(kinds),
            "days": days if is_recent else {},
            # The day on which all its days were counted.
            "on": before["on"] if known else str(self.today),
        }

    def _day(self, day: date, sums: Tally) -> list[list[Any]]:
        """One day's kinds, found by the index of decisions, which has outcome and reason before the time."""
        begin, end = self.calendar.bounds(day, day)
        read = funnel.by_kind(
            *(self.session, self.surveys, self.rules, literal("day")),
            begin=begin,
            end=end,
            outcomes={outcome for _, outcome, _ in sums},
            reasons={reason for *_, reason in sums},
        )
        return _written(read.get("day", {}))


def _read(kinds: Sequence[Sequence[Any]]) -> Kinds:
    return {frozenset((EVERYBODY, *inside)): _counts(*stages) for inside, *stages in kinds}


def _counts(
    asked: int, sent: int, opened: int, started: int, completed: int, held_back: int, skipped: int
) -> Counts:
    return Counts(asked, sent, opened, started, completed, held_back, skipped={"": skipped})


def _written(kinds: Kinds) -> list[list[Any]]:
    return [
        [
            sorted(kind - {EVERYBODY}),
            *(n.asked, n.sent, n.opened, n.started, n.completed, n.held_back),
            sum(n.skipped.values()),
        ]
        for kind, n in sorted(kinds.items(), key=lambda each: sorted(each[0]))
    ]


def _n(tally: Tally) -> int:
    return sum(n for n, *_ in tally.values())


def _mark(told: Iterable[str]) -> str:
    return sha256("\n".join(sorted(told)).encode()).hexdigest()[:16]


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
        if not any(sums):
            continue
        n += sums[0]
        year, number = month
        written = month_text(date(year, number, 1))
        told.setdefault(written, []).append(repr((survey, *what, sums)))
    return n, {month: _mark(own) for month, own in told.items()}


def _rules(surveys: Sequence[int], segments: Sequence[Segment], calendar: Calendar) -> str:
    told = [
        "by day",  # how they are kept
        calendar.zone,
        *(f"{each.id}:{each.rule}" for each in segments),
        *map(str, sorted(surveys)),
    ]
    return sha256("\n".join(told).encode()).hexdigest()
