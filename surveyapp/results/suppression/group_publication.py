"""Which groups of customers may be told of, beside all that is published: those that answers are weighted by.

A weighted score is a combination of those of its groups, the cells of the attributes. With the shares known, a
reader may work these out. So it is shown only where every group's own score could be, beside all that is
published: of segments, months, channels and languages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from surveyapp.responses.facets import Facet
from surveyapp.results.cells import MonthKey
from surveyapp.results.suppression.facet_publication import Part, holds_by_block
from surveyapp.results.suppression.overlaps import Overlaps, World, overlaps
from surveyapp.results.suppression.publication import (
    Counts,
    Kinds,
    Publication,
    Run,
    groups_beside,
    listed,
)
from surveyapp.store.models import EVERYBODY

UNKNOWN = -1  # the group of those who are in no cell; every cell has a number below

_Months = tuple[tuple[MonthKey, int], ...]
_Counted = tuple[tuple[int, _Months], ...]
_NO_RULES = Overlaps(None)


def told_groups(
    told: Publication,
    parts: Sequence[Part],
    counts: Mapping[Facet, Counts],
    kinds: Mapping[Facet, Kinds] | None,
    lying: Overlaps = _NO_RULES,
) -> Publication | None:
    """The groups that could be told of beside everything else; None where none could.

    ``counts``: of all answers without a flag by facet, segment or group, and month; groups have numbers below
    that of everybody. ``kinds`` are the same by all segments and groups that somebody is in together, where
    that is known; else ``lying`` says what follows from the rules.
    """
    counted = tuple((s, _months(months)) for s, months in sorted(told.counts.items()))
    by_facet = tuple(
        sorted(
            (f, tuple((s, _months(m)) for s, m in sorted(own.items()))) for f, own in counts.items()
        )
    )
    known = kinds and tuple(sorted((facet, listed(own)) for facet, own in kinds.items()))
    runs = tuple(sorted(told.runs.items()))
    return _published(counted, runs, tuple(parts), by_facet, known, lying, told.minimum)


def _months(months: Mapping[MonthKey, int]) -> _Months:
    return tuple(sorted((month, n) for month, n in months.items() if n))


@lru_cache(maxsize=512)  # asked again by every page until somebody answers
def _published(
    counted: _Counted,
    runs: tuple[tuple[int, tuple[Run, ...]], ...],
    parts: tuple[Part, ...],
    by_facet: tuple[tuple[Facet, _Counted], ...],
    by_kind: tuple[tuple[Facet, tuple[tuple[frozenset[int], _Months], ...]], ...] | None,
    lying: Overlaps,
    minimum: int,
) -> Publication | None:
    told = Publication({s: dict(months) for s, months in counted}, dict(runs), minimum)
    counts = {facet: {s: dict(months) for s, months in own} for facet, own in by_facet}
    groups: dict[int, Counter[MonthKey]] = {}
    for own in counts.values():
        for segment, months in own.items():
            if segment < EVERYBODY and months:
                groups.setdefault(segment, Counter()).update(months)
    kinds: dict[Facet, dict[frozenset[int], dict[MonthKey, int]]] | None = None
    whole: dict[frozenset[int], Counter[MonthKey]] | None = None
    if by_kind is not None:
        kinds = {facet: {kind: dict(months) for kind, months in of} for facet, of in by_kind}
        whole = {}
        for of_facet in kinds.values():
            for kind, months in of_facet.items():
                whole.setdefault(kind, Counter()).update(months)
    for shown in groups_beside(told, groups, whole, lying, minimum=minimum):
        if all(group in shown.runs for group in groups) and holds_by_block(
            shown, parts, counts, kinds, lying
        ):
            return shown
    return None


@lru_cache(maxsize=64)
def groups_lying(
    segments: tuple[tuple[int, str], ...], cells: tuple[tuple[int, str], ...]
) -> Overlaps:
    """How segments and cells with these (number, rule) pairs lie to each other; whoever is in no cell is in the
    group UNKNOWN."""
    found = overlaps((*segments, *cells))
    if found.worlds is None:
        return found
    worlds = []
    for world in found.worlds:
        rows = [world.order.index(number) for number, _ in cells]
        outside = 1 - world.sets[rows].sum(axis=0, keepdims=True)
        worlds.append(World((*world.order, UNKNOWN), np.vstack([world.sets, outside])))
    return Overlaps(tuple(worlds))
