"""How segments lie to each other, from their rules.

Whether segments lie within or beside each other follows from what they ask: the attributes that the rules
tell apart are crossed into atoms, and each segment is the set of its atoms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import pairwise, product

import numpy as np

from surveyapp.journeys.segments import Comparison, Joined, Membership, Negation, Node, Value, parse
from surveyapp.store.models import EVERYBODY

_MOST_ATOMS = 20_000


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


@dataclass(frozen=True, eq=False)  # one object for the same rules: what is cached by it is found
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
