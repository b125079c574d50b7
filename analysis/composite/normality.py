"""Is a construct's score normally distributed? Anderson and Darling's test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import log_ndtr


@dataclass(frozen=True)
class ScoreNormality:
    """Skewness and excess kurtosis of a score, and the test of normality; small p: not normal."""

    construct: str
    skewness: float
    kurtosis: float
    statistic: float
    p: float


def score_normality(construct: str, values: np.ndarray) -> ScoreNormality:
    """Anderson-Darling A2 with estimated mean and variance, p by Stephens' approximation.

    D'Agostino & Stephens (1986), Goodness-of-fit techniques, table 4.9, as R nortest's ``ad.test``.

    >>> round(score_normality("x", np.arange(20.0)).p, 4)
    0.8064
    """
    n = len(values)
    z = np.sort((values - values.mean()) / values.std(ddof=1))
    ranks = 2 * np.arange(1, n + 1) - 1
    a = -n - float(np.mean(ranks * (log_ndtr(z) + log_ndtr(-z[::-1]))))
    a *= 1 + 0.75 / n + 2.25 / n**2
    if a < 0.2:
        p = 1 - np.exp(-13.436 + 101.14 * a - 223.73 * a**2)
    elif a < 0.34:
        p = 1 - np.exp(-8.318 + 42.796 * a - 59.938 * a**2)
    elif a < 0.6:
        p = np.exp(0.9177 - 4.279 * a - 1.38 * a**2)
    else:
        p = np.exp(1.2937 - 5.709 * a + 0.0186 * a**2) if a < 10 else 3.7e-24
    return ScoreNormality(
        construct,
        float(stats.skew(values)),
        float(stats.kurtosis(values)),
        a,
        float(p),
    )
