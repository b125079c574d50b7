"""How much an outcome differs between customers whose scores lie a step apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from analysis.errors import NoVariance, TooFewCases

LEAST = 10  # pairs


@dataclass(frozen=True)
class ExpectedGain:
    """The slope of the outcome on a score, times ``step``, in the outcome's unit."""

    estimate: float
    low: float
    high: float
    n: int
    step: float
    method: str = "simple regression, HC3 errors"


def expected_gain(
    score: NDArray[np.float64],
    outcome: NDArray[np.float64],
    *,
    step: float = 1.0,
    confidence: float = 0.95,
) -> ExpectedGain:
    """By how much the outcome (n,) is higher where the score (n,) is higher by a step.

    What an improvement would bring if customers whose score rises came to answer as those do who give
    the higher score today. That is a description of who answers how, not of a cause. The outcome may be
    coarse, such as -100, 0 and 100 for the Net Promoter Score: errors are robust to unequal spread (HC3),
    the interval is Student's with n - 2 degrees of freedom. Raises TooFewCases below ``LEAST`` pairs
    and NoVariance where all scores are equal.

    Validated against statsmodels 0.15.0, ``OLS(y, x).fit(cov_type="HC3", use_t=True)``. References:
    MacKinnon, J. G., & White, H. (1985). Some heteroskedasticity-consistent covariance matrix
    estimators with improved finite sample properties. Journal of Econometrics, 29, 305-325.
    """
    n = len(score)
    if n < LEAST:
        raise TooFewCases(LEAST, n, what="pairs")
    from_mean = score - score.mean()
    spread = float(from_mean @ from_mean)
    if not np.ptp(score):
        raise NoVariance(f"all {n} scores are {float(score[0]):g}; a slope needs two values")
    slope = float(from_mean @ outcome) / spread
    residuals = outcome - outcome.mean() - slope * from_mean
    leverage = 1 / n + from_mean**2 / spread
    # A point of leverage 1 is fitted exactly; it says nothing of the spread.
    kept = np.divide(residuals, 1 - leverage, out=np.zeros(n), where=leverage < 1 - 1e-12)
    error = float(np.sqrt((from_mean**2 * kept**2).sum())) / spread
    reach = float(stdtrit(n - 2, (1 + confidence) / 2)) * error
    return ExpectedGain(slope * step, (slope - reach) * step, (slope + reach) * step, n, step)
