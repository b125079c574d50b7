"""Which figures of one score at one place may be shown of customers who came by one channel or several.

What is published of segments, months, channels and languages stays as it is; it divides the answers into
blocks. Inside each block they are divided once more, by the path of channels, so that everything that is
published of all answers could be published of each part alone. Rare paths are taken together, those
through one channel and those through several apart where that is possible. A figure of some paths is shown
where it is one of whole parts; then nothing smaller follows from all figures together, for the same reason
as with channels and languages.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from surveyapp.responses.facets import Facet
from surveyapp.results.facet_publication import (
    Block,
    FacetGround,
    FacetPublication,
    blocks_of,
    part_of,
    rarest,
    summed,
)
from surveyapp.results.facets import Facets
from surveyapp.results.overlaps import Overlaps
from surveyapp.results.publication import Counts, Kinds, Publication, Run


class ChannelPath(NamedTuple):
    """The channels by which a customer came: none known, one, or the first hand-over from one to the next."""

    first: str = ""
    then: str = ""

    @property
    def is_known(self) -> bool:
        return bool(self.first)

    @property
    def is_mixed(self) -> bool:
        """Whether there were several channels."""
        return bool(self.then)


PathCounts = Mapping[Facet, Mapping[ChannelPath, Counts]]
PathKinds = Mapping[Facet, Mapping[ChannelPath, Kinds]]


class PathGround:
    """Everything that is published of one score's answers, with the parts that paths divide them into."""

    def __init__(
        self, counts: PathCounts, lying: Overlaps, *, minimum: int, kinds: PathKinds | None = None
    ) -> None:
        self.counts, self.kinds, self.minimum = counts, kinds, minimum
        by_facet = {facet: summed(own.values()) for facet, own in counts.items()}
        of_kinds = None
        if kinds is not None:
            of_kinds = {facet: summed(own.values()) for facet, own in kinds.items()}
        self._ground = FacetGround(by_facet, lying, minimum, of_kinds)
        self._spans = [part_of(self._ground, slices) for slices in self._ground.spans]
        self._parts: dict[tuple[Block, tuple[Run, ...]], list[frozenset[ChannelPath]]] = {}

    def publication(self, paths: Collection[ChannelPath], facets: Facets) -> Publication:
        """What is shown of these paths' answers of these facets."""
        chosen = frozenset(paths)
        own = frozenset(facet for facet in self.counts if facets.holds(facet))
        shown: list[Run] = []
        for span in self._spans:
            inside = [block for block in span.blocks if block <= own]
            if span.holds(own) and all(self._holds(b, span.slices, chosen) for b in inside):
                shown += span.slices
        counts = summed(
            by_segment
            for facet in own
            for path, by_segment in self.counts[facet].items()
            if path in chosen
        )
        return FacetPublication(counts, self._ground.runs, self.minimum, tuple(shown))

    def _holds(self, block: Block, slices: tuple[Run, ...], chosen: frozenset[ChannelPath]) -> bool:
        """Whether the paths are whole parts of a block."""
        key = (block, slices)
        if key not in self._parts:
            self._parts[key] = self._divided(block, slices)
        present = self._present(block, slices)
        inside = [part for part in self._parts[key] if part <= chosen]
        return chosen & present == frozenset().union(*inside)

    def _divided(self, block: Block, slices: tuple[Run, ...]) -> list[frozenset[ChannelPath]]:
        """The finest protected division of a block by path."""
        names = {path: _named(path) for path in self._present(block, slices)}
        ground = self._ground.divided(
            {name: summed(self._of(block, path)) for path, name in names.items()},
            None
            if self.kinds is None
            else {
                name: summed(self.kinds.get(facet, {}).get(path, {}) for facet in block)
                for path, name in names.items()
            },
        )
        sizes = {path: ground.answers(name, slices) for path, name in names.items()}
        ways = [[frozenset(names[path] for path in part) for part in way] for way in _ways(sizes)]
        found = blocks_of(ground, frozenset(names.values()), slices, ways)
        paths = {name: path for path, name in names.items()}
        return [frozenset(paths[name] for name in part) for part in found]

    def _of(self, block: Block, path: ChannelPath) -> Iterator[Counts]:
        return (self.counts[facet].get(path, {}) for facet in block)

    def _present(self, block: Block, slices: Sequence[Run]) -> frozenset[ChannelPath]:
        """The paths by which anybody in a block came in these months."""
        paths = {path for facet in block for path in self.counts[facet]}
        ground = self._ground.divided(
            {_named(path): summed(self._of(block, path)) for path in paths}, None
        )
        return frozenset(path for path in paths if ground.answers(_named(path), slices))


def _named(path: ChannelPath) -> Facet:
    """A path in the place of a channel and a language."""
    return Facet(path.first, path.then, flagged=False)


def _ways(sizes: Mapping[ChannelPath, int]) -> Iterator[list[frozenset[ChannelPath]]]:
    """Rare single channels taken together, and rare hand-overs; then rare ones of both, and all."""
    order = sorted(sizes, key=lambda path: (sizes[path], path))
    single = [path for path in order if path.is_known and not path.is_mixed]
    mixed = [path for path in order if path.is_mixed]
    unknown = [frozenset(path for path in order if not path.is_known)]
    divisions = [
        [*_parts(single, few), *_parts(mixed, rare)]
        for few, rare in product(rarest(single), rarest(mixed))
    ]
    for parts in divisions:
        yield [part for part in (*parts, *unknown) if part]
    # Where the path of very few is unknown, these go with the rarest part of those known.
    for parts in divisions if unknown[0] else ():
        least = min(parts, key=lambda part: sum(sizes[path] for path in part), default=unknown[0])
        yield [part | unknown[0] if part == least else part for part in parts]
    known = [path for path in order if path.is_known]
    for few in rarest(known):
        yield [part for part in (*_parts(known, few), *unknown) if part]
    yield [frozenset(order)]


def _parts(
    paths: Sequence[ChannelPath], together: Sequence[ChannelPath]
) -> list[frozenset[ChannelPath]]:
    alone = [frozenset((path,)) for path in paths if path not in together]
    return [*alone, *([frozenset(together)] if together else [])]
