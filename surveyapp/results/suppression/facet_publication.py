"""Which figures of one score at one place may be shown of single channels and languages, and with flagged answers.

The answers without a flag are published as if nobody told channels apart. That leaves runs of months, none
of which begins before a month and ends after it: spans. In each span the answers are divided into blocks,
by channel and language, flagged ones apart, so that everything that is published of all answers could be
published of each block alone: no group of too few follows from it. Channels and languages of too few are
taken together in one block, or all are. A figure of a channel, a language, or with flagged answers, is
shown where it is one of whole blocks.

Nothing smaller can then be computed from all of them together. What of a sum of shown figures lies in one
block is a sum of figures that could be published of this block; where it is a group of people, it is
nobody or enough, in each block, and hence in all.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TypeVar

import numpy as np

from surveyapp.responses.facets import Facet
from surveyapp.results.cells import MonthKey
from surveyapp.results.facets import Facets
from surveyapp.results.suppression import differencing
from surveyapp.results.suppression.differencing import Table
from surveyapp.results.suppression.overlaps import Overlaps
from surveyapp.results.suppression.publication import (
    Counts,
    Kinds,
    Listed,
    Publication,
    Run,
    blocks,
    listed,
    publication,
    views,
    within,
)
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import EVERYBODY

FacetCounts = Mapping[Facet, Counts]
FacetKinds = Mapping[Facet, Kinds]
_Block = frozenset[Facet]
_UNKNOWN = Overlaps(None)
_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True)
class FacetPublication(Publication):
    """What of the answers of some facets is shown: ``counts`` are theirs, ``runs`` those of all answers,
    and ``open`` the runs of months in which they are whole blocks.
    """

    open: tuple[Run, ...] = ()

    def why_hidden(
        self, segment: int, since: MonthKey | None = None, until: MonthKey | None = None
    ) -> Hidden:
        """Why not to show the segment's figure of these whole months; None is an open end."""
        months = self.counts.get(segment, {}).items()
        inside = [month for month, n in months if n and within(month, since, until)]
        if not inside:
            return Hidden.NO
        if reason := super().why_hidden(segment, since, until):
            return reason
        is_open = (any(within(month, *run) for run in self.open) for month in inside)
        return Hidden.NO if all(is_open) else Hidden.COMPLEMENT


def facet_publication(
    counts: FacetCounts,
    facets: Facets,
    lying: Overlaps,
    *,
    minimum: int,
    kinds: FacetKinds | None = None,
) -> Publication:
    """What to show of these facets' answers, from the numbers of all answers, by facet, segment and month.

    ``kinds`` counts them by all the segments that a customer is in, where that is known.
    """
    unflagged = [facet for facet in counts if not facet.flagged]
    whole = publication(
        _sum(counts[facet] for facet in unflagged),
        lying,
        minimum=minimum,
        kinds=None if kinds is None else _sum(kinds.get(facet, {}) for facet in unflagged),
    )
    if facets == Facets():
        return whole
    own = [facet for facet in counts if facets.holds(facet)]
    divided = parts_of(counts, lying, minimum=minimum, kinds=kinds)
    chosen = frozenset(own)
    shown = tuple(run for part in divided if part.holds(chosen) for run in part.slices)
    return FacetPublication(_sum(counts[facet] for facet in own), whole.runs, minimum, shown)


def parts_of(
    counts: FacetCounts, lying: Overlaps, *, minimum: int, kinds: FacetKinds | None = None
) -> tuple[Part, ...]:
    """How the answers of each span are divided into blocks, by channel and language."""
    known = tuple(sorted((facet, _counted(counts[facet])) for facet in counts))
    by_kind = None
    if kinds is not None:
        by_kind = tuple(sorted((facet, listed(kinds[facet])) for facet in kinds))
    return _divided(known, lying, minimum, by_kind)


def holds_by_block(
    shown: Publication,
    parts: Sequence[Part],
    counts: FacetCounts,
    kinds: FacetKinds | None,
    lying: Overlaps = _UNKNOWN,
) -> bool:
    """Whether all that is ``shown`` of the answers without a flag, further groups among it, could be published
    of every block of theirs alone, in the spans that it leaves; ``parts`` are those of all segments.

    Spans that a group's run joins have the blocks of all of them: facets are apart where they are in any.
    """
    ground = _Ground(counts, lying, shown.minimum, kinds, shown)
    for slices in ground.spans:
        inside = [part for part in parts if set(part.slices) & set(slices)]
        if {run for part in inside for run in part.slices} != set(slices):
            return False
        alike: dict[tuple[int, ...], set[Facet]] = {}
        for facet in counts:
            if not facet.flagged and ground.answers(facet, slices):
                alike.setdefault(tuple(part.place(facet) for part in inside), set()).add(facet)
        if not all(ground.protects(frozenset(block), slices) for block in alike.values()):
            return False
    return True


@dataclass(frozen=True)
class Part:
    """One span: its shortest runs of months, the facets that somebody answered in, and its blocks."""

    slices: tuple[Run, ...]
    present: _Block
    blocks: tuple[_Block, ...]

    def place(self, facet: Facet) -> int:
        """The number of the block that a facet is in; -1 where it is in none, as where nothing is divided."""
        return next((n for n, block in enumerate(self.blocks) if facet in block), -1)

    def holds(self, chosen: _Block) -> bool:
        """Whether the answers of these facets are whole blocks."""
        own = chosen & self.present
        inside = [block for block in self.blocks if block <= own]
        return own == frozenset().union(*inside)


_Counted = tuple[tuple[int, tuple[tuple[MonthKey, int], ...]], ...]
_Kinds = tuple[tuple[frozenset[int], tuple[tuple[MonthKey, int], ...]], ...]


def _counted(counts: Counts) -> _Counted:
    return tuple(sorted((s, tuple(sorted(months.items()))) for s, months in counts.items()))


@lru_cache(maxsize=2048)  # asked again by every page until somebody answers
def _divided(
    counted: tuple[tuple[Facet, _Counted], ...],
    lying: Overlaps,
    minimum: int,
    kinds: tuple[tuple[Facet, _Kinds], ...] | None,
) -> tuple[Part, ...]:
    counts = {facet: {s: dict(months) for s, months in own} for facet, own in counted}
    by_kind = None
    if kinds is not None:
        by_kind = {facet: {kind: dict(months) for kind, months in own} for facet, own in kinds}
    ground = _Ground(counts, lying, minimum, by_kind)
    return tuple(_part(ground, slices) for slices in ground.spans)


class _Ground:
    """Everything that is published of all answers, to be asked of some of them."""

    def __init__(
        self,
        counts: FacetCounts,
        lying: Overlaps,
        minimum: int,
        kinds: FacetKinds | None,
        shown: Publication | None = None,
    ) -> None:
        self.counts, self.lying, self.minimum, self.kinds = counts, lying, minimum, kinds
        unflagged = [facet for facet in counts if not facet.flagged]
        whole = _sum(counts[facet] for facet in unflagged)
        told = None if kinds is None else _sum(kinds.get(facet, {}) for facet in unflagged)
        found = shown or publication(whole, lying, minimum=minimum, kinds=told)
        self.runs = found.runs
        self.segments = sorted({segment for own in counts.values() for segment in own})
        self.slices = (
            blocks(whole.get(EVERYBODY, {}), minimum=minimum) if EVERYBODY in found.runs else []
        )
        self._places = {run: place for place, run in enumerate(self.slices)}
        months = {month for own in counts.values() for each in own.values() for month in each}
        self._slice_of = {
            month: place
            for month in months
            for place, run in enumerate(self.slices)
            if within(month, *run)
        }
        self._sizes = {facet: self._table(counts[facet]) for facet in counts}

    def _table(self, counts: Counts) -> np.ndarray:
        """How many of each segment answered in each of all slices (segments, slices)."""
        found = np.zeros((len(self.segments), len(self.slices)))
        for row, segment in enumerate(self.segments):
            for month, n in counts.get(segment, {}).items():
                if month in self._slice_of:
                    found[row, self._slice_of[month]] += n
        return found

    def _inside(self, slices: Sequence[Run]) -> list[int]:
        return [self._places[run] for run in slices]

    @property
    def spans(self) -> list[tuple[Run, ...]]:
        """The slices by span: no published run of months has a part in two spans."""
        found: list[list[Run]] = []
        for run in self.slices:
            crossing = any(
                first < run[0] <= last for runs in self.runs.values() for first, last in runs
            )
            if found and crossing:
                found[-1].append(run)
            else:
                found.append([run])
        return [tuple(span) for span in found]

    def answers(self, facet: Facet, slices: Sequence[Run]) -> int:
        """How many answers there are of a facet."""
        row = self.segments.index(EVERYBODY)
        return int(self._sizes[facet][row, self._inside(slices)].sum())

    def protects(self, block: _Block, slices: Sequence[Run]) -> bool:
        """Whether what is published of all answers in these slices gives no group of too few away where it
        is published of this block's.
        """
        every = [self._sizes[facet] for facet in sorted(block)]
        sizes: np.ndarray = np.sum(every, axis=0)[:, self._inside(slices)]
        shown = [row for row, segment in enumerate(self.segments) if segment in self.runs]
        runs = np.array([self._run_of(self.segments[row], slices) for row in shown])
        told = None
        if self.kinds is not None:
            own = _sum(self.kinds.get(facet, {}) for facet in block)
            told = listed(
                {
                    kind: {month: n for month, n in months.items() if _is_inside(month, slices)}
                    for kind, months in own.items()
                }
            )
        return _protects(
            *(tuple(self.segments), tuple(shown), tuple(slices)),
            *(sizes.tobytes(), runs.tobytes(), self.lying, told, self.minimum),
        )

    def _run_of(self, segment: int, slices: Sequence[Run]) -> list[int]:
        """In which of the segment's runs each slice lies: every one does in one."""
        return [
            next(n for n, run in enumerate(self.runs[segment]) if within(first, *run))
            for first, _ in slices
        ]


@lru_cache(maxsize=16384)  # an answer changes one span of one score
def _protects(
    segments: tuple[int, ...],
    shown: tuple[int, ...],
    slices: tuple[Run, ...],
    counted: bytes,
    shared: bytes,
    lying: Overlaps,
    told: Listed | None,
    minimum: int,
) -> bool:
    sizes = np.frombuffer(counted).reshape(len(segments), len(slices))
    rows = list(shown)
    runs = np.frombuffer(shared, dtype=np.int64).reshape(len(rows), len(slices))
    if _few(sizes[rows], runs, minimum):
        return False
    seen = views(segments, sizes, slices, lying, told)
    if not seen:
        return False
    for sets, present in seen:
        found = differencing.smallest_group(Table(sets[rows], sizes[rows], present, runs))
        if found is not None and found.size < minimum:
            return False
    return True


def _few(sizes: np.ndarray, runs: np.ndarray, minimum: int) -> bool:
    """Whether a single figure is already one of too few."""
    for own, run in zip(sizes, runs, strict=True):
        for number in np.unique(run):
            n = own[run == number].sum()
            if 0 < n < minimum:
                return True
    return False


def _part(ground: _Ground, slices: tuple[Run, ...]) -> Part:
    present = frozenset(facet for facet in ground.counts if ground.answers(facet, slices))
    found: list[_Block] = []
    for flagged in (False, True):
        own = frozenset(facet for facet in present if facet.flagged is flagged)
        found += _blocks_of(ground, own, slices)
    return Part(slices, present, tuple(found))


def _blocks_of(ground: _Ground, facets: _Block, slices: Sequence[Run]) -> Sequence[_Block]:
    """The finest of the ways to divide these facets in which every block is protected; none if no way is."""
    if not facets:
        return ()
    known: dict[_Block, bool] = {}

    def protected(block: _Block) -> bool:
        if block not in known:
            known[block] = ground.protects(block, slices)
        return known[block]

    for way in sorted(_ways(ground, facets, slices), key=len, reverse=True):
        if all(map(protected, way)):
            return way
    return ()


def _ways(ground: _Ground, facets: _Block, slices: Sequence[Run]) -> Iterator[Sequence[_Block]]:
    """Channels and languages crossed; of each the rarest may be taken together, first the languages."""
    sizes = {facet: ground.answers(facet, slices) for facet in facets}
    channels, languages = (_by_size(sizes, place) for place in (0, 1))
    for few_channels, few_languages in product(_rarest(channels), _rarest(languages)):
        way: dict[tuple[str, str], set[Facet]] = {}
        for facet in facets:
            channel = "" if facet.channel in few_channels else facet.channel
            language = "" if facet.language in few_languages else facet.language
            way.setdefault((channel, language), set()).add(facet)
        yield [frozenset(block) for block in way.values()]


def _by_size(sizes: Mapping[Facet, int], place: int) -> list[str]:
    """The channels or languages, those with the fewest answers first."""
    found: dict[str, int] = {}
    for facet, n in sizes.items():
        value = str(facet[place])
        found[value] = found.get(value, 0) + n
    return sorted(found, key=lambda value: (found[value], value))


def _rarest(values: Sequence[str]) -> list[Sequence[str]]:
    """Those to be taken together: none, the two rarest, and so on to all."""
    return [(), *(values[:count] for count in range(2, len(values) + 1))]


def _is_inside(month: MonthKey, slices: Sequence[Run]) -> bool:
    return any(within(month, *run) for run in slices)


def _sum(parts: Iterable[Mapping[_Key, Mapping[MonthKey, int]]]) -> dict[_Key, dict[MonthKey, int]]:
    found: dict[_Key, dict[MonthKey, int]] = {}
    for part in parts:
        for key, months in part.items():
            into = found.setdefault(key, {})
            for month, n in months.items():
                into[month] = into.get(month, 0) + n
    return found
