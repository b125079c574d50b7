"""Customers counted by month and segments, where no rollup counts them: whether to hide a number of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

from surveyapp.journeys.segments import Rule
from surveyapp.results.cells import MonthKey
from surveyapp.results.overlaps import Overlaps
from surveyapp.results.publication import publication
from surveyapp.results.scope import Period
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
    counts: dict[int, Counter[MonthKey]] = {EVERYBODY: Counter()}
    kinds: dict[frozenset[int], Counter[MonthKey]] = {}
    for group in groups:
        kinds.setdefault(group.segments, Counter())[group.month] += group.n
        for each in group.segments:
            counts.setdefault(each, Counter())[group.month] += group.n
    found = publication(counts, lying, minimum=minimum, kinds=kinds)
    return found.why_hidden(segment, *when.months)
