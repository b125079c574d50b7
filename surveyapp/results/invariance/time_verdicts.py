"""Whether a journey's scores of several items may be compared over time, by the stored test of its quarters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.comparability import FEWEST
from analysis.rules import RULES
from surveyapp.jobs.kinds import TEST_TIME_INVARIANCE
from surveyapp.results.cells import MonthKey
from surveyapp.results.invariance.comparability import Verdicts, changed_much
from surveyapp.results.invariance.segment_verdicts import (
    gated_cells,
    gated_instruments,
    scores_counted,
)
from surveyapp.results.journey import Cell, Ground
from surveyapp.results.scope import Period
from surveyapp.results.suppression.publication import within
from surveyapp.results.view_models import Contrast, OverTime
from surveyapp.store.db import read_once
from surveyapp.store.models import EVERYBODY, Job, TimeInvariance

QUARTERS = 6  # the newest: those of a page's months, of the months before, and of a year ago
Side = Callable[[MonthKey], bool]  # whether a month is of one side of a comparison


class Quarter(NamedTuple):
    """A quarter of a year.

    >>> str(Quarter(2026, 3)), Quarter(2026, 4).end
    ('2026 Q3', datetime.date(2026, 12, 1))
    """

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year} Q{self.number}"

    @property
    def months(self) -> tuple[MonthKey, ...]:
        first = 3 * self.number - 2
        return tuple((self.year, month) for month in range(first, first + 3))

    @property
    def begin(self) -> date:
        """The first day of its first month."""
        return date(*self.months[0], 1)

    @property
    def end(self) -> date:
        """The first day of its last month."""
        return date(*self.months[-1], 1)


def newest_quarters(today: date, several: int) -> list[Quarter]:
    """So many quarters up to that of a day, the oldest first.

    >>> [str(each) for each in newest_quarters(date(2026, 2, 3), 3)]
    ['2025 Q3', '2025 Q4', '2026 Q1']
    """
    last = 4 * today.year + (today.month - 1) // 3
    counted = (divmod(at, 4) for at in range(last - several + 1, last + 1))
    return [Quarter(year, number + 1) for year, number in counted]


def quarter_named(name: str) -> Quarter:
    """The quarter that is called so.

    >>> quarter_named("2026 Q3")
    Quarter(year=2026, number=3)
    """
    year, number = name.split(" Q")
    return Quarter(int(year), int(number))


@dataclass(frozen=True)
class TimeVerdicts:
    """What the newest tests say by cell; scores of single questions have none, nor have untested ones."""

    known: Mapping[Cell, OverTime]
    is_running: bool = False

    def barring_all(self, *sides: Side) -> dict[Cell, OverTime]:
        """By cell the test that bars it, of those that one does."""
        found = {cell: self.barring(cell, *sides) for cell in self.known}
        return {cell: test for cell, test in found.items() if test is not None}

    def barring(self, cell: Cell, *sides: Side) -> OverTime | None:
        """The test that bars a comparison of these sides; None where none does."""
        found = self.known.get(cell)
        return found if found is not None and bars(found, *sides) else None


def bars(test: OverTime, *sides: Side) -> bool:
    """Whether the test says that the score means something else on one of these sides.

    It speaks of the quarters that it compared, and of no month outside them.
    """
    if test.allows:
        return False
    months = [month for name in test.quarters for month in quarter_named(name).months]
    return all(any(map(side, months)) for side in sides)


def time_verdicts(session: Session, base: Ground, *, minimum: int) -> TimeVerdicts:
    """What the newest tests say of a journey's scores over time, read once in a snapshot."""
    key = ("time verdicts", base.journey.id, minimum)
    return read_once(session, key, lambda: _time_verdicts(session, base, minimum))


def _time_verdicts(session: Session, base: Ground, minimum: int) -> TimeVerdicts:
    gated = gated_cells(base)
    if not gated:
        return TimeVerdicts({})
    tests = session.scalars(
        select(TimeInvariance).where(TimeInvariance.journey_id == base.journey.id)
    ).all()
    answers = scores_counted(session, base, minimum=minimum) if tests else {}
    found = {}
    for test in tests:
        place = test.place or None
        now = answers.get((place, test.instrument), {}).get(EVERYBODY, 0)
        stale = test.rules_version != RULES or changed_much(now, test.answers)
        found[place, test.instrument] = _over_time(test, stale=stale)
    running = session.scalar(
        select(Job.id)
        .where(
            Job.kind == TEST_TIME_INVARIANCE.name,
            Job.journey_id == base.journey.id,
            Job.state.in_(("waiting", "running")),
        )
        .limit(1)
    )
    known = {cell: found[cell[0], code] for cell, code in gated.items() if (cell[0], code) in found}
    return TimeVerdicts(known, running is not None)


def _over_time(test: TimeInvariance, *, stale: bool) -> OverTime:
    moment: datetime = test.tested_at
    return OverTime(
        Verdicts(test.verdict),
        tuple(test.quarters),
        tuple(test.released),
        test.needed,
        moment,
        stale,
    )


def in_period(when: Period) -> Side:
    """Whether a month is of this period."""
    return lambda month: within(month, *when.months)


def end_verdicts(session: Session, journeys: Collection[int]) -> dict[tuple[int, str], OverTime]:
    """What the newest tests say of the ends of these journeys, by journey and questionnaire; that a test
    is old for its answers is not known here.
    """
    tests = session.scalars(
        select(TimeInvariance).where(
            TimeInvariance.journey_id.in_(sorted(journeys)), TimeInvariance.place == 0
        )
    )
    return {
        (test.journey_id, test.instrument): _over_time(test, stale=test.rules_version != RULES)
        for test in tests
    }


def needs_time_test(session: Session, base: Ground, *, minimum: int) -> bool:
    """Whether a questionnaire with answers for two quarters has no test, or one that is stale."""
    places = gated_instruments(base)
    if not places:
        return False
    verdicts = time_verdicts(session, base, minimum=minimum).known
    fresh = {
        (cell[0], code)
        for cell, code in gated_cells(base).items()
        if cell in verdicts and not verdicts[cell].stale
    }
    counted = scores_counted(session, base, minimum=minimum)
    return any(
        counted.get(place, {}).get(EVERYBODY, 0) >= 2 * FEWEST
        for place in places
        if place not in fresh
    )


def gate_change(contrast: Contrast | None, barring: OverTime | None) -> Contrast | None:
    """The difference, not to be called significant where a test says that the score means something else."""
    return replace(contrast, certain=False) if contrast and barring else contrast
