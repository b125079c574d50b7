"""Numbers of people by month and segment where no rollup has them: those of a period, and whether to hide them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from surveyapp.results import suppression
from surveyapp.results.cells import MonthKey
from surveyapp.results.scope import Period
from surveyapp.results.suppression import Overlaps
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import EVERYBODY

Monthly = Mapping[MonthKey, Mapping[int, int]]


def counts_in(monthly: Monthly, when: Period) -> Counter[int]:
    """The period's numbers by segment."""
    first, last = when.months
    found: Counter[int] = Counter()
    for month, counts in monthly.items():
        if (first is None or month >= first) and (last is None or month <= last):
            found.update(counts)
    return found


def hidden_in(
    monthly: Monthly, lying: Overlaps, when: Period, segment: int, *, minimum: int
) -> Hidden:
    """Why not to show a segment's number in a period, by the rules of every other figure."""
    counts = {EVERYBODY: 0, segment: 0, **counts_in(monthly, when)}
    reason = suppression.hidden(counts, lying, minimum=minimum)[segment]
    if reason or when.whole:
        return reason
    inside = {month: counts.get(segment, 0) for month, counts in monthly.items()}
    outside = None
    if segment != EVERYBODY:
        outside = {
            month: counts.get(EVERYBODY, 0) - inside[month] for month, counts in monthly.items()
        }
    runs = suppression.blocks(inside, outside, minimum=minimum)
    return Hidden.PERIOD if suppression.cuts(runs, *when.months) else Hidden.NO
