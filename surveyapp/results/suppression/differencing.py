"""The smallest group of people that shown figures add up to, over segments and months at once.

A shown figure is the sum over a set of people: a segment in a run of months. What a reader can compute
from all of them is every linear combination of these sets; a group of people is told exactly when its
own set, each person counted once or not at all, is one of them. The combinations are searched slice
by slice, the shortest runs of months: inside one by every combination that is a set, and from one to the
next by what a figure of several slices adds to each of them.

References: Cox, L. H. (1980). Suppression methodology and statistical disclosure control. Journal of
the American Statistical Association, 75, 377-385. Hundepool, A., et al. (2012). Statistical Disclosure
Control. Wiley, chapter 4. Willenborg, L., & de Waal, T. (2001). Elements of Statistical Disclosure
Control. Springer, chapter 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product
from math import comb

import numpy as np

LARGEST_RANK = 12  # independent sets in one slice: every combination is tried up to here
_MOST_FOR_TRIPLES = 25  # sets; beyond that rank any three are combined up to here
_MOST_FREE = 6  # figures of several slices that are combined in every way; of more, three at a time
_CHUNK = 64
_NEAR = 1e-7
_SAME = 1e-10


@dataclass(frozen=True)
class Table:
    """What is shown. ``sets`` (figures, kinds of people) holds 0 and 1; ``counts`` (figures, slices) people.

    ``present`` (slices, kinds) says of which kinds there is anybody. Neighbouring slices with the same
    number among ``runs`` (figures, slices) are shown together only.
    """

    sets: np.ndarray
    counts: np.ndarray
    present: np.ndarray
    runs: np.ndarray

    @property
    def joined(self) -> np.ndarray:
        """Whether a figure of each slice goes on in the next one (figures, slices - 1)."""
        same: np.ndarray = self.runs[:, :-1] == self.runs[:, 1:]
        return same


@dataclass(frozen=True)
class Disclosure:
    """A group that can be computed: how many people, a slice that it has some in, the figures used there."""

    size: int
    at: int
    figures: tuple[int, ...]


@dataclass(frozen=True)
class _Slice:
    """What the figures of several slices may add to one slice so that the figures of it alone make a group.

    ``figures`` (combinations, most in one) are theirs and ``signs`` the weights of these, 0 beside fewer
    than the most, in the order of ``_mixes``. Of each: whether nobody is possible, the fewest people but
    none, and by which recipe.
    """

    figures: np.ndarray
    signs: np.ndarray
    none: np.ndarray
    some: np.ndarray
    recipe: np.ndarray  # of ``some``: its place among ``recipes``
    recipes: np.ndarray

    @property
    def least(self) -> np.ndarray:
        return np.where(self.none, 0.0, self.some)


@dataclass(frozen=True)
class _Path:
    """The same for all slices so far; ``at`` and ``mix`` are one slice with people, and its combination."""

    # Before a slice, of what goes on in it; after it, the places of its combinations.
    names: np.ndarray
    none: np.ndarray
    some: np.ndarray
    at: np.ndarray
    mix: np.ndarray

    @classmethod
    def begin(cls) -> _Path:
        """Before the first slice: nobody, and nothing that goes on."""
        nothing = np.zeros(1, dtype=np.int64)
        return cls(nothing, nothing == 0, np.full(1, np.inf), nothing, nothing)

    def then(self, place: int, here: _Slice, going_on: np.ndarray) -> _Path:
        """With one slice more, in which these figures go on: a path ends where the others of a combination
        are the same and nothing leads to it.
        """
        names = _names(here.figures, here.signs, going_on)
        found = np.minimum(np.searchsorted(self.names, names), len(self.names) - 1)
        reached = np.flatnonzero(self.names[found] == names)
        before = found[reached]
        none, some, least = here.none[reached], here.some[reached], here.least[reached]
        earlier = self.some[before] + least  # the people are before, and here as few as can be
        later = np.where(self.none[before], 0.0, self.some[before]) + some
        last = later < earlier
        return _Path(
            reached,
            self.none[before] & none,
            np.minimum(earlier, later),
            np.where(last, place, self.at[before]),
            np.where(last, reached, self.mix[before]),
        )

    def past(self, here: _Slice, going_on: np.ndarray) -> _Path:
        """Beyond a slice in which the other figures end: the best of them, by what these are."""
        own = _names(here.figures[self.names], here.signs[self.names], going_on)
        names, group = np.unique(own, return_inverse=True)
        order = np.lexsort((self.some, group))
        best = order[np.unique(group[order], return_index=True)[1]]
        anybody = np.zeros(len(names), dtype=bool)
        np.logical_or.at(anybody, group, self.none)
        return _Path(names, anybody, self.some[best], self.at[best], self.mix[best])


Memo = dict[tuple[bytes, bytes, bytes, bool], _Slice]


def smallest_group(table: Table, memo: Memo | None = None) -> Disclosure | None:
    """The smallest group that the shown figures add up to; None where they add up to nobody.

    ``memo`` keeps what was found of single slices, for tables that are alike in most of them.
    """
    memo = {} if memo is None else memo
    joined = table.joined
    all_ways = int(joined.any(axis=1).sum()) <= _MOST_FREE
    slices = [_slice(table, at, memo, all_ways=all_ways) for at in range(table.counts.shape[1])]
    path = _Path.begin()
    for place, here in enumerate(slices):
        going_on = joined[:, place - 1] if place else np.zeros(len(joined), dtype=bool)
        if place:
            path = path.past(slices[place - 1], going_on)
        path = path.then(place, here, going_on)
    best = int(np.argmin(path.some))
    if not np.isfinite(path.some[best]):
        return None
    at = int(path.at[best])
    weights = slices[at].recipes[slices[at].recipe[path.mix[best]]]
    figures = tuple(int(each) for each in np.flatnonzero(np.abs(weights) > _NEAR))
    return Disclosure(round(float(path.some[best])), at, figures)


def _names(figures: np.ndarray, signs: np.ndarray, going_on: np.ndarray) -> np.ndarray:
    """A number for each combination, by its weights of the figures that go on alone."""
    drawn = np.where(going_on, np.random.default_rng(0).integers(1, 2**62, len(going_on)), 0)
    names = np.zeros(len(figures), dtype=np.int64)
    for place in range(figures.shape[1]):
        names += signs[:, place] * drawn[figures[:, place]]
    return names


def _slice(table: Table, at: int, memo: Memo, *, all_ways: bool) -> _Slice:
    sets = np.ascontiguousarray(table.sets[:, table.present[at]])
    alone = (table.runs == table.runs[:, [at]]).sum(axis=1) == 1
    key = (sets.tobytes(), table.counts[:, at].tobytes(), alone.tobytes(), all_ways)
    if key not in memo:
        memo[key] = _possible(sets, table.counts[:, at], alone, all_ways=all_ways)
    return memo[key]


def _possible(sets: np.ndarray, counts: np.ndarray, alone: np.ndarray, *, all_ways: bool) -> _Slice:
    groups, recipes = groups_of(sets.tobytes(), sets.shape)
    sizes = np.rint(recipes @ counts)
    # Two combinations differ by figures of this slice alone when their parts beside these are equal;
    # one number tells them apart as well as all their places do.
    key = _beside(sets[alone], sets.shape[1])
    here = np.flatnonzero(~alone)  # the others add nothing beside what is alone
    parts = sets[here] @ key
    keys = groups @ key
    known = np.sort(keys)
    found, weights, values = [], [], []
    mixes = _mixes(len(here), all_ways=all_ways)
    most = max(figures.shape[1] for figures, _ in mixes)
    for figures, signs in mixes:
        some = _extended(figures, signs, parts, known)
        wanted = np.einsum("ij,ij->i", parts[figures[some]], signs[some])
        hit = some[_are_near(wanted, known)]
        beside = ((0, 0), (0, most - figures.shape[1]))
        found.append(np.pad(here[figures[hit]], beside))
        weights.append(np.pad(signs[hit], beside))
        values.append(np.einsum("ij,ij->i", parts[figures[hit]], signs[hit]))
    matched = _matched(np.concatenate(values), keys, sizes)
    return _Slice(np.concatenate(found), np.concatenate(weights), *matched, recipes)


def _extended(
    figures: np.ndarray, signs: np.ndarray, parts: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """The combinations whose values may be known ones; of many triples, those whose first two figures leave
    what some third one has.
    """
    count, size = figures.shape
    free = len(parts)
    apart = known[np.insert(np.diff(known) > _SAME, 0, True)]
    if size != 3 or free <= _MOST_FREE or len(apart) * free > count // 8:
        return np.arange(count)
    first, second = _mixes(free, all_ways=False)[2]
    left = np.sort(
        np.concatenate([np.subtract.outer(apart, parts), np.add.outer(apart, parts)], None)
    )
    pairs = np.einsum("ij,ij->i", parts[first], second)
    may = _are_near(pairs, left, within=2 * _NEAR)
    return np.flatnonzero(may[_pairs_of_triples(free)])


def _are_near(values: np.ndarray, known: np.ndarray, within: float = _NEAR) -> np.ndarray:
    """Whether each value is one of the sorted ``known`` ones."""
    after = np.searchsorted(known, values)
    above = np.abs(known[np.minimum(after, len(known) - 1)] - values)
    below = np.abs(known[np.maximum(after - 1, 0)] - values)
    near: np.ndarray = np.minimum(above, below) < within
    return near


def _matched(
    wanted: np.ndarray, keys: np.ndarray, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each wanted key: whether a group of this key has nobody, the fewest people but none, and the
    first group with so few. Looked up in sorted keys, since a table of all pairs may take a gigabyte.
    """
    order = np.argsort(keys, kind="stable")
    from_ = np.searchsorted(keys[order], wanted - _NEAR, side="right")
    to = np.searchsorted(keys[order], wanted + _NEAR, side="left")
    empty = np.concatenate([[0], np.cumsum(sizes[order] == 0)])
    none = empty[to] > empty[from_]
    # Places in the order of size and then of the groups: the least of a range is its first smallest.
    positive = np.where(sizes > 0, sizes, np.inf)
    by_size = np.argsort(positive, kind="stable")
    rank = np.empty(len(sizes), dtype=int)
    rank[by_size] = np.arange(len(sizes))
    last = len(sizes)
    ranks = np.append(rank[order], last)
    least = np.minimum.reduceat(ranks, np.stack([from_, to], axis=1).reshape(-1))[::2]
    least = np.where(from_ < to, least, last)
    some = np.append(positive[by_size], np.inf)[least]
    recipe = np.where(np.isfinite(some), np.append(by_size, 0)[least], 0)
    return none, some, recipe


def _beside(own: np.ndarray, kinds: int) -> np.ndarray:
    """A direction in general position that no set of ``own`` has a part in."""
    key: np.ndarray = np.random.default_rng(kinds).standard_normal(kinds)
    if own.size and kinds:
        basis = np.linalg.svd(own, full_matrices=False)
        across = basis[2][basis[1] > 1e-9]
        key = key - across.T @ (across @ key)
    return key


@lru_cache(maxsize=16)
def _mixes(free: int, *, all_ways: bool) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Which of several figures are in one combination, and their weights (combinations, figures)."""
    if all_ways:
        signs = np.array(list(product((0, 1, -1), repeat=free)), dtype=np.int8).reshape(
            3**free, free
        )
        return ((np.tile(np.arange(free), (len(signs), 1)), signs),)
    found = []
    for size in range(min(free, 3) + 1):
        chosen = np.array(list(combinations(range(free), size)), dtype=int).reshape(
            comb(free, size), size
        )
        each = np.array(list(product((1, -1), repeat=size)), dtype=np.int8).reshape(2**size, size)
        found.append((np.repeat(chosen, len(each), axis=0), np.tile(each, (len(chosen), 1))))
    return tuple(found)


@lru_cache(maxsize=16)
def _pairs_of_triples(free: int) -> np.ndarray:
    """The place among pairs of the first two figures of each of the triples, with their signs."""
    chosen = np.array(list(combinations(range(free), 3)), dtype=int).reshape(comb(free, 3), 3)
    i, j = chosen[:, 0], chosen[:, 1]
    pair = i * (2 * free - i - 1) // 2 + j - i - 1
    places: np.ndarray = (4 * pair[:, None] + np.arange(8)[None, :] // 2).reshape(-1)
    return places


@lru_cache(maxsize=4096)
def groups_of(sets_bytes: bytes, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Groups of people (groups, kinds) that sets can be added and subtracted to, nobody among them,
    and how (groups, sets).

    All there are up to ``LARGEST_RANK`` independent sets; of more, each without another or a family of
    disjoint ones inside it, and of not too many, any two or three.
    """
    sets = np.frombuffer(sets_bytes).reshape(shape)
    if not shape[1]:
        return np.zeros((1, 0)), np.zeros((1, shape[0]))
    kinds, places = np.unique(sets, axis=1, return_inverse=True)
    basis, recipes = _reduced(kinds)
    rank = len(basis)
    if rank > LARGEST_RANK:
        some = np.concatenate([np.zeros((1, shape[0])), *_recipes(kinds)])
        found = some @ kinds
        whole = ((found == 0) | (found == 1)).all(axis=1)
        return found[whole][:, places.reshape(-1)], some[whole]
    # A set is known by whether it holds the pivots: each kind that the basis has one figure for.
    chosen = np.array(list(product((0.0, 1.0), repeat=rank))).reshape(2**rank, rank)
    for start in range(0, kinds.shape[1], _CHUNK):
        part = chosen @ basis[:, start : start + _CHUNK]
        chosen = chosen[((np.abs(part) < _NEAR) | (np.abs(part - 1) < _NEAR)).all(axis=1)]
    return np.rint(chosen @ basis)[:, places.reshape(-1)], chosen @ recipes


def _reduced(sets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row echelon form of the sets (rank, kinds), and by which weights of sets (rank, sets)."""
    rows, how = sets.copy(), np.eye(len(sets))
    rank = 0
    for column in range(rows.shape[1]):
        if rank == len(rows):
            break
        pivot = rank + int(np.argmax(np.abs(rows[rank:, column])))
        if abs(rows[pivot, column]) < 1e-9:
            continue
        for each in (rows, how):
            each[[rank, pivot]] = each[[pivot, rank]]
        how[rank] /= rows[rank, column]
        rows[rank] /= rows[rank, column]
        factors = rows[:, column].copy()
        factors[rank] = 0.0
        how -= np.outer(factors, how[rank])
        rows -= np.outer(factors, rows[rank])
        rank += 1
    return rows[:rank], how[:rank]


def _recipes(sets: np.ndarray) -> Iterator[np.ndarray]:
    """Weights of sets (recipes, sets): of one, of any two or three where they are not too many, and of
    one without another inside it and without a family of disjoint ones.
    """
    m = len(sets)
    yield np.eye(m)
    if m <= _MOST_FOR_TRIPLES:
        for chosen, signs in _mixes(m, all_ways=False)[2:]:
            few = np.zeros((len(chosen), m))
            few[np.arange(len(chosen))[:, None], chosen] = signs
            yield few
    sizes = sets.sum(axis=1)
    within = (sets @ sets.T == sizes[:, None]) & (sizes > 0)[:, None] & ~np.eye(m, dtype=bool)
    at, first = np.nonzero(within.T)  # a set, and the first of those inside it that goes
    without = np.zeros((len(at), m))
    without[np.arange(len(at)), at] = 1.0
    without[np.arange(len(at)), first] = -1.0
    family, rest = without.copy(), (sets[at] > 0) & (sets[first] == 0)
    for part in np.flatnonzero(within.any(axis=1)):
        # Each part in turn, of every set that it is inside of and has a rest that holds it.
        of = np.flatnonzero(within[part, at])
        held = of[rest[np.ix_(of, sets[part] > 0)].all(axis=1)]
        family[held, part] = -1.0
        rest[np.ix_(held, sets[part] > 0)] = False
    yield np.stack([without, family], axis=1).reshape(-1, m)
