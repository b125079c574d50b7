"""Necessary condition analysis: without how much of a condition does a level of the outcome not occur?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis.composite.ceilings import Points, ceilings_of, effects, required
from analysis.errors import DataError, NoVariance, TooFewCases
from analysis.moments import numeric
from analysis.threads import one_blas_thread

Technique = Literal["CE-FDH", "CR-FDH"]
TECHNIQUES: tuple[Technique, ...] = ("CE-FDH", "CR-FDH")
Range = tuple[float, float]
# A necessary condition has at least this effect and is significant (Dul 2016; Richter et al. 2020).
LEAST_EFFECT, LEVEL = 0.1, 0.05
LEAST_ROWS = 10
MAX_PERMUTATIONS = 100_000
_SIZES = ((0.5, "very large"), (0.3, "large"), (0.1, "medium"), (0.0, "small"))


def effect_size_word(effect: float) -> str:
    """Dul's (2016) benchmarks: below .1 small, below .3 medium, below .5 large, else very large."""
    return "none" if effect <= 0 else next(word for least, word in _SIZES if effect >= least)


@dataclass(frozen=True)
class Ceiling:
    """The ceiling of a scatter and the empty space above it.

    ``effect`` d is that space as a share of the scope. ``accuracy`` is the share of rows on or
    below the ceiling, ``fit`` its empty space by that of CE-FDH; ``slope`` and ``intercept`` belong
    to CR-FDH. The inefficiencies are the shares of the condition's range above which more of it is
    not needed for any outcome, and of the outcome's below which none of it is. ``p`` is that of the
    permutation test, ``p_error`` its 95 % Monte Carlo margin; None without permutations.
    """

    technique: Technique
    effect: float
    accuracy: float
    fit: float
    slope: float | None
    intercept: float | None
    condition_inefficiency: float | None
    outcome_inefficiency: float | None
    p: float | None
    p_error: float | None

    @property
    def necessary(self) -> bool:
        """Whether the condition counts as necessary: d of at least .1, significant at 5 %."""
        return self.p is not None and self.effect >= LEAST_EFFECT and self.p < LEVEL


@dataclass(frozen=True)
class Bottleneck:
    """What a level of the outcome, in per cent of its range and as ``outcome``, needs.

    ``required`` is a value of the condition, None where none is needed or where no value in its
    range allows the level (``state``); ``below`` the share of rows that have less.
    """

    technique: Technique
    level: float
    outcome: float
    required: float | None
    state: Literal["required", "not necessary", "not attainable"]
    below: float | None


@dataclass(frozen=True)
class Influence:
    """A row, by its label, without which the effects would be others: those without it."""

    row: object
    condition: float
    outcome: float
    ce_fdh: float
    cr_fdh: float

    def effect(self, technique: Technique) -> float:
        """The effect without the row."""
        return self.ce_fdh if technique == "CE-FDH" else self.cr_fdh


@dataclass(frozen=True)
class Condition:
    """One condition: its scope, the corners of the ceiling (k, 2), ceilings, bottlenecks, and the
    rows on the ceiling or at an end of the scope that change an effect when they are left out.
    """

    name: str
    scope: Range
    peers: tuple[tuple[float, float], ...]
    ceilings: tuple[Ceiling, ...]
    bottlenecks: tuple[Bottleneck, ...]
    influential: tuple[Influence, ...]

    def ceiling(self, technique: Technique) -> Ceiling:
        """The ceiling of a technique."""
        return next(each for each in self.ceilings if each.technique == technique)


@dataclass(frozen=True)
class Necessity:
    """Which conditions are necessary for an outcome. ``left_out`` rows lack an answer."""

    outcome: str
    scope: Range
    conditions: tuple[Condition, ...]
    n: int
    left_out: int
    permutations: int
    seed: int | None


@one_blas_thread()
def necessary_conditions(
    data: pd.DataFrame,
    outcome: str,
    conditions: Sequence[str],
    *,
    permutations: int = 10_000,
    seed: int | None = None,
    steps: int | Sequence[float] = 10,
    scope: Mapping[str, Range] | None = None,
) -> Necessity:
    """Necessary condition analysis of each condition's high level for the outcome's high level.

    data: variables in columns; rows that lack one are left out. The ceilings are the step function
    over the highest outcomes so far (CE-FDH) and the straight line through its corners (CR-FDH);
    d is the space above within the scope, the observed ranges or ``scope`` by variable (Dul 2016,
    Organizational Research Methods 19(1)). p is the share of random pairings of condition and
    outcome with at least this d, the observed one counted in (Dul, van der Laan & Kuik 2020,
    Organizational Research Methods 23(2)). ``steps``: the number of equal
    intervals of the bottleneck table, or the outcomes that it is to show.

    A ceiling rests on extreme rows: one wrong answer in the corner removes it. ``influential`` has
    those that change d when they are left out, as R NCA's ``nca_outliers``. No interval of d is given, for none is established.

    Raises MissingItem for an unknown variable, TooFewCases below 10 rows, NoVariance, DataError.

    Validated against R NCA 5.0.1 on its own example (1e-10).

    >>> x = np.arange(11.0)
    >>> found = necessary_conditions(
    ...     pd.DataFrame({"x": x, "y": x}), "y", ["x"], permutations=99, seed=1
    ... )
    >>> round(found.conditions[0].ceiling("CR-FDH").effect, 3)
    0.5
    """
    if outcome in conditions:
        raise DataError(f"{outcome} is the outcome; it cannot be its own condition")
    if not conditions or len(set(conditions)) < len(conditions):
        raise DataError("name at least one condition, each once")
    if not 0 <= permutations <= MAX_PERMUTATIONS:
        raise DataError(f"permutations must lie between 0 and {MAX_PERMUTATIONS}")
    values = numeric(data, [outcome, *conditions])
    whole = ~np.isnan(values).any(axis=1)
    kept, labels = values[whole], data.index[whole]
    if len(kept) < LEAST_ROWS:
        raise TooFewCases(LEAST_ROWS, len(kept), what="complete rows")
    ranges = [
        _range(name, column, scope)
        for name, column in zip([outcome, *conditions], kept.T, strict=True)
    ]
    levels = _levels(steps, outcome, ranges[0])
    given = scope is not None
    streams = np.random.SeedSequence(seed).spawn(len(conditions))
    found = tuple(
        _condition(
            name,
            Points.within(kept[:, k], kept[:, 0], ranges[k], ranges[0]),
            (ranges[k], ranges[0]),
            levels,
            permutations,
            np.random.default_rng(streams[k - 1]),
            _influential(kept[:, k], kept[:, 0], labels, (ranges[k], ranges[0]) if given else None),
        )
        for k, name in enumerate(conditions, start=1)
    )
    return Necessity(
        outcome, ranges[0], found, len(kept), len(values) - len(kept), permutations, seed
    )


def _range(name: str, column: np.ndarray, scope: Mapping[str, Range] | None) -> Range:
    low, high = float(column.min()), float(column.max())
    if low == high:
        raise NoVariance(f"{name}: all {len(column)} values are {low:g}; leave it out")
    if scope is None:
        return low, high
    if name not in scope:
        raise DataError(f"scope names no range for {name}")
    least, most = scope[name]
    if not least <= low < high <= most:
        raise DataError(
            f"{name}: values run from {low:g} to {high:g}, outside its scope from {least:g} to {most:g}"
        )
    return float(least), float(most)


def _levels(steps: int | Sequence[float], outcome: str, scope: Range) -> np.ndarray:
    """The levels of the bottleneck table as shares of the outcome's scope."""
    low, high = scope
    if isinstance(steps, int):
        if not 1 <= steps <= 100:
            raise DataError(f"steps must lie between 1 and 100; got {steps}")
        return np.linspace(0, 1, steps + 1)
    for value in steps:
        if not low <= value <= high:
            raise DataError(
                f"{outcome}: {value:g} lies outside its range from {low:.4g} to {high:.4g}"
            )
    return (np.array(steps, dtype=float) - low) / (high - low)


def _condition(
    name: str,
    points: Points,
    scopes: tuple[Range, Range],
    levels: np.ndarray,
    permutations: int,
    rng: np.random.Generator,
    influential: tuple[Influence, ...],
) -> Condition:
    observed = effects(points, points.y[None, :])[:, 0]
    reached = np.zeros(len(TECHNIQUES))
    step = max(1, 1_000_000 // len(points.y))
    for start in range(0, permutations, step):
        size = min(step, permutations - start)
        shuffled = rng.permuted(np.broadcast_to(points.y, (size, len(points.y))), axis=1)
        reached += (effects(points, shuffled) >= observed[:, None] - 1e-12).sum(axis=1)
    p = (reached + 1) / (permutations + 1)
    (x_low, x_high), (y_low, y_high) = scopes
    shape = ceilings_of(points)
    slope = intercept = None
    if shape.slope is not None and shape.intercept is not None:
        slope = shape.slope * (y_high - y_low) / (x_high - x_low)
        intercept = y_low + shape.intercept * (y_high - y_low) - slope * x_low
    made = []
    for k, technique in enumerate(TECHNIQUES):
        line = technique == "CR-FDH"
        spare = shape.line_inefficiency if line else shape.step_inefficiency
        made.append(
            Ceiling(
                technique,
                float(observed[k]),
                1 - shape.above / len(points.y) if line else 1.0,
                float(observed[k] / observed[0]) if observed[0] > 0 else float("nan"),
                slope if line else None,
                intercept if line else None,
                *spare,
                float(p[k]) if permutations else None,
                _margin(float(p[k]), permutations),
            )
        )
    return Condition(
        name,
        scopes[0],
        tuple(
            (x_low + float(x) * (x_high - x_low), y_low + float(y) * (y_high - y_low))
            for x, y in shape.peers
        ),
        tuple(made),
        tuple(
            _bottleneck(technique, points, level, scopes)
            for technique in TECHNIQUES
            for level in levels.tolist()
        ),
        influential,
    )


def _influential(
    x: np.ndarray, y: np.ndarray, labels: pd.Index, scopes: tuple[Range, Range] | None
) -> tuple[Influence, ...]:
    """Single rows on a corner or at an end of the observed ranges, by how much they change d."""

    def found(keep: np.ndarray) -> np.ndarray | None:
        own = x[keep], y[keep]
        if scopes is None and min(np.ptp(own[0]), np.ptp(own[1])) == 0:
            return None
        given = scopes or tuple((float(v.min()), float(v.max())) for v in own)
        points = Points.within(*own, given[0], given[1])
        return effects(points, points.y[None, :])[:, 0]

    everyone = np.ones(len(x), dtype=bool)
    effect = found(everyone)
    if effect is None:
        return ()
    out = []
    for k in _candidates(x, y):
        keep = everyone.copy()
        keep[k] = False
        without = found(keep)
        if without is not None and np.abs(without - effect).max() > 1e-9:
            out.append(
                Influence(labels[k], float(x[k]), float(y[k]), float(without[0]), float(without[1]))
            )
    return tuple(sorted(out, key=lambda one: -abs(one.ce_fdh - effect[0])))


def _candidates(x: np.ndarray, y: np.ndarray) -> list[int]:
    """Rows that alone stand on a corner of the ceiling or at an end of a range."""
    order = np.lexsort((-y, x))
    highest = np.maximum.accumulate(np.concatenate([[-np.inf], y[order][:-1]]))
    corners = order[y[order] > highest].tolist()
    alone = [k for k in corners if ((x == x[k]) & (y == y[k])).sum() == 1]
    for values in (x, y):
        for end in (values.min(), values.max()):
            at = np.flatnonzero(values == end)
            alone += at.tolist() if len(at) == 1 else []
    return list(dict.fromkeys(alone))


def _margin(p: float, permutations: int) -> float | None:
    if not permutations:
        return None
    return float(stats.norm.ppf(0.975) * np.sqrt(p * (1 - p) / permutations))


def _bottleneck(
    technique: Technique, points: Points, level: float, scopes: tuple[Range, Range]
) -> Bottleneck:
    (x_low, x_high), (y_low, y_high) = scopes
    need = required(ceilings_of(points), level, line=technique == "CR-FDH")
    outcome = float(y_low + level * (y_high - y_low))
    if need is None:
        return Bottleneck(technique, 100 * level, outcome, None, "not attainable", None)
    if need <= 0:
        return Bottleneck(technique, 100 * level, outcome, None, "not necessary", 0.0)
    return Bottleneck(
        technique,
        100 * level,
        outcome,
        float(x_low + need * (x_high - x_low)),
        "required",
        float((points.x < need - 1e-9).mean()),
    )
