"""Least squares on a series of means, with errors that allow for noise that goes on from month to month."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from analysis.errors import DataError

LEAST_FREEDOM = 2  # below it an interval says nothing


@dataclass(frozen=True)
class Term:
    """A linear combination of a regression's coefficients; ``p`` is two-sided."""

    estimate: float
    se: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class SeriesFit:
    """Coefficients with two covariances, of which each combination takes the larger variance.

    ``robust`` is Newey and West's; ``sampling`` is what the answers' own spread alone gives, a floor
    that a short series without noise of its own would fall below by chance.
    """

    coefficients: np.ndarray
    robust: np.ndarray
    sampling: np.ndarray
    residuals: np.ndarray
    freedom: int
    lags: int
    confidence: float

    def term(self, weights: np.ndarray) -> Term:
        """A combination of the coefficients with its t interval."""
        estimate = float(weights @ self.coefficients)
        variances = [float(weights @ each @ weights) for each in (self.robust, self.sampling)]
        error = math.sqrt(max(*variances, 0.0))
        reach = float(stdtrit(self.freedom, (1 + self.confidence) / 2)) * error
        p = float(2 * stdtr(self.freedom, -abs(estimate) / error)) if error else float(not estimate)
        return Term(estimate, error, estimate - reach, estimate + reach, p)


def newey_west_lags(n: int) -> int:
    """How many lags to allow for in a series of n values: 4 (n / 100) ** (2 / 9), rounded down."""
    return int(4 * (n / 100) ** (2 / 9))


def series_fit(
    design: np.ndarray,
    values: np.ndarray,
    *,
    times: np.ndarray,
    weights: np.ndarray,
    variances: np.ndarray,
    confidence: float = 0.95,
) -> SeriesFit:
    """Weighted least squares of a series, with autocorrelation-robust errors (Newey & West 1987).

    ``design`` (n, k) with its constant, ``values`` (n,), ``times`` (n,) whole numbers that rise, ``weights``
    (n,) such as numbers of answers, ``variances`` (n,): the sampling variance of each value. Bartlett's
    kernel by the distance in time, so that a gap counts as one; n / (n - k) and t with n - k degrees
    of freedom for the small sample. Raises DataError for fewer than k + 2 values and for a design
    whose columns depend on each other.

    Validated against statsmodels 0.15.0, ``WLS(y, x, w).fit(cov_type="HAC", cov_kwds={"maxlags": L,
    "use_correction": True}, use_t=True)``.

    References: Newey, W. K., & West, K. D. (1987). A simple, positive semi-definite, heteroskedasticity
    and autocorrelation consistent covariance matrix. Econometrica, 55, 703-708. Newey, W. K., & West,
    K. D. (1994). Automatic lag selection in covariance matrix estimation. Review of Economic Studies,
    61, 631-653.
    """
    n, k = design.shape
    if n - k < LEAST_FREEDOM:
        raise DataError(f"{n} values are too few for {k} coefficients; give {k + LEAST_FREEDOM}")
    if np.linalg.matrix_rank(design) < k:
        raise DataError("the columns of the design depend on each other; leave one out")
    bread = np.linalg.inv(design.T @ (weights[:, None] * design))
    pull = bread @ (design * weights[:, None]).T
    coefficients = pull @ values
    residuals = values - design @ coefficients
    lags = newey_west_lags(n)
    apart = np.abs(times[:, None] - times[None, :])
    kernel = np.clip(1 - apart / (lags + 1), 0, None)
    scores = design * (weights * residuals)[:, None]
    robust = bread @ (scores.T @ kernel @ scores) @ bread * n / (n - k)
    sampling = (pull * variances) @ pull.T
    return SeriesFit(coefficients, robust, sampling, residuals, n - k, lags, confidence)
