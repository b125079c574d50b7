"""Which months lie before a registered change and which after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from surveyapp.results.cells import MonthKey
from surveyapp.store.models import RegisteredChange

WINDOW = 6  # months on either side that are compared as a whole
_YEAR = 12


@dataclass(frozen=True)
class EffectMonths:
    """Months as whole numbers, by ``counted``: the last whole one before the change, the first whole
    one in which it was in effect, and the last one, None for a change that stays.

    A month in which the change was in effect on some days alone is on neither side.
    """

    before: int
    after: int
    end: int | None

    def sides(self, months: Sequence[int]) -> tuple[list[int], list[int]]:
        """Those before and those after, of months in order."""
        earlier = [month for month in months if month <= self.before]
        later = [m for m in months if m >= self.after and (self.end is None or m <= self.end)]
        return earlier, later

    def windows(self, months: Sequence[int]) -> tuple[list[int], list[int]]:
        """The nearest on either side: at most ``WINDOW`` months from the change."""
        earlier, later = self.sides(months)
        return (
            [month for month in earlier if month > self.before - WINDOW],
            [month for month in later if month < self.after + WINDOW],
        )


def effect_months(change: RegisteredChange) -> EffectMonths:
    """The months before and after a change."""
    first = counted((change.started_on.year, change.started_on.month))
    end = None
    if change.ended_on is not None:
        following = change.ended_on + timedelta(days=1)  # the last month counts where it is whole
        end = counted((following.year, following.month)) - 1
    return EffectMonths(first - 1, first if change.started_on.day == 1 else first + 1, end)


def counted(month: MonthKey) -> int:
    """A month as a number that rises by one a month."""
    return month[0] * _YEAR + month[1] - 1


def first_day(month: int) -> date:
    """The first day of a counted month."""
    return date(month // _YEAR, month % _YEAR + 1, 1)


def month_key(month: int) -> MonthKey:
    """Year and month of a counted month."""
    return month // _YEAR, month % _YEAR + 1
