"""The scores of touchpoints in the three complete months before and after a day of the map."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.results.cells import NOTHING, Sums
from surveyapp.results.figures import differences, figure
from surveyapp.results.invariance.time_gate import time_gate
from surveyapp.results.invariance.time_verdicts import gate_change, in_period
from surveyapp.results.journey import ground
from surveyapp.results.registered_changes.effect_months import counted, first_day
from surveyapp.results.registered_changes.effect_series import Series, all_series
from surveyapp.results.registered_changes.effects import LEAST_ANSWERS, BeforeAfter, Missing, key_of
from surveyapp.results.scope import Period
from surveyapp.results.view_models import Hidden

MONTHS = 3


@dataclass(frozen=True)
class VersionMonths:
    """First days of the first and last month on either side; ``after`` is over on ``complete``."""

    before: tuple[date, date]
    after: tuple[date, date]
    complete: date

    def is_over(self, today: date) -> bool:
        return self.complete <= today


@dataclass(frozen=True)
class VersionScores:
    """``rows`` are empty before the months after are over, and where nothing is asked."""

    months: VersionMonths
    is_over: bool
    rows: tuple[BeforeAfter, ...] = ()


def version_months(first: date, second: date | None = None) -> VersionMonths:
    """Three complete months before ``first``, three after ``second``, by default the same day.

    A month that begins before a day and ends after it is on neither side.
    """
    last = second or first
    start = counted((first.year, first.month))
    end = counted((last.year, last.month)) + (0 if last.day == 1 else 1)
    return VersionMonths(
        (first_day(start - MONTHS), first_day(start - 1)),
        (first_day(end), first_day(end + MONTHS - 1)),
        first_day(end + MONTHS),
    )


def version_scores(
    session: Session,
    journey_id: int,
    touchpoints: Collection[int],
    months: VersionMonths,
    *,
    today: date,
    minimum_cell: int,
    library: Library,
) -> VersionScores:
    """The scores of these touchpoints on both sides; p corrected for their number (Holm 1979).

    Of all customers. A side of fewer than 30 answers is compared with nothing, a hidden one neither.
    """
    if not months.is_over(today):
        return VersionScores(months, False)
    base = ground(session, journey_id, library=library)
    series = [
        (cell, each)
        for cell, each in all_series(session, base, minimum=minimum_cell).items()
        if cell[0] in touchpoints and each.scored.definition.parent is None
    ]
    sides = [(_side(each, months.before), _side(each, months.after)) for _, each in series]
    gate = time_gate(session, base, minimum=minimum_cell, library=library)
    ends = [in_period(Period(*when)) for when in (months.before, months.after)]
    barred = [gate.of(cell, *ends) for cell, _ in series]
    contrasts = differences(
        [
            (each.scored, NOTHING, NOTHING)
            if early[1] or late[1] or min(early[0].n, late[0].n) < LEAST_ANSWERS or bar.reworded
            else (each.scored, late[0], early[0])
            for (_, each), (early, late), bar in zip(series, sides, barred, strict=True)
        ]
    )
    rows = tuple(
        BeforeAfter(
            key_of(cell),
            each.label,
            each.scored.definition,
            figure(each.scored, *early),
            figure(each.scored, *late),
            gate_change(contrast, bar.by),
            None if early[1] or late[1] else _missing(early[0].n, late[0].n),
            bar,
        )
        for (cell, each), (early, late), contrast, bar in zip(
            series, sides, contrasts, barred, strict=True
        )
    )
    return VersionScores(months, True, rows)


def _side(series: Series, ends: tuple[date, date]) -> tuple[Sums, Hidden]:
    first, last = (counted((each.year, each.month)) for each in ends)
    return series.together(range(first, last + 1))


def _missing(before: int, after: int) -> Missing | None:
    if before < LEAST_ANSWERS:
        return Missing("before", before, LEAST_ANSWERS, "answers")
    return Missing("after", after, LEAST_ANSWERS, "answers") if after < LEAST_ANSWERS else None
