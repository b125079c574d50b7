"""The groups of customers that a journey's answers are weighted by: which there are, and which may be told of.

What may be told is found once for each change of the numbers of answers, and kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session

from surveyapp.responses.facets import Facet
from surveyapp.results import cells
from surveyapp.results.cells import MonthKey
from surveyapp.results.journey import (
    Cell,
    Ground,
    divisions,
    facet_counts,
    facet_kinds,
    publications,
)
from surveyapp.results.suppression.group_publication import UNKNOWN, groups_lying, told_groups
from surveyapp.results.suppression.kinds import Kinds
from surveyapp.results.suppression.publication import Publication
from surveyapp.store.models import EVERYBODY

_KEPT = 64  # journeys
Months = tuple[MonthKey | None, MonthKey | None]  # first and last

_cache: WeakKeyDictionary[Any, OrderedDict[object, tuple[int, ToldGroups]]] = WeakKeyDictionary()
_lock = Lock()


@dataclass(frozen=True)
class ToldGroups:
    """``there``: the numbers of the groups that anybody is in, beside UNKNOWN; ``shown``: what may be told of
    them, by score, None where nothing may.
    """

    there: frozenset[int]
    shown: Mapping[Cell, Publication | None]
    _hidden: dict[tuple[Cell, Months, tuple[int, ...]], bool] = field(
        default_factory=dict, compare=False
    )  # found again by every page that shows the same months

    def is_hidden(self, cell: Cell, months: Months, groups: tuple[int, ...]) -> bool:
        """Whether any of these groups may not be told of in these months; all where none may be."""
        shown = self.shown[cell]
        if shown is None:
            return True
        key = (cell, months, groups)
        if key not in self._hidden:
            self._hidden[key] = any(shown.why_hidden(each, *months) for each in groups)
        return self._hidden[key]


def groups_told(
    session: Session, base: Ground, rules: Mapping[int, str], *, minimum: int
) -> ToldGroups:
    """What may be told of groups with these rules, whose numbers are UNKNOWN less those of their rollups."""
    segments = tuple((each.id, each.rule) for each in base.segments.values())
    key = (base.journey.id, base.journey.generation, minimum, segments, tuple(rules.items()))
    stored = [UNKNOWN - number for number in rules]
    mark = cells.fingerprint(session, base.ids, [*base.told, *stored])
    with _lock:
        kept = _cache.setdefault(session.get_bind(), OrderedDict())
        if key in kept and kept[key][0] == mark:
            kept.move_to_end(key)
            return kept[key][1]
    found = _read(session, base, rules, segments, minimum, mark)
    with _lock:
        kept[key] = (mark, found)
        while len(kept) > _KEPT:
            kept.popitem(last=False)
    return found


def _read(
    session: Session,
    base: Ground,
    rules: Mapping[int, str],
    segments: tuple[tuple[int, str], ...],
    minimum: int,
    mark: int,
) -> ToldGroups:
    counted = _group_counts(session, base, rules)
    there = frozenset(
        number
        for by_facet in counted.values()
        for own in by_facet.values()
        for number, months in own.items()
        if number < UNKNOWN and any(months.values())
    )
    present = {number: rule for number, rule in rules.items() if number in there}
    told = publications(session, base, minimum=minimum)
    parts = divisions(session, base, minimum=minimum)
    by_kind = facet_kinds(session, base, present, UNKNOWN, mark=mark)
    lying = groups_lying(segments, tuple(present.items()))
    shown: dict[Cell, Publication | None] = {}
    for cell, published in told.items():
        kinds = by_kind.get(cell)
        counts = counted[cell] if kinds is None else _counted(kinds)
        shown[cell] = None
        # Rollups of before channels were told apart may lack what those of groups have.
        if all(n >= 0 for own in counts.values() for each in own.values() for n in each.values()):
            shown[cell] = told_groups(published, parts.get(cell, ()), counts, kinds, lying)
    return ToldGroups(there, shown)


def _group_counts(
    session: Session, base: Ground, numbers: Collection[int]
) -> dict[Cell, dict[Facet, dict[int, dict[MonthKey, int]]]]:
    """Answers without a flag by facet, segment or group, and month."""
    stored = {UNKNOWN - number: number for number in numbers}
    found: dict[Cell, dict[Facet, dict[int, dict[MonthKey, int]]]] = {
        cell: {f: dict(own) for f, own in by_facet.items() if not f.flagged}
        for cell, by_facet in facet_counts(session, base).items()
    }
    for (survey, scale), by_facet in cells.counts_by_facet(
        session, base.ids, segments=list(stored)
    ).items():
        into = found.setdefault((base.places[survey], scale), {})
        for facet, by_segment in by_facet.items():
            if facet.flagged:
                continue
            for segment, months in by_segment.items():
                own = into.setdefault(facet, {}).setdefault(stored[segment], {})
                for month, n in months.items():
                    own[month] = own.get(month, 0) + n
    for cell_facets in found.values():
        for by_number in cell_facets.values():
            rest = dict(by_number.get(EVERYBODY, {}))
            for number, months in by_number.items():
                if number < UNKNOWN:
                    for month, n in months.items():
                        rest[month] = rest.get(month, 0) - n
            if any(rest.values()):
                by_number[UNKNOWN] = {month: n for month, n in rest.items() if n}
    return found


def _counted(kinds: Mapping[Facet, Kinds]) -> dict[Facet, dict[int, dict[MonthKey, int]]]:
    """The same numbers by segment and group."""
    found: dict[Facet, dict[int, dict[MonthKey, int]]] = {}
    for facet, own in kinds.items():
        by_number = found.setdefault(facet, {})
        for kind, months in own.items():
            for number in kind:
                into = by_number.setdefault(number, {})
                for month, n in months.items():
                    into[month] = into.get(month, 0) + n
    return found
