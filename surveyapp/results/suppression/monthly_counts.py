"""Numbers of people by month and segment where no rollup has them: those of a period, and whether to hide them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from surveyapp.results.cells import MonthKey
from surveyapp.results.scope import Period
from surveyapp.results.suppression.overlaps import Overlaps
from surveyapp.results.suppression.publication import publication
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
    counts: dict[int, dict[MonthKey, int]] = {EVERYBODY: {}}
    for month, by_segment in monthly.items():
        for number, n in by_segment.items():
            counts.setdefault(number, {})[month] = n
    return publication(counts, lying, minimum=minimum).why_hidden(segment, *when.months)
