"""Customers counted by month and segments, where no rollup counts them: whether to hide a number of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

from surveyapp.journeys.segments import Rule
from surveyapp.responses.facets import Facet
from surveyapp.results.cells import MonthKey
from surveyapp.results.facets import UNFLAGGED, Facets
from surveyapp.results.scope import Period
from surveyapp.results.suppression.facet_publication import facet_publication
from surveyapp.results.suppression.overlaps import Overlaps
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import EVERYBODY


class Group(Protocol):
    """Customers alike in month, segments and facet."""

    @property
    def month(self) -> MonthKey: ...
    @property
    def segments(self) -> frozenset[int]: ...
    @property
    def facet(self) -> Facet: ...
    @property
    def n(self) -> int: ...


GroupT = TypeVar("GroupT", bound=Group)
NO_FACET = Facet("", "", flagged=False)  # of customers who have not answered


def segments_of(rules: Mapping[int, Rule], attributes: Mapping[str, Any]) -> frozenset[int]:
    """The segments of a customer with these attributes, everybody's included."""
    inside = (number for number, rule in rules.items() if attributes and rule.matches(attributes))
    return frozenset((EVERYBODY, *inside))


def within(groups: Iterable[GroupT], when: Period, facets: Facets = UNFLAGGED) -> list[GroupT]:
    """Those of the period's months, channel and language."""
    first, last = when.months
    return [
        group
        for group in groups
        if (first is None or group.month >= first)
        and (last is None or group.month <= last)
        and facets.holds(group.facet)
    ]


def why_hidden(
    groups: Iterable[Group],
    lying: Overlaps,
    when: Period,
    segment: int,
    *,
    minimum: int,
    facets: Facets = UNFLAGGED,
) -> Hidden:
    """Why not to show their number to this segment in this period, by the rules of every other figure.

    ``groups`` are those of all segments, all time and, flagged ones included, all facets.
    """
    counts: dict[Facet, dict[int, Counter[MonthKey]]] = {}
    kinds: dict[Facet, dict[frozenset[int], Counter[MonthKey]]] = {}
    for group in groups:
        n, month = group.n, group.month
        own = kinds.setdefault(group.facet, {})
        if group.segments not in own:
            own[group.segments] = Counter()
        own[group.segments][month] += n
        by_segment = counts.setdefault(group.facet, {})
        for each in group.segments:
            if each not in by_segment:
                by_segment[each] = Counter()
            by_segment[each][month] += n
    found = facet_publication(counts, facets, lying, minimum=minimum, kinds=kinds)
    return found.why_hidden(segment, *when.months)
