"""Which figures of one score at one place may be shown, over all segments and months together.

The smallest group that may be known holds ``minimum`` people. Months are joined into the shortest runs in
which everybody's answers are enough. A segment is shown for these runs, and where that would tell of too
few, for several of them together; a period that cuts such a run of the segment is hidden. This is complementary suppression over the closed set of all segments and periods,
with fixed publication cells in time: what is hidden follows from all counts, never from what a page
happens to ask for, so that no two pages can be subtracted from each other.

What may be known is checked by ``differencing``, against a reader who knows every rule and every shown
figure, and, where the answers are few enough to be looked through, who of every kind answered when. Not
protected is what a shown group has in common: where all of eight customers answered 7, the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from surveyapp.results.cells import MonthKey
from surveyapp.results.suppression import differencing
from surveyapp.results.suppression.differencing import Table
from surveyapp.results.suppression.overlaps import Overlaps, World
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import EVERYBODY

Run = tuple[MonthKey, MonthKey]  # first and last month
Counts = Mapping[int, Mapping[MonthKey, int]]  # by segment, EVERYBODY included
Kinds = Mapping[frozenset[int], Mapping[MonthKey, int]]  # by the segments that somebody is in
_UNKNOWN = Overlaps(None)
_FIRST, _LAST = (0, 0), (9999, 12)  # months, where an end is open


def within(month: MonthKey, since: MonthKey | None, until: MonthKey | None) -> bool:
    """Whether a month is one of those from ``since`` to ``until``; None is an open end."""
    return (since is None or month >= since) and (until is None or month <= until)


@dataclass(frozen=True)
class Publication:
    """The runs of months for which each segment's figures are shown; an absent segment's are not."""

    counts: Counts
    runs: Mapping[int, tuple[Run, ...]]
    minimum: int

    def why_hidden(
        self, segment: int, since: MonthKey | None = None, until: MonthKey | None = None
    ) -> Hidden:
        """Why not to show the segment's figure of these whole months; None is an open end."""
        counts = self.counts.get(segment, {})
        begin, end = since or _FIRST, until or _LAST
        n = sum([each for month, each in counts.items() if begin <= month <= end])
        if n == 0:
            return Hidden.NO
        if n < self.minimum:
            return Hidden.FEW
        if segment not in self.runs:
            return Hidden.COMPLEMENT
        for first, last in self.runs[segment]:
            if last < begin or end < first or (begin <= first and last <= end):
                continue  # nothing of it is inside, or all
            run = [month for month, each in counts.items() if each and first <= month <= last]
            inside = [month for month in run if begin <= month <= end]
            if inside and len(inside) < len(run):
                return self._why_cut(counts, inside, run)
        return Hidden.NO

    def _why_cut(
        self, counts: Mapping[MonthKey, int], inside: list[MonthKey], run: list[MonthKey]
    ) -> Hidden:
        """Why a run cannot be cut: most often the month that has just begun has few answers so far."""
        is_newest = max(run) == max([month for month, n in counts.items() if n])
        end = max(inside)
        after = sum([counts[month] for month in run if month > end])
        is_end_alone = min(inside) == min(run)
        few_since = is_newest and is_end_alone and after < self.minimum
        return Hidden.SINCE if few_since else Hidden.PERIOD


def publication(
    counts: Counts, lying: Overlaps, *, minimum: int, kinds: Kinds | None = None
) -> Publication:
    """What to show, from the numbers of answers by segment and month, of all segments and all time.

    ``kinds`` counts them by all the segments that a customer is in, where that is known.
    """
    runs = _published(
        tuple(sorted((s, tuple(sorted(months.items()))) for s, months in counts.items())),
        lying,
        minimum,
        None if kinds is None else listed(kinds),
    )
    return Publication(counts, runs, minimum)


_Counted = tuple[tuple[int, tuple[tuple[MonthKey, int], ...]], ...]
Listed = tuple[tuple[frozenset[int], tuple[tuple[MonthKey, int], ...]], ...]


def listed(kinds: Kinds) -> Listed:
    """The same numbers as something that a result can be cached by."""
    return tuple(
        sorted(
            ((kind, tuple(sorted(months.items()))) for kind, months in kinds.items()),
            key=lambda each: sorted(each[0]),
        )
    )


@lru_cache(maxsize=8192)  # asked again by every page until somebody answers
def _published(
    counted: _Counted, lying: Overlaps, minimum: int, kinds: Listed | None
) -> Mapping[int, tuple[Run, ...]]:
    counts = {segment: dict(months) for segment, months in counted}
    slices = blocks(counts.get(EVERYBODY, {}), minimum=minimum)
    if not slices:
        return {}
    segments = sorted(counts)
    sizes = np.array(
        [
            [sum(n for month, n in counts[s].items() if a <= month <= b) for a, b in slices]
            for s in segments
        ],
        dtype=float,
    )
    plan = _Plan(segments, sizes, slices, minimum)
    seen = views(segments, sizes, slices, lying, kinds)
    if seen is None:
        plan.show_only_far_apart()
    for sets, present in seen or ():
        plan.protect(sets, present)
    return plan.published()


def groups_beside(
    told: Publication,
    groups: Counts,
    kinds: Kinds | None,
    lying: Overlaps = _UNKNOWN,
    *,
    minimum: int,
) -> list[Publication]:
    """What may be shown of further ``groups`` beside all that is ``told``: by the shortest runs of months that
    do for all groups, and of all months together; the first tells more, the second can stand beside more.

    ``kinds`` counts the answers by all segments and groups that a customer is in, where that is known; else
    ``lying`` says how the rules of all of them lie to each other. Groups have numbers that no segment has.
    Nothing where neither agrees with what is told.
    """
    slices = blocks(told.counts.get(EVERYBODY, {}), minimum=minimum)
    if EVERYBODY not in told.runs or not slices:
        return []
    counts = {**told.counts, **groups}
    segments = sorted(counts)
    sizes = np.array(
        [
            [sum(n for month, n in counts[s].items() if a <= month <= b) for a, b in slices]
            for s in segments
        ],
        dtype=float,
    )
    seen = views(segments, sizes, slices, lying, None if kinds is None else listed(kinds))
    if not seen:
        return []
    found = []
    for whole in (False, True):
        plan = _Plan(segments, sizes, slices, minimum)
        plan.add_to(told.runs, frozenset(groups), whole=whole)
        for sets, present in seen:
            plan.protect(sets, present, frozenset(groups))
        found.append(Publication(counts, plan.published(), minimum))
    return found


def blocks(counts: Mapping[MonthKey, int], *, minimum: int) -> list[Run]:
    """Months joined into the shortest runs (first, last) of at least ``minimum`` answers each.

    What is left over at the end joins the last run. Empty when all months together are too few.
    """
    months = sorted(month for month, n in counts.items() if n)
    runs: list[Run] = []
    start: MonthKey | None = None
    inside = 0
    for month in months:
        start = start or month
        inside += counts[month]
        if inside >= minimum:
            runs.append((start, month))
            start, inside = None, 0
    if start is not None and runs:
        runs[-1] = (runs[-1][0], months[-1])
    return runs


class _Plan:
    """In which runs of slices each segment is shown."""

    def __init__(
        self, segments: list[int], sizes: np.ndarray, slices: Sequence[Run], minimum: int
    ) -> None:
        self.segments, self.sizes, self.slices, self.minimum = segments, sizes, slices, minimum
        self.runs = np.tile(np.arange(len(slices)), (len(segments), 1))
        self.alike: list[int] = []  # rows whose runs are the same
        self.hidden = sizes.sum(axis=1) < minimum
        # No search is needed to see what is too few alone, or leaves too few beside it.
        beside = sizes[segments.index(EVERYBODY)] - sizes
        for row in range(len(segments)):
            self._join_few(row, np.array([sizes[row], beside[row]]))

    def add_to(
        self, runs: Mapping[int, tuple[Run, ...]], groups: frozenset[int], *, whole: bool
    ) -> None:
        """Show every segment as it is shown already, and the further groups in runs that all of them share:
        in one of all months if ``whole``.
        """
        self.alike = [row for row, segment in enumerate(self.segments) if segment in groups]
        for row, segment in enumerate(self.segments):
            if segment in groups:
                self.runs[row] = len(self.slices) - 1 if whole else np.arange(len(self.slices))
                continue
            self.hidden[row] = segment not in runs
            for first, last in runs.get(segment, ()):
                inside = [n for n, (begin, _) in enumerate(self.slices) if first <= begin <= last]
                self.runs[row, inside] = inside[-1]
        beside = self.sizes[self.segments.index(EVERYBODY)] - self.sizes
        for row in self.alike:
            self._join_few(row, np.array([self.sizes[row], beside[row]]))

    def protect(
        self, sets: np.ndarray, present: np.ndarray, yielding: frozenset[int] = frozenset()
    ) -> None:
        """Show figures of longer runs, or not at all, until no group of too few can be computed.

        Where some are ``yielding``, only these do; all of them where none takes part.
        """
        memo: differencing.Memo = {}  # from one search to the next, few slices differ
        while True:
            rows = np.flatnonzero(~self.hidden)
            table = Table(sets[rows], self.sizes[rows], present, self.runs[rows])
            found = differencing.smallest_group(table, memo)
            if found is None or found.size >= self.minimum:
                return
            taking_part = [int(rows[figure]) for figure in found.figures]
            if yielding:
                taking_part = [row for row in taking_part if self.segments[row] in yielding]
            if not taking_part:
                self.hidden |= np.isin(self.segments, list(yielding))
                return
            # The smallest contributor goes: it costs the reader least.
            self._join(min(taking_part, key=self._worth), found.at)

    def show_only_far_apart(self) -> None:
        """Where the sets are not known: of any two that could differ by too few, only the larger."""
        everybody = self.segments.index(EVERYBODY)
        self.runs[:] = 0
        self.runs[everybody] = np.arange(len(self.slices))
        totals = self.sizes.sum(axis=1)
        order = sorted(np.flatnonzero(~self.hidden).tolist(), key=self._worth)
        for place, row in enumerate(order):
            apart = [abs(totals[other] - totals[row]) for other in order[place + 1 :]]
            if any(0 < each < self.minimum for each in apart):
                self.hidden[row] = True
        few = bool(((totals > 0) & (totals < self.minimum)).any())
        rest = [row for row in order if row != everybody]
        if few and rest and not self.hidden[rest].any():
            self.hidden[rest[0]] = True
        self.hidden[everybody] = False

    def published(self) -> dict[int, tuple[Run, ...]]:
        """The runs of months of each segment that is shown."""
        return {
            segment: tuple(
                (self.slices[inside[0]][0], self.slices[inside[-1]][1])
                for run in np.unique(self.runs[row])
                if (inside := np.flatnonzero(self.runs[row] == run)).size
            )
            for row, segment in enumerate(self.segments)
            if not self.hidden[row]
        }

    def _worth(self, row: int) -> tuple[bool, float, int]:
        segment = self.segments[row]
        return segment == EVERYBODY, float(self.sizes[row].sum()), segment

    def _join_few(self, row: int, numbers: np.ndarray) -> None:
        """Join the runs of a segment in which any of the numbers (several, slices) is too small."""
        while not self.hidden[row]:
            for at in range(numbers.shape[1]):
                sums = numbers[:, self.runs[row] == self.runs[row, at]].sum(axis=1)
                if ((sums > 0) & (sums < self.minimum)).any():
                    self._join(row, at)
                    break
            else:
                return

    def _join(self, row: int, at: int) -> None:
        """Show the segment's run around a slice with the next one, the last with the one before; where
        it is the only one, not at all. Rows that are alike go with it."""
        for each in self.alike if row in self.alike else [row]:
            self._join_one(each, at)

    def _join_one(self, row: int, at: int) -> None:
        own, run = self.runs[row], self.runs[row, at]
        following = own[own > run]
        if following.size:
            own[own == run] = following.min()
        elif (own < run).any():
            own[own == run] = own[own < run].max()
        else:
            self.hidden[row] = True


_View = tuple[np.ndarray, np.ndarray]  # sets (segments, kinds), present (slices, kinds)


def views(
    segments: Sequence[int],
    sizes: np.ndarray,
    slices: Sequence[Run],
    lying: Overlaps,
    kinds: Listed | None,
) -> list[_View] | None:
    """Who there is in whose eyes; None where the rules are too many to say."""
    if kinds is not None:
        sets = np.array([[float(s in kind) for kind, _ in kinds] for s in segments])
        people = np.array(
            [[sum(n for m, n in months if a <= m <= b) for _, months in kinds] for a, b in slices],
            dtype=float,
        ).reshape(len(slices), len(kinds))
        if np.array_equal(sets @ people.T, sizes):
            return [(sets, people > 0)]
    if lying.worlds is None:
        return None
    found = []
    for world in lying.worlds:
        sets = _sets_of(world, segments)
        present = np.array([_present(sets, sizes[:, at]) for at in range(len(slices))])
        if all(_agrees(sets, sizes[:, at]) for at in range(len(slices))):
            found.append((sets, present))
    return found


def _sets_of(world: World, segments: Sequence[int]) -> np.ndarray:
    sets: np.ndarray = world.sets[[world.order.index(segment) for segment in segments]]
    return sets


def _agrees(sets: np.ndarray, sizes: np.ndarray) -> bool:
    """Whether the counts can be those of such people; else the reader sees that there are others."""
    people = np.linalg.lstsq(sets, sizes, rcond=None)[0]
    return bool(np.allclose(sets @ people, sizes, atol=1e-6))


def _present(sets: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Which kinds the counts do not show to be absent."""
    present = np.ones(sets.shape[1], dtype=bool)
    while present.any():
        own = np.ascontiguousarray(sets[:, present])
        groups, recipes = differencing.groups_of(own.tobytes(), own.shape)
        empty = groups[np.rint(recipes @ sizes) == 0].any(axis=0)
        if not empty.any():
            break
        present[np.flatnonzero(present)[empty]] = False
    return present
