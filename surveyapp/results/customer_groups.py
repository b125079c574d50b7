"""Customers counted by month and segments, where no rollup counts them: whether to hide a number of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

from surveyapp.journeys.segments import Rule
from surveyapp.results import suppression
from surveyapp.results.cells import MonthKey
from surveyapp.results.scope import Period
from surveyapp.results.suppression import Overlaps
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import EVERYBODY


class Group(Protocol):
    """Customers alike in month and segments."""

    @property
    def month(self) -> MonthKey: ...
    @property
    def segments(self) -> frozenset[int]: ...
    @property
    def n(self) -> int: ...


GroupT = TypeVar("GroupT", bound=Group)


def segments_of(rules: Mapping[int, Rule], attributes: Mapping[str, Any]) -> frozenset[int]:
    """The segments of a customer with these attributes, everybody's included."""
    inside = (number for number, rule in rules.items() if attributes and rule.matches(attributes))
    return frozenset((EVERYBODY, *inside))


def within(groups: Iterable[GroupT], when: Period) -> list[GroupT]:
    """Those of the period's months."""
    first, last = when.months
    return [
        group
        for group in groups
        if (first is None or group.month >= first) and (last is None or group.month <= last)
    ]


def why_hidden(
    groups: Iterable[Group], lying: Overlaps, when: Period, segment: int, *, minimum: int
) -> Hidden:
    """Why not to show their number to this segment in this period, by the rules of every other figure.

    ``groups`` are those of all segments and all time.
    """
    groups = list(groups)
    counts = Counter({EVERYBODY: 0, segment: 0})
    for group in within(groups, when):
        for each in group.segments:
            counts[each] += group.n
    reason = suppression.hidden(counts, lying, minimum=minimum)[segment]
    if reason or when.whole:
        return reason
    inside: Counter[MonthKey] = Counter()
    outside: Counter[MonthKey] = Counter()
    for group in groups:
        (inside if segment in group.segments else outside)[group.month] += group.n
    others = None if segment == EVERYBODY else outside
    runs = suppression.blocks(inside, others, minimum=minimum)
    return Hidden.PERIOD if suppression.cuts(runs, *when.months) else Hidden.NO
