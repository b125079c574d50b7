"""One variable at a time: ordinal answers by a probit model, numbers by a regression, given predictors.

Each gives its own parameters (thresholds or a mean, slopes, a variance of numbers) and every row's
gradient of its log-likelihood for them; pairs of variables take the rest (``limited_pairs``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from analysis.covariance.matrices import Array

FAR = 9.0  # standard deviations beyond which no probability is left
MAX_STEPS = 100
CERTAIN = 0.999  # a probability of every answer that no model of chance gives


@dataclass(frozen=True)
class OrdinalVariable:
    """An ordinal item: ``codes`` (n,) from 0, ``thresholds``, ``slopes`` (q,) on the predictors (n, q).

    Its response has variance 1 given the predictors.
    """

    codes: Array
    thresholds: Array
    slopes: Array
    predictors: Array

    @property
    def size(self) -> int:
        """Number of its own parameters: thresholds, then slopes."""
        return len(self.thresholds) + len(self.slopes)

    @property
    def estimates(self) -> Array:
        """Its own parameters."""
        return np.concatenate([self.thresholds, self.slopes])

    def bounds(self) -> tuple[Array, Array]:
        """Each row's lower and upper bound (n,) of what the predictors leave of the response."""
        edges = np.concatenate([[-FAR], self.thresholds, [FAR]])
        shift = self.predictors @ self.slopes if len(self.slopes) else 0.0
        lower, upper = edges[self.codes] - shift, edges[self.codes + 1] - shift
        last = len(self.thresholds)
        lower = np.where(self.codes == 0, -FAR, np.clip(lower, -FAR, FAR))
        upper = np.where(self.codes == last, FAR, np.clip(upper, -FAR, FAR))
        return lower, upper

    def by_bounds(self, by_lower: Array, by_upper: Array) -> Array:
        """Gradients for its own parameters (n, size) from those for the bounds (n,)."""
        k = len(self.thresholds)
        at = np.arange(k)
        scores = np.empty((len(self.codes), self.size))
        scores[:, :k] = np.where(self.codes[:, None] == at, by_upper[:, None], 0.0)
        scores[:, :k] += np.where(self.codes[:, None] == at + 1, by_lower[:, None], 0.0)
        if len(self.slopes):
            inner = np.where(self.codes < k, by_upper, 0.0) + np.where(
                self.codes > 0, by_lower, 0.0
            )
            scores[:, k:] = -inner[:, None] * self.predictors
        return scores

    def scores(self) -> Array:
        """Each row's gradient (n, size) of its own log-likelihood."""
        lower, upper = self.bounds()
        probability = np.maximum(between(lower, upper), 1e-300)
        return self.by_bounds(-density(lower) / probability, density(upper) / probability)


@dataclass(frozen=True)
class NumericVariable:
    """A number: intercept, ``slopes`` (q,) on the predictors and residual variance; ``residuals`` (n,)
    are standardised.
    """

    residuals: Array
    intercept: float
    slopes: Array
    variance: float
    predictors: Array

    @property
    def size(self) -> int:
        """Number of its own parameters: intercept, slopes, variance."""
        return len(self.slopes) + 2

    @property
    def estimates(self) -> Array:
        """Its own parameters."""
        return np.concatenate([[self.intercept], self.slopes, [self.variance]])

    def by_residual(self, slope: Array, direct: float) -> Array:
        """Gradients for its own parameters (n, size) from those for the standardised residual (n,);
        ``direct`` is the density's own dependence on the scale: -1 of the variable's likelihood.
        """
        sd = np.sqrt(self.variance)
        scores = np.empty((len(slope), self.size))
        scores[:, 0] = -slope / sd
        scores[:, 1:-1] = -slope[:, None] * self.predictors / sd
        scores[:, -1] = (direct - slope * self.residuals) / (2 * self.variance)
        return scores

    def scores(self) -> Array:
        """Each row's gradient (n, size) of its own log-likelihood."""
        return self.by_residual(-self.residuals, -1.0)


Variable = OrdinalVariable | NumericVariable


def of_rows(variable: Variable, rows: Array) -> Variable:
    """The variable in some of its rows, with the same parameters."""
    predictors = variable.predictors[rows]
    if isinstance(variable, OrdinalVariable):
        return replace(variable, codes=variable.codes[rows], predictors=predictors)
    return replace(variable, residuals=variable.residuals[rows], predictors=predictors)


def density(x: Array) -> Array:
    """The standard normal density."""
    return np.asarray(np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi))


def between(lower: Array, upper: Array) -> Array:
    """The normal probability between two bounds, to its own last digit in either tail."""
    turned = lower > 0
    low, high = np.where(turned, -upper, lower), np.where(turned, -lower, upper)
    return np.asarray(special.ndtr(high) - special.ndtr(low))


def numeric_variable(values: Array, predictors: Array, weights: Array) -> NumericVariable:
    """Regression of numbers (n,) on the predictors (n, q), variance with divisor the weights' sum."""
    design = np.column_stack([np.ones(len(values)), predictors])
    weighted = design * weights[:, None]
    found = np.linalg.solve(design.T @ weighted, weighted.T @ values)
    left = values - design @ found
    variance = float(weights @ left**2 / weights.sum())
    residuals = left / np.sqrt(variance)
    return NumericVariable(residuals, float(found[0]), found[1:], variance, predictors)


def ordinal_variable(
    codes: Array, thresholds: int, predictors: Array, weights: Array
) -> OrdinalVariable | None:
    """Thresholds and slopes by maximum likelihood, in Fisher's scoring; closed without predictors. None
    where the predictors separate the answers, and no slopes are the likeliest.
    """
    counts = np.bincount(codes, weights, minlength=thresholds + 1)
    tau = special.ndtri(np.cumsum(counts)[:-1] / weights.sum())
    q = predictors.shape[1]
    if not q:
        return OrdinalVariable(codes, tau, np.zeros(0), predictors)
    # About the predictors' means and in their units, where thresholds and slopes hardly depend.
    mean = weights @ predictors / weights.sum()
    sd = np.sqrt(weights @ (predictors - mean) ** 2 / weights.sum())
    around = (predictors - mean) / sd
    found = OrdinalVariable(codes, tau, np.zeros(q), around)
    for _ in range(MAX_STEPS):
        slope, information = _scoring(found, weights)
        try:
            step = np.linalg.solve(information, slope)
        except np.linalg.LinAlgError:
            return None
        estimates = found.estimates + step
        if not np.abs(estimates).max() < FAR:
            return None
        found = OrdinalVariable(codes, estimates[:thresholds], estimates[thresholds:], around)
        if np.abs(step).max() < 1e-12:
            break
    certain = float(between(*found.bounds()).min()) > CERTAIN
    if certain or np.abs(step).max() > 1e-6:
        return None
    slopes = found.slopes / sd
    return OrdinalVariable(codes, found.thresholds + float(mean @ slopes), slopes, predictors)


def _scoring(found: OrdinalVariable, weights: Array) -> tuple[Array, Array]:
    """Gradient (size,) and expected information (size, size)."""
    k = len(found.thresholds)
    shift = found.predictors @ found.slopes
    edges = found.thresholds - shift[:, None]  # (n, k)
    at_edges = density(edges)
    below = special.ndtr(edges)
    n = len(shift)
    probability = np.diff(np.column_stack([np.zeros(n), below, np.ones(n)]), axis=1)
    # Below this the difference of two distribution functions is their rounding, which would count.
    probability = np.maximum(probability, 1e-14)
    information = np.zeros((found.size,) * 2)
    for category in range(k + 1):
        own = np.zeros((n, found.size))
        if category < k:
            own[:, category] += at_edges[:, category]
            own[:, k:] -= at_edges[:, category, None] * found.predictors
        if category > 0:
            own[:, category - 1] -= at_edges[:, category - 1]
            own[:, k:] += at_edges[:, category - 1, None] * found.predictors
        information += own.T @ (own * (weights / probability[:, category])[:, None])
    return weights @ found.scores(), information
