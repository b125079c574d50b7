"""Differences of weighted scores of independent answers, with the linearised errors of both."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import stdtr, stdtrit

from analysis.errors import DataError
from analysis.metrics import require
from analysis.weighting import WeightedMean

_NO_SPREAD = 1e-6  # an error that is rounding, in parts of the score


@dataclass(frozen=True)
class WeightedDifference:
    """First minus second in the unit of both; ``p`` is two-sided, by Student's t with ``df``."""

    estimate: float
    low: float
    high: float
    error: float
    p: float
    df: float
    confidence: float


def weighted_difference(
    first: WeightedMean, second: WeightedMean, *, confidence: float = 0.95
) -> WeightedDifference | None:
    """First minus second, each weighted for itself to the population; None where one has no spread left, which says
    nothing of how far it may lie off.

    As the answers of both are independent strata, the variance of the difference is the sum of theirs; the
    degrees of freedom are Welch's, since the two spread unequally. Raises TooFewCases for fewer than two
    answers on a side, DataError for a confidence that is none.

    Validated against: R survey 4.1-1, ``svyttest`` and ``svyglm`` of a design with the two as strata, raked
    within each (estimate and error 1e-8; R takes n - 3 degrees of freedom).
    References: Binder, D. A. (1983). International Statistical Review, 51, 279-292. Welch, B. L. (1947).
    Biometrika, 34, 28-35.
    """
    for each in (first, second):
        require(each.n, 2)
    if not 0 < confidence < 1:
        raise DataError(f"a confidence of {confidence:g} is none; give one between 0 and 1")
    gap, parts = first.estimate - second.estimate, (first.error**2, second.error**2)
    error = math.sqrt(sum(parts))
    if any(each.error <= _NO_SPREAD * max(1.0, abs(each.estimate)) for each in (first, second)):
        return None
    df = sum(parts) ** 2 / (parts[0] ** 2 / (first.n - 1) + parts[1] ** 2 / (second.n - 1))
    reach = float(stdtrit(df, (1 + confidence) / 2)) * error
    p = 2 * float(stdtr(df, -abs(gap) / error))
    return WeightedDifference(gap, gap - reach, gap + reach, error, p, df, confidence)
