"""Which figures stay hidden, so that nobody learns what a few people answered.

A group below the smallest size is hidden, and so is whatever would let a reader compute one from
shown figures: everybody minus the other segments, a segment minus one that lies within it, a period
minus a shorter one. Whether segments lie within or beside each other follows from their rules: the
attributes that the rules tell apart are crossed into atoms, and each segment is the set of its
atoms. A group can be computed exactly when its set is a linear combination of shown sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import combinations, pairwise, product

import numpy as np

from surveyapp.journeys.segments import Comparison, Joined, Membership, Negation, Node, Value, parse
from surveyapp.results.cells import MonthKey
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import EVERYBODY

_MOST_ATOMS = 20_000
_MOST_FOR_TRIPLES = 25  # sets; three of them are combined up to here, two beyond


class Belief(Enum):
    """What a reader may know about the customers' attributes."""

    ANYTHING = "anything"
    PRESENT = "nobody lacks one"
    NAMED = "nobody has a text that no rule names"


@dataclass(frozen=True)
class World:
    """One opinion on which kinds of people exist: ``sets`` (segments, atoms) holds 0 and 1."""

    order: tuple[int, ...]  # segments, EVERYBODY first
    sets: np.ndarray


@dataclass(frozen=True)
class Overlaps:
    """How segments lie to each other, in each world that a reader may believe in: everything can be;
    nobody lacks an attribute; and nobody has a text that no rule names. None: too many atoms.
    """

    worlds: tuple[World, ...] | None


@lru_cache(maxsize=64)
def overlaps(rules: tuple[tuple[int, str], ...]) -> Overlaps:
    """How the segments with these (id, rule) pairs lie to each other."""
    leaves: dict[str, list[Comparison | Membership]] = {}
    parsed = {segment: parse(text) for segment, text in rules}
    for rule in parsed.values():
        for leaf in _leaves(rule.root):
            leaves.setdefault(leaf.field, []).append(leaf)
    tables: dict[tuple[tuple[bool, ...], ...], None] = {}
    for belief in Belief:
        kinds = {field: _kinds(field, tests, belief) for field, tests in leaves.items()}
        if np.prod([len(found) for found in kinds.values()], dtype=float) > _MOST_ATOMS:
            return Overlaps(None)
        patterns: set[tuple[bool, ...]] = set()
        for values in product(*kinds.values()):
            person = {f: v for f, v in zip(kinds, values, strict=True) if v is not None}
            patterns.add((True, *(rule.matches(person) for rule in parsed.values())))
        tables[tuple(sorted(patterns))] = None
    order = (EVERYBODY, *parsed)
    return Overlaps(tuple(World(order, np.array(table, dtype=float).T) for table in tables))


def hidden(counts: Mapping[int, int], lying: Overlaps, *, minimum: int) -> dict[int, Hidden]:
    """Which segments of one cell to hide, and why.

    ``counts`` gives the number of answers by segment, EVERYBODY included; an absent one has none.
    Depends on all segments, never on those that a page happens to show, so that two pages cannot
    be subtracted from each other.
    """
    result = {
        segment: Hidden.FEW if 0 < n < minimum else Hidden.NO for segment, n in counts.items()
    }
    shown = [s for s, n in counts.items() if n >= minimum]
    if lying.worlds is None:
        return _hidden_unknown(result, counts, shown, minimum)
    cells = [_small_groups(world, counts, minimum) for world in lying.worlds]
    searching = True
    while searching:
        searching = False
        for world, (sets, small) in zip(lying.worlds, cells, strict=True):
            weights = _disclosing(small, sets[[world.order.index(s) for s in shown]])
            if weights is not None:
                # The smallest contributor goes: it costs the reader least. Everybody goes last.
                taking_part = [s for s, w in zip(shown, weights, strict=True) if abs(w) > 1e-6]
                victim = min(taking_part, key=lambda s: (s == EVERYBODY, counts[s], s))
                result[victim] = Hidden.COMPLEMENT
                shown.remove(victim)
                searching = True
    return result


def sum_may_be_shown(counts: Sequence[tuple[int, Hidden]], *, minimum: int) -> bool:
    """Whether the sum of everybody's numbers at several places may stand beside those not hidden.

    Sum minus shown numbers is what the hidden places hold together. That must be a group that may be
    known, made of two places or more, and must not tell each: all 1, or all as large as they can be.
    """
    few = [n for n, reason in counts if reason]
    if not few:
        return True
    if len(few) < 2 or any(reason not in (Hidden.NO, Hidden.FEW) for _, reason in counts):
        return False
    together = sum(few)
    return together >= minimum and len(few) < together < len(few) * (minimum - 1)


def _small_groups(
    world: World, counts: Mapping[int, int], minimum: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sets without the atoms that the counts show to be empty, and the small groups among them."""
    sizes = np.array([counts.get(s, 0) for s in world.order], dtype=float)
    sets = world.sets
    while True:
        groups, recipes = _groups(sets.tobytes(), sets.shape)
        found = recipes @ sizes
        empty = groups[found == 0].any(axis=0)
        if not empty.any():
            return sets, groups[(found > 0) & (found < minimum)]
        sets = sets[:, ~empty]


@lru_cache(maxsize=256)
def _groups(sets_bytes: bytes, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Groups of people (groups, atoms) that sets can be added and subtracted to, and how
    (groups, sets): any one, two or three sets, and each without a family of disjoint ones inside.
    """
    sets = np.frombuffer(sets_bytes).reshape(shape)
    recipes = np.array(list(_recipes(sets)))
    groups = recipes @ sets
    # A combination is a group of people when each person counts once or not at all.
    whole = ((groups == 0) | (groups == 1)).all(axis=1) & groups.any(axis=1)
    return groups[whole], recipes[whole]


def _recipes(sets: np.ndarray) -> Iterator[np.ndarray]:
    m = len(sets)
    for size in range(1, 4 if m <= _MOST_FOR_TRIPLES else 3):
        for chosen in combinations(range(m), size):
            for signs in product((1.0, -1.0), repeat=size):
                recipe = np.zeros(m)
                recipe[list(chosen)] = signs
                yield recipe
    for at in range(m):
        inside = [b for b in range(m) if b != at and bool((sets[b] <= sets[at]).all())]
        for first in inside:
            recipe = np.zeros(m)
            recipe[at] = 1.0
            rest = sets[at].copy()
            for part in (first, *inside):
                if sets[part].any() and bool((sets[part] <= rest).all()):
                    recipe[part] = -1.0
                    rest -= sets[part]
            yield recipe


def _hidden_unknown(
    result: dict[int, Hidden], counts: Mapping[int, int], shown: Sequence[int], minimum: int
) -> dict[int, Hidden]:
    """Without knowing the sets: of any two that could differ by a small group, hide the smaller."""
    ordered = sorted(shown, key=lambda s: (counts[s], s != EVERYBODY))
    for at, segment in enumerate(ordered):
        if any(0 < counts[other] - counts[segment] < minimum for other in ordered[at + 1 :]):
            result[segment] = Hidden.COMPLEMENT
    few = sum(n for s, n in counts.items() if result[s] is Hidden.FEW)
    rest = [s for s in ordered if s != EVERYBODY and not result[s]]
    if few and rest and not any(result[s] is Hidden.COMPLEMENT for s in counts):
        result[rest[0]] = Hidden.COMPLEMENT
    return result


def _disclosing(protected: np.ndarray, shown: np.ndarray) -> np.ndarray | None:
    """Weights with which shown sets add up to a protected group; None when they do to none."""
    if not len(protected) or not len(shown):
        return None
    weights: np.ndarray = np.linalg.lstsq(shown.T, protected.T, rcond=None)[0]
    missed = np.abs(shown.T @ weights - protected.T).max(axis=0)
    found = np.flatnonzero(missed < 1e-8)
    return weights[:, found[0]] if found.size else None


def _leaves(node: Node) -> Iterator[Comparison | Membership]:
    if isinstance(node, Negation):
        yield from _leaves(node.part)
    elif isinstance(node, Joined):
        for part in node.parts:
            yield from _leaves(part)
    else:
        yield node


def _kinds(
    field: str, tests: Sequence[Comparison | Membership], belief: Belief
) -> list[Value | None]:
    """One value for each way in which the tests can come out; None is an absent attribute."""
    named: list[Value] = []
    for test in tests:
        named += test.values if isinstance(test, Membership) else [test.value]
    numbers = sorted({float(v) for v in named if not isinstance(v, (str, bool))})
    between = [(a + b) / 2 for a, b in pairwise(numbers)]
    outside = [numbers[0] - 1, numbers[-1] + 1] if numbers else []
    texts = sorted({v for v in named if isinstance(v, str)})
    candidates: list[Value | None] = [*numbers, *between, *outside, *texts]
    if any(isinstance(v, bool) for v in named):
        candidates += [True, False]
    if belief is not Belief.NAMED or len(texts) == 1:
        candidates += ["", *(text + "\0" for text in texts)]  # \0: the next text in order
    if belief is Belief.ANYTHING:
        candidates += [None, 0.0, True]
    seen: dict[tuple[bool | None, ...], Value | None] = {}
    for value in candidates:
        person = {} if value is None else {field: value}
        seen.setdefault(tuple(test.holds(person) for test in tests), value)
    return list(seen.values())


def blocks(
    counts: Mapping[MonthKey, int], others: Mapping[MonthKey, int] | None = None, *, minimum: int
) -> list[tuple[MonthKey, MonthKey]]:
    """Months joined into the shortest runs (first, last) of at least ``minimum`` answers each.

    Figures are shown for whole runs only, so that two periods never differ by a small group.
    ``others`` counts the people outside the segment: a run must hold none or enough of them too.
    What is left over at the end joins the last run. Empty when all months together are too few.
    """
    beside = others or {}
    months = sorted({*counts, *beside})
    runs: list[tuple[MonthKey, MonthKey, int, int]] = []
    start: MonthKey | None = None
    inside = outside = 0

    def enough() -> bool:
        return inside >= minimum and (outside == 0 or outside >= minimum)

    for month in months:
        start = start or month
        inside += counts.get(month, 0)
        outside += beside.get(month, 0)
        if enough():
            runs.append((start, month, inside, outside))
            start, inside, outside = None, 0, 0
    while start is not None and runs:
        first, _, more_inside, more_outside = runs.pop()
        inside, outside = inside + more_inside, outside + more_outside
        start = first
        if enough():
            runs.append((first, months[-1], inside, outside))
            start = None
    return [(first, last) for first, last, _, _ in runs]


def cuts(
    runs: Sequence[tuple[MonthKey, MonthKey]], since: MonthKey | None, until: MonthKey | None
) -> bool:
    """Whether a period of whole months cuts a run in two. None is an open end."""
    return any(
        (since is not None and first < since <= last)
        or (until is not None and first <= until < last)
        for first, last in runs
    )
