"""Which scores may be told apart by the channels that customers came by, at the end of a journey.

One set of figures is published: of all customers and all months without flagged answers, divided by path.
Everything else that is published of these answers, of segments, months, channels and languages, tells
nobody apart who is alike in all of these: call such customers a cell. A reader who combines figures gives
the people of a cell and a path the weight c + d, where c depends on the path alone and d on the cell alone,
and a group of people is told where all weights are 0 or 1. If every two paths meet in some cell, no two c
differ by more than 1; if they differ, those with the larger c are in the group wherever they meet the
others. So no group of too few is told as long as of every two paths enough people of each are in cells
where the other is, too. Rare paths are taken together until that is so. Where all c are equal, paths tell
nothing that is not published anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from surveyapp.results.view_models import Hidden

People = Mapping[Hashable, Mapping["ChannelPath", int]]  # by cell, then path


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


@dataclass(frozen=True)
class PathPublication:
    """``parts``: the paths that are told apart, rare ones together; ``sizes``: how many people took each."""

    sizes: Mapping[ChannelPath, int]
    parts: Sequence[frozenset[ChannelPath]]
    minimum: int

    def why_hidden(self, paths: Collection[ChannelPath]) -> Hidden:
        """Why not to show a figure of these paths together."""
        own = frozenset(path for path in paths if self.sizes.get(path))
        n = sum(self.sizes[path] for path in own)
        if not n:
            return Hidden.NO
        if n < self.minimum:
            return Hidden.FEW
        inside = [part for part in self.parts if part <= own]
        return Hidden.NO if own == frozenset().union(*inside) else Hidden.COMPLEMENT


def path_publication(people: People, *, minimum: int, everybody: bool) -> PathPublication:
    """The finest division of the paths of these people by which no group of too few is told.

    ``everybody``: whether the figure of all of them is shown; nothing is where it is not.
    """
    paths = sorted({path for own in people.values() for path, n in own.items() if n})
    table = np.array(
        [[own.get(path, 0) for path in paths] for own in people.values()], dtype=np.int64
    ).reshape(len(people), len(paths))
    sizes = {path: int(n) for path, n in zip(paths, table.sum(axis=0), strict=True)}
    ways = sorted(_ways(sizes), key=len, reverse=True) if everybody and paths else []
    for way in ways:
        member = np.array([[path in part for part in way] for path in paths], dtype=np.int64)
        parts = table @ member
        meeting = parts.T @ (parts > 0)  # of each part, how many are in cells where another one is
        np.fill_diagonal(meeting, minimum)
        if bool((meeting >= minimum).all()):
            return PathPublication(sizes, tuple(way), minimum)
    return PathPublication(sizes, (), minimum)


def _rarest(paths: Sequence[ChannelPath]) -> list[Sequence[ChannelPath]]:
    """Those to be taken together: none, the two rarest, and so on to all."""
    return [(), *(paths[:count] for count in range(2, len(paths) + 1))]


def _ways(sizes: Mapping[ChannelPath, int]) -> Iterator[list[frozenset[ChannelPath]]]:
    """Rare single channels taken together, and rare hand-overs; then rare ones of both, and all."""
    order = sorted(sizes, key=lambda path: (sizes[path], path))
    single = [path for path in order if path.is_known and not path.is_mixed]
    mixed = [path for path in order if path.is_mixed]
    unknown = [frozenset(path for path in order if not path.is_known)]
    divisions = [
        [*_parts(single, few), *_parts(mixed, rare)]
        for few, rare in product(_rarest(single), _rarest(mixed))
    ]
    for parts in divisions:
        yield [part for part in (*parts, *unknown) if part]
    # Where the path of very few is unknown, these go with the rarest part of those known.
    for parts in divisions if unknown[0] else ():
        least = min(parts, key=lambda part: sum(sizes[path] for path in part), default=unknown[0])
        yield [part | unknown[0] if part == least else part for part in parts]
    known = [path for path in order if path.is_known]
    for few in _rarest(known):
        yield [part for part in (*_parts(known, few), *unknown) if part]
    yield [frozenset(order)]


def _parts(
    paths: Sequence[ChannelPath], together: Sequence[ChannelPath]
) -> list[frozenset[ChannelPath]]:
    alone = [frozenset((path,)) for path in paths if path not in together]
    return [*alone, *([frozenset(together)] if together else [])]
