"""A rule over customers' attributes that says who is in a group found otherwise, and how well it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.errors import DataError
from analysis.metrics import critical_z, wilson

Booleans = NDArray[np.bool_]
Value = str | int | float | bool

DESCRIBES = 0.6  # of kappa: substantial agreement (Landis & Koch 1977)
_MOST_VALUES = 6  # of an attribute in one condition
_LEAST_GAIN = 0.02  # of kappa, for which a second condition is worth reading


@dataclass(frozen=True)
class Condition:
    """``attribute`` is one of ``values`` (sign "in"), or at least (">=") or below ("<") the one value."""

    attribute: str
    sign: str
    values: tuple[Value, ...]

    def holds(self, value: object) -> bool:
        """Whether it holds for this value of the attribute; None is unknown and does not."""
        if self.sign == "in":
            return any(type(value) is type(each) and value == each for each in self.values)
        limit = self.values[0]
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        if isinstance(limit, str):
            return False  # which of a text and a number is greater has no answer
        return value >= limit if self.sign == ">=" else value < limit


@dataclass(frozen=True)
class Share:
    """A share of ``n`` with its Wilson interval."""

    estimate: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class ClusterRule:
    """All ``conditions`` hold. Measured in the half of the customers that it was not found with:

    ``precision``: of those whom the rule takes, the share in the group; ``recall``: of the group, the share
    that the rule takes; ``kappa``: Cohen's, the agreement beyond chance; ``cells``: in both, taken only, in the
    group only, in neither.
    """

    conditions: tuple[Condition, ...]
    precision: Share
    recall: Share
    kappa: float
    cells: tuple[int, int, int, int]
    seed: int

    @property
    def describes(self) -> bool:
        """Whether the rule may stand for the group."""
        return self.kappa >= DESCRIBES


def cluster_rule(
    attributes: Sequence[Mapping[str, Value]],
    inside: Sequence[bool],
    *,
    least: int = 5,
    seed: int = 1,
    confidence: float = 0.95,
) -> ClusterRule | None:
    """The rule of at most two conditions that is most like the group ``inside``.

    ``attributes``: a customer each, values by name; an attribute that a customer lacks is unknown, and no
    condition on it holds. ``least``: customers whom a condition, and a value that it names, must have.
    Returns None where no condition can be made. Raises DataError for lists of different lengths.

    Notes: half of the customers, drawn by ``seed``, are searched for the rule with the largest kappa; the
    other half measures it, so that a rule found by chance shows as one. One
    condition first, then the best second one on another attribute if it adds .02 at least. Thresholds are
    deciles; values of an attribute are taken together in the order of their share in the group. Kappa, and
    not the share in common: a rule that takes everybody has much in common with a large group.

    Validated against: scikit-learn's ``cohen_kappa_score``.

    References: Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological
    Measurement, 20, 37-46. Landis, J. R., & Koch, G. G. (1977). The measurement of observer agreement for
    categorical data. Biometrics, 33, 159-174.

    >>> people = [{"region": "North" if at % 2 else "South"} for at in range(80)]
    >>> found = cluster_rule(people, [at % 2 == 1 for at in range(80)])
    >>> found.conditions[0].values, found.kappa
    (('North',), 1.0)
    """
    if len(attributes) != len(inside):
        raise DataError("Attributes and group must be of the same customers.")
    order = np.random.default_rng(seed).permutation(len(inside))
    first, second = order[: len(order) // 2], order[len(order) // 2 :]
    group = np.asarray(inside, dtype=bool)
    people = [attributes[at] for at in first]
    tried = [
        (condition, took)
        for condition in _conditions(people, group[first], least)
        if (took := _taken((condition,), people)).sum() >= least
    ]
    if not tried:
        return None
    scored = [(_kappa(took, group[first]), condition, took) for condition, took in tried]
    best, condition, taken = max(scored, key=lambda each: each[0])
    conditions: tuple[Condition, ...] = (condition,)
    pairs = [
        (_kappa(both, group[first]), other)
        for _, other, took in scored
        if other.attribute != condition.attribute and (both := taken & took).sum() >= least
    ]
    more, other = max(pairs, key=lambda each: each[0], default=(0.0, condition))
    if more >= best + _LEAST_GAIN:
        conditions = (condition, other)
    took = _taken(conditions, [attributes[at] for at in second])
    return _measured(conditions, took, group[second], seed, critical_z(confidence))


def _measured(
    conditions: tuple[Condition, ...], took: Booleans, group: Booleans, seed: int, z: float
) -> ClusterRule:
    both = int((took & group).sum())
    cells = (both, int(took.sum()) - both, int(group.sum()) - both, int((~took & ~group).sum()))
    return ClusterRule(
        conditions,
        _share(both, both + cells[1], z),
        _share(both, both + cells[2], z),
        _kappa(took, group),
        cells,
        seed,
    )


def _share(part: int, n: int, z: float) -> Share:
    if not n:
        return Share(0.0, 0.0, 1.0, 0)
    return Share(part / n, *wilson(part / n, n, z), n)


def _kappa(took: Booleans, group: Booleans) -> float:
    n = len(group)
    agreed = float((took == group).mean()) if n else 0.0
    chance = (took.sum() * group.sum() + (~took).sum() * (~group).sum()) / n**2 if n else 1.0
    return float((agreed - chance) / (1 - chance)) if chance < 1 else 0.0


def _taken(conditions: Sequence[Condition], people: Sequence[Mapping[str, Value]]) -> Booleans:
    return np.array(
        [all(one.holds(each.get(one.attribute)) for one in conditions) for each in people],
        dtype=bool,
    )


def _conditions(
    people: Sequence[Mapping[str, Value]], group: Booleans, least: int
) -> Iterator[Condition]:
    for name in sorted({name for each in people for name in each}):
        known = [
            (each[name], bool(own)) for each, own in zip(people, group, strict=True) if name in each
        ]
        numbers = [value for value, _ in known if type(value) in (int, float)]
        if len(numbers) == len(known) and len(set(numbers)) > _MOST_VALUES:
            ordered = sorted(float(value) for value in numbers)
            for limit in {ordered[len(ordered) * tenth // 10] for tenth in range(1, 10)}:
                tidy = int(limit) if limit.is_integer() else limit
                yield Condition(name, ">=", (tidy,))
                yield Condition(name, "<", (tidy,))
            continue
        yield from _memberships(name, known, least)


def _memberships(name: str, known: Sequence[tuple[Value, bool]], least: int) -> Iterator[Condition]:
    """The values from the one with the largest share in the group on; those of too few are not named."""
    n = Counter((type(value), value) for value, _ in known)
    own = Counter((type(value), value) for value, there in known if there)
    frequent = [key for key, count in n.items() if count >= least]
    order = sorted(frequent, key=lambda key: (-own[key] / n[key], str(key[1])))
    for count in range(1, min(len(order), _MOST_VALUES + 1)):
        yield Condition(name, "in", tuple(value for _, value in order[:count]))
