"""Two variables at a time: the correlation of what predictors leave of them, by maximum likelihood.

Polychoric for two ordinal items (Olsson 1979), polyserial for an item and a number (Olsson, Drasgow &
Dorans 1982), Pearson's for two numbers; the variables' own parameters are kept as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy import special

from analysis.covariance.matrices import Array
from analysis.covariance.ordinal.bivariate_normal import bivariate_cdf, bivariate_density
from analysis.covariance.ordinal.limited_variables import (
    FAR,
    NumericVariable,
    OrdinalVariable,
    Variable,
    density,
)

MAX_STEPS = 60
CLOSE = 1e-11
TINY = 1e-14


class Pair(NamedTuple):
    """A correlation with each row's gradient of the pair's log-likelihood for it (n,) and for the two
    variables' own parameters (n, size).
    """

    correlation: float
    scores: Array
    first: Array
    second: Array


def _maximum(score: Callable[[float], tuple[float, float]], x: float) -> float:
    """Where the score is zero, by its secant from a first step of scoring; ``score`` gives it with an
    estimate of the information, both for the correlation's inverse hyperbolic tangent.
    """
    value, information = score(x)
    step = value / max(information, 1e-12)
    for _ in range(MAX_STEPS):
        step = min(max(step, -0.5), 0.5)
        ahead = min(max(x + step, -4.0), 4.0)
        if abs(ahead - x) < CLOSE:
            return ahead
        before, value = value, score(ahead)[0]
        slope = (before - value) / (ahead - x)
        x = ahead
        step = value / (slope if slope > 0.1 * information else information)
    return x


def pair_of(one: Variable, other: Variable, rows: Array, weights: Array) -> Pair:
    """The pair's correlation and scores; ``rows`` (n,) numbers the rows' different predictors."""
    if isinstance(one, OrdinalVariable) and isinstance(other, OrdinalVariable):
        return _polychoric(one, other, rows, weights)
    if isinstance(one, OrdinalVariable) and isinstance(other, NumericVariable):
        return _polyserial(one, other, weights)
    if isinstance(one, NumericVariable) and isinstance(other, OrdinalVariable):
        found = _polyserial(other, one, weights)
        return Pair(found.correlation, found.scores, found.second, found.first)
    if isinstance(one, NumericVariable) and isinstance(other, NumericVariable):
        return _pearson(one, other, weights)
    raise TypeError(type(one), type(other))


def _pearson(one: NumericVariable, other: NumericVariable, weights: Array) -> Pair:
    a, b = one.residuals, other.residuals
    product, squares = a * b, a**2 + b**2
    # Of complete rows the plain correlation at once; of others the variances are those of more rows.
    x = float(np.arctanh(np.clip(weights @ product / weights.sum(), -0.999, 0.999)))

    def score(at: float) -> tuple[float, float]:
        r = float(np.tanh(at))
        slope = r + product - r * (squares - 2 * r * product) / (1 - r**2)
        return float(weights @ slope), float(weights.sum() * (1 + r**2))

    x = _maximum(score, x)
    rho = float(np.tanh(x))
    spread = 1 - rho**2
    by_a, by_b = -(a - rho * b) / spread, -(b - rho * a) / spread
    scores = (rho + product - rho * (squares - 2 * rho * product) / spread) / spread
    return Pair(rho, scores, one.by_residual(by_a, -1.0), other.by_residual(by_b, -1.0))


def _polyserial(one: OrdinalVariable, other: NumericVariable, weights: Array) -> Pair:
    lower, upper = one.bounds()
    z = other.residuals
    total = weights.sum()

    def parts(rho: float) -> tuple[Array, Array, Array, Array, Array]:
        root = np.sqrt(1 - rho**2)
        a, b = (lower - rho * z) / root, (upper - rho * z) / root
        probability = np.maximum(special.ndtr(b) - special.ndtr(a), TINY)
        low, high = density(a), density(b)
        slope = (high * (rho * upper - z) - low * (rho * lower - z)) / root**3
        return slope / probability, low / probability / root, high / probability / root, a, b

    codes = one.codes - weights @ one.codes / total
    spread = max(np.sqrt(weights @ codes**2 / total), 1e-12)
    x = float(np.arctanh(np.clip(weights @ (codes * z) / total / spread, -0.9, 0.9)))

    def score(at: float) -> tuple[float, float]:
        r = float(np.tanh(at))
        own = parts(r)[0] * (1 - r**2)
        return float(weights @ own), float(weights @ own**2)

    x = _maximum(score, x)
    rho = float(np.tanh(x))
    scores, low, high, *_ = parts(rho)
    by_z = -z - rho * (high - low)
    return Pair(rho, scores, one.by_bounds(-low, high), other.by_residual(by_z, -1.0))


def _polychoric(one: OrdinalVariable, other: OrdinalVariable, rows: Array, weights: Array) -> Pair:
    # Rows alike in predictors and both answers are counted once.
    ka, kb = len(one.thresholds) + 1, len(other.thresholds) + 1
    cell = (rows * ka + one.codes) * kb + other.codes
    if len(one.slopes):
        _, first, back = np.unique(cell, return_index=True, return_inverse=True)
        count = np.bincount(back, weights)
        a_low, a_high = (side[first] for side in one.bounds())
        b_low, b_high = (side[first] for side in other.bounds())
    else:
        back, cells = cell, np.arange(ka * kb)
        count = np.bincount(cell, weights, minlength=ka * kb)
        if ka == kb == 2:
            count = _without_empty_cell(count)
        a_low, a_high = replace(one, codes=cells // kb).bounds()
        b_low, b_high = replace(other, codes=cells % kb).bounds()
    x = _start(one, other, weights)

    def score(at: float) -> tuple[float, float]:
        r = float(np.tanh(at))
        own = _by_correlation(a_low, a_high, b_low, b_high, r)[0] * (1 - r**2)
        return float(count @ own), float(count @ own**2)

    x = _maximum(score, x)
    rho = float(np.tanh(x))
    scores, probability = _by_correlation(a_low, a_high, b_low, b_high, rho)
    root = np.sqrt(1 - rho**2)

    def band(edge: Array, low: Array, high: Array) -> Array:
        inside = special.ndtr((high - rho * edge) / root) - special.ndtr((low - rho * edge) / root)
        return np.asarray(np.where(np.abs(edge) < FAR, density(edge) * inside, 0.0) / probability)

    first_scores = one.by_bounds(
        -band(a_low, b_low, b_high)[back], band(a_high, b_low, b_high)[back]
    )
    second_scores = other.by_bounds(
        -band(b_low, a_low, a_high)[back], band(b_high, a_low, a_high)[back]
    )
    return Pair(rho, scores[back], first_scores, second_scores)


def _start(one: OrdinalVariable, other: OrdinalVariable, weights: Array) -> float:
    total = weights.sum()
    a = one.codes - weights @ one.codes / total
    b = other.codes - weights @ other.codes / total
    spread = np.sqrt((weights @ a**2) * (weights @ b**2))
    return float(np.arctanh(np.clip(weights @ (a * b) / max(spread, 1e-12), -0.95, 0.95)))


def _by_correlation(
    a_low: Array, a_high: Array, b_low: Array, b_high: Array, rho: float
) -> tuple[Array, Array]:
    """Gradient of each cell's log-probability for the correlation, and the probability."""
    corners = ((a_high, b_high, 1), (a_low, b_high, -1), (a_high, b_low, -1), (a_low, b_low, 1))
    r = np.asarray(rho)
    probability, slope = np.zeros(len(a_low)), np.zeros(len(a_low))
    for h, k, sign in corners:
        probability += sign * bivariate_cdf(h, k, r)
        slope += sign * bivariate_density(h, k, r)
    probability = np.maximum(probability, TINY)
    return slope / probability, probability


def _without_empty_cell(count: Array) -> Array:
    """Half an answer in an empty cell of two binary items, their margins kept, as for polychorics."""
    if count.min() > 0:
        return count
    half = 0.5 if min(count[0], count[3]) == 0 else -0.5
    return np.asarray(count + half * np.array([1, -1, -1, 1]))
