"""Ordinal logistic regression: proportional odds by maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special

from analysis.errors import DataError

MOST_STEPS = 100
CLOSE = 1e-9  # Newton decrement, in units of the log-likelihood
FAR = 30.0  # on the logit, beyond which an estimate is on its way to infinity


@dataclass(frozen=True)
class OddsFit:
    """Thresholds (k - 1,), slopes (q,), their covariance (k - 1 + q, k - 1 + q), log-likelihood and that
    of the thresholds alone. ``converged`` is False also where estimates run to infinity.
    """

    n: int
    thresholds: np.ndarray
    slopes: np.ndarray
    covariance: np.ndarray
    loglik: float
    null_loglik: float
    converged: bool

    @cached_property
    def slope_errors(self) -> np.ndarray:
        """Standard errors of the slopes (q,)."""
        own = np.diag(self.covariance)[len(self.thresholds) :]
        return np.sqrt(np.maximum(own, 0))

    @property
    def mcfadden(self) -> float:
        """McFadden's pseudo R squared."""
        return 1 - self.loglik / self.null_loglik

    @property
    def nagelkerke(self) -> float:
        """Nagelkerke's pseudo R squared: Cox and Snell's, of its largest possible value."""
        most = 1 - np.exp(2 * self.null_loglik / self.n)
        return float((1 - np.exp(2 * (self.null_loglik - self.loglik) / self.n)) / most)

    def expected(self, predictors: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The expected answer (n,) at predictors (n, q), the categories being worth ``values`` (k,)."""
        below = special.expit(self.thresholds - (predictors @ self.slopes)[:, None])
        edges = np.hstack([np.zeros((len(below), 1)), below, np.ones((len(below), 1))])
        return np.asarray(np.diff(edges, axis=1) @ values)


def fit_odds(
    answers: np.ndarray, predictors: np.ndarray, times: np.ndarray | None = None
) -> OddsFit:
    """Fit P(answer <= k) = logistic(threshold_k - predictors @ slopes) by Newton's method.

    ``answers`` (n,): categories 0 to k - 1, each of which occurs; ``predictors`` (n, q), q >= 0;
    ``times`` (n,): how many equal rows each row stands for, by default one. The log-likelihood is concave, so that steps are only ever shortened. Errors are of the observed
    information.

    Raises DataError for fewer than two categories or a category that does not occur.

    Validated against: R MASS 7.3-58 ``polr``. References: McCullagh (1980).
    """
    times = np.ones(len(answers)) if times is None else np.asarray(times, dtype=float)
    counts = np.bincount(answers, weights=times)
    if len(counts) < 2 or (counts == 0).any():
        raise DataError("an ordinal regression needs two categories or more, each of them answered")
    n, cuts, q = int(times.sum()), len(counts) - 1, predictors.shape[1]
    center, spread = predictors.mean(axis=0), predictors.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    scaled = (predictors - center) / spread
    share = np.cumsum(counts)[:-1] / n
    theta = np.concatenate([special.logit(share), np.zeros(q)])
    null = float(counts @ np.log(counts / n))
    loglik, slope, information = _moments(theta, answers, scaled, times, cuts)
    converged = q == 0
    for _ in range(MOST_STEPS if q else 0):
        try:
            step = np.linalg.solve(information, slope)
        except np.linalg.LinAlgError:
            break
        decrement = float(step @ slope)
        size = 1.0
        while size > 1e-6:
            there = theta + size * step
            if (np.diff(there[:cuts]) > 0).all():
                found = _moments(there, answers, scaled, times, cuts)
                if found[0] >= loglik - 1e-12:
                    break
            size /= 2
        else:
            break
        theta, (loglik, slope, information) = there, found
        if decrement < CLOSE * 1e-3:
            converged = True
            break
    converged = converged and bool(np.abs(theta).max() < FAR)
    # Back to the predictors' own units.
    back = np.eye(cuts + q)
    back[:cuts, cuts:] = center / spread
    back[cuts:, cuts:] = np.diag(1 / spread)
    theta = back @ theta
    try:
        covariance = back @ np.linalg.inv(information) @ back.T
    except np.linalg.LinAlgError:
        covariance, converged = np.full((cuts + q, cuts + q), np.nan), False
    return OddsFit(n, theta[:cuts], theta[cuts:], covariance, loglik, null, converged)


def _moments(
    theta: np.ndarray,
    answers: np.ndarray,
    predictors: np.ndarray,
    times: np.ndarray,
    cuts: int,
) -> tuple[float, np.ndarray, np.ndarray]:
    """Log-likelihood, its slope and minus its second derivatives."""
    n = len(answers)
    edges = np.concatenate([[-np.inf], theta[:cuts], [np.inf]])
    shift = predictors @ theta[cuts:]
    upper, lower = edges[answers + 1] - shift, edges[answers] - shift
    above, below = special.expit(upper), special.expit(lower)
    # Where both lie far up, their difference is that of the complements.
    p = np.where(lower > 0, special.expit(-lower) - special.expit(-upper), above - below)
    p = np.maximum(p, 1e-300)
    dense_above, dense_below = above * (1 - above), below * (1 - below)
    bend_above, bend_below = dense_above * (1 - 2 * above), dense_below * (1 - 2 * below)
    # Slopes of log p for its upper and lower edge.
    a, b = dense_above / p, -dense_below / p
    aa, bb, ab = bend_above / p - a**2, -bend_below / p - b**2, -a * b
    design = np.zeros((2, n, cuts + predictors.shape[1]))
    rows = np.arange(n)
    has_upper, has_lower = answers < cuts, answers > 0
    design[0, rows[has_upper], answers[has_upper]] = 1
    design[1, rows[has_lower], answers[has_lower] - 1] = 1
    design[:, :, cuts:] = -predictors
    up, low = design
    a, b, aa, bb, ab = a * times, b * times, aa * times, bb * times, ab * times
    slope = up.T @ a + low.T @ b
    cross = (up * ab[:, None]).T @ low
    second = (up * aa[:, None]).T @ up + (low * bb[:, None]).T @ low + cross + cross.T
    return float(times @ np.log(p)), slope, -second
