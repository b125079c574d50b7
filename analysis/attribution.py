"""Touchpoint attribution: how outcomes are shared out among the touchpoints that came before them.

Every model is a rule for sharing a total. None of them says that a touchpoint caused an outcome.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.errors import DataError, TooFewCases

Floats = NDArray[np.float64]

MODELS = ("first", "last", "linear", "time_decay", "markov", "shapley")


@dataclass(frozen=True)
class Path:
    """Customers who met the same touchpoints in the same order.

    ``converted`` of ``customers`` had the outcome. ``ages``:
    the days from each touchpoint to the outcome, their mean over those who had it; read by the time-decay
    model alone, which weighs all touchpoints alike without them.
    """

    touchpoints: tuple[str, ...]
    customers: int
    converted: int
    ages: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Credit:
    """A touchpoint's part of the outcomes by one model, with the interval of resampled customers.

    ``share`` is between 0 and 1, ``outcomes`` the same in outcomes.
    """

    touchpoint: str
    outcomes: float
    share: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Attribution:
    """A table a model, touchpoints in order of their names; ``removal`` is Markov's effect before it is
    shared out: the share of outcomes that the chain would lose without the touchpoint.
    """

    models: Mapping[str, tuple[Credit, ...]]
    removal: Mapping[str, float]
    customers: int
    outcomes: int
    resamples: int
    seed: int
    half_life: float
    confidence: float


def attribution(
    paths: Sequence[Path],
    *,
    half_life: float = 7.0,
    resamples: int = 1000,
    seed: int = 1,
    confidence: float = 0.95,
) -> Attribution:
    """Every model's credits for these customers, with percentile bootstrap intervals over customers.

    ``half_life``: days in which a touchpoint's weight halves in the time-decay model. A customer belongs
    to one path. Raises DataError for a path without touchpoints, or with more outcomes than customers;
    TooFewCases where nobody had the outcome.

    Notes: linear shares an outcome equally among visits, so that a touchpoint met twice gets two parts.
    Markov: a chain of first order between touchpoints, repeats of the same touchpoint taken as one; the
    removal effect is the share of outcomes lost when every visit to the touchpoint ends in none, solved
    exactly, and the effects are shared out to sum to 1 (Anderl et al. 2016). Shapley: the worth of a set
    of touchpoints is the number of outcomes of customers who met no others; the value then is an equal
    share to each different touchpoint of a path (Zhao et al. 2018).

    Validated against: ChannelAttribution 2.2.5 (first, last, linear, transition probabilities exactly;
    removal effects, which it simulates, to 5e-4), the worked example of Anderl et al. as it is retold,
    and Shapley's own formula over all sets.

    References: Anderl, E., Becker, I., von Wangenheim, F., & Schumann, J. H. (2016). Mapping the customer
    journey. International Journal of Research in Marketing, 33, 457-474. Zhao, K., Mahboobi, S. H., &
    Bagheri, S. R. (2018). Shapley value methods for attribution modeling in online advertising.
    arXiv:1804.05327. Shapley, L. S. (1953). A value for n-person games.

    >>> paths = [Path(("a", "b", "c"), 1, 1), Path(("a",), 1, 0), Path(("b", "c"), 1, 0)]
    >>> [round(credit.share, 3) for credit in attribution(paths, resamples=0).models["markov"]]
    [0.2, 0.4, 0.4]
    """
    _check(paths, half_life)
    names = sorted({name for path in paths for name in path.touchpoints})
    rules = sharing_rules(paths, half_life=half_life)
    chain = _Chain(paths, names)
    converted = np.array([path.converted for path in paths], dtype=float)
    missed = np.array([path.customers - path.converted for path in paths], dtype=float)
    found = {model: converted @ rule for model, rule in rules.items()}
    removal = chain.removal_effects(converted, missed)
    found["markov"] = _normal(removal) * converted.sum()
    drawn = _resampled(rules, chain, converted, missed, resamples, seed)
    tail = (1 - confidence) / 2
    models = {}
    for model in MODELS:
        limits = np.quantile(drawn[model], (tail, 1 - tail), axis=0) if len(drawn[model]) else None
        models[model] = tuple(
            Credit(
                name,
                float(found[model][at]),
                float(found[model][at] / converted.sum()),
                None if limits is None else float(limits[0, at]),
                None if limits is None else float(limits[1, at]),
            )
            for at, name in enumerate(names)
        )
    return Attribution(
        models,
        dict(zip(names, map(float, removal), strict=True)),
        sum(path.customers for path in paths),
        int(converted.sum()),
        len(drawn["first"]),
        seed,
        half_life,
        confidence,
    )


def sharing_rules(paths: Sequence[Path], *, half_life: float = 7.0) -> dict[str, Floats]:
    """By model, Markov's aside, what part of an outcome each touchpoint gets (paths, touchpoints by name).

    A model's credits are the outcomes of the paths times these.

    >>> sharing_rules([Path(("a", "b"), 1, 1), Path(("b",), 1, 0)])["linear"].tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """
    names = sorted({name for path in paths for name in path.touchpoints})
    return {
        "first": _shares(paths, names, lambda path: _one_hot(len(path.touchpoints), 0)),
        "last": _shares(paths, names, lambda path: _one_hot(len(path.touchpoints), -1)),
        "linear": _shares(paths, names, lambda path: np.ones(len(path.touchpoints))),
        "time_decay": _shares(paths, names, lambda path: _decayed(path, half_life)),
        "shapley": _shares(paths, names, _different),
    }


def transitions(paths: Sequence[Path]) -> dict[tuple[str, str], float]:
    """The chain's probabilities: from a touchpoint or "(start)" to a touchpoint, "(outcome)" or "(none)"."""
    names = sorted({name for path in paths for name in path.touchpoints})
    chain = _Chain(paths, names)
    converted = np.array([path.converted for path in paths], dtype=float)
    missed = np.array([path.customers - path.converted for path in paths], dtype=float)
    matrix = chain.probabilities(converted, missed)
    ends = [*names, "(start)", "(outcome)", "(none)"]
    return {
        (ends[row], ends[column]): float(matrix[row, column])
        for row, column in zip(*np.nonzero(matrix), strict=True)
    }


def _check(paths: Sequence[Path], half_life: float) -> None:
    if half_life <= 0:
        raise DataError(f"A half-life of {half_life:g} days is not above 0.")
    for path in paths:
        if not path.touchpoints:
            raise DataError("A path has no touchpoints; leave such customers out.")
        if not 0 <= path.converted <= path.customers:
            raise DataError("A path needs from 0 to n outcomes among its n customers.")
        if path.ages is not None and len(path.ages) != len(path.touchpoints):
            raise DataError("A path needs an age for each of its touchpoints.")
    if not sum(path.converted for path in paths):
        raise TooFewCases(1, 0, what="customers with the outcome")


def _shares(paths: Sequence[Path], names: Sequence[str], rule: Callable[[Path], Floats]) -> Floats:
    """A row a path: what part of one of its outcomes each touchpoint gets."""
    places = {name: at for at, name in enumerate(names)}
    shares = np.zeros((len(paths), len(names)))
    for row, path in enumerate(paths):
        weights = rule(path)
        at = [places[name] for name in path.touchpoints]
        np.add.at(shares[row], at, weights / weights.sum())
    return shares


def _one_hot(length: int, at: int) -> Floats:
    weights = np.zeros(length)
    weights[at] = 1.0
    return weights


def _decayed(path: Path, half_life: float) -> Floats:
    ages = np.zeros(len(path.touchpoints)) if path.ages is None else np.asarray(path.ages)
    return np.asarray(0.5 ** ((ages - ages.min()) / half_life), dtype=float)


def _different(path: Path) -> Floats:
    counts = {name: path.touchpoints.count(name) for name in path.touchpoints}
    return np.array([1 / counts[name] for name in path.touchpoints])


class _Chain:
    """Steps of each path between touchpoints, start and the two ends, kept for quick recounts."""

    def __init__(self, paths: Sequence[Path], names: Sequence[str]) -> None:
        places = {name: at for at, name in enumerate(names)}
        self.count = k = len(names)
        self.start, self.outcome, self.none = k, k + 1, k + 2
        self.size = k + 3
        self.both = np.zeros((len(paths), self.size * self.size))
        self.final = np.array([places[path.touchpoints[-1]] for path in paths])
        for row, path in enumerate(paths):
            before = self.start
            for name in path.touchpoints:
                if places[name] != before:
                    self.both[row, before * self.size + places[name]] += 1
                before = places[name]

    def probabilities(self, converted: Floats, missed: Floats) -> Floats:
        counts = ((converted + missed) @ self.both).reshape(self.size, self.size)
        np.add.at(counts[:, self.outcome], self.final, converted)
        np.add.at(counts[:, self.none], self.final, missed)
        totals = counts.sum(axis=1, keepdims=True)
        return np.asarray(counts / np.where(totals > 0, totals, 1.0), dtype=float)

    def removal_effects(self, converted: Floats, missed: Floats) -> Floats:
        matrix = self.probabilities(converted, missed)
        whole = self._reached(matrix, np.arange(self.count + 1))
        return np.array(
            [
                1 - self._reached(matrix, np.delete(np.arange(self.count + 1), gone)) / whole
                for gone in range(self.count)
            ]
        )

    def _reached(self, matrix: Floats, kept: NDArray[np.intp]) -> float:
        """The probability of the outcome from the start, where only these states are passed."""
        inner = matrix[np.ix_(kept, kept)]
        found = np.linalg.solve(np.eye(len(kept)) - inner, matrix[kept, self.outcome])
        return float(found[-1])  # the start comes last


def _normal(effects: Floats) -> Floats:
    total = float(effects.sum())
    return effects / total if total > 0 else np.full(len(effects), 1 / len(effects))


def _resampled(
    rules: Mapping[str, Floats],
    chain: _Chain,
    converted: Floats,
    missed: Floats,
    resamples: int,
    seed: int,
) -> dict[str, Floats]:
    """Shares by model of customers drawn anew; draws without an outcome have none and are left out."""
    rng = np.random.default_rng(seed)
    both = np.concatenate([converted, missed])
    total = int(both.sum())
    draws = rng.multinomial(total, both / total, size=resamples).astype(float)
    half = len(converted)
    kept = [draw for draw in draws if draw[:half].sum() > 0]
    found: dict[str, list[Floats]] = {model: [] for model in MODELS}
    for draw in kept:
        outcomes = draw[:half]
        for model, rule in rules.items():
            found[model].append(outcomes @ rule / outcomes.sum())
        found["markov"].append(_normal(chain.removal_effects(outcomes, draw[half:])))
    return {model: np.array(each) for model, each in found.items()}


def shapley_by_sets(paths: Sequence[Path]) -> dict[str, float]:
    """Shapley's value of each touchpoint by its definition, over all sets; for up to 12 touchpoints.

    The slow way to what ``attribution`` gets in closed form. Raises DataError for more.
    """
    names = sorted({name for path in paths for name in path.touchpoints})
    if len(names) > 12:
        raise DataError(f"{len(names)} touchpoints make too many sets; 12 is the most.")
    worth = np.zeros(1 << len(names))
    for path in paths:
        worth[sum(1 << names.index(name) for name in set(path.touchpoints))] += path.converted
    for bit in range(len(names)):  # each set's worth is that of all its parts
        for members in range(len(worth)):
            if members >> bit & 1:
                worth[members] += worth[members ^ (1 << bit)]
    k = len(names)
    value = dict.fromkeys(names, 0.0)
    for members in range(len(worth)):
        size = members.bit_count()
        for bit, name in enumerate(names):
            if not members >> bit & 1:
                weight = math.factorial(size) * math.factorial(k - size - 1) / math.factorial(k)
                value[name] += weight * float(worth[members | 1 << bit] - worth[members])
    return value
