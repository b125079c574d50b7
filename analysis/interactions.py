"""Whether two scores go together with an outcome more than each does: is one's slope steeper where the
other is low?
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from analysis.errors import DataError, NoVariance, TooFewCases

Floats = NDArray[np.float64]

LEAST = 50  # rows with both scores and the outcome
AT = (-1.0, 0.0, 1.0)  # standard deviations of the second score from its mean
_SINGULAR = 1e-10  # smallest eigenvalue of the design's correlations


@dataclass(frozen=True)
class Slope:
    """The outcome's difference for one point more of the first score, where the second is ``value``:
    ``at`` standard deviations from its mean.
    """

    at: float
    value: float
    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Interaction:
    """By how much the first score's slope is steeper for one point more of the second.

    ``error`` is HC3's, ``p`` two-sided with n - 4 degrees of freedom. ``main``: slopes of the first and
    the second where the other is at its mean.
    """

    estimate: float
    error: float
    low: float
    high: float
    p: float
    main: tuple[float, float]
    slopes: tuple[Slope, ...]
    n: int
    confidence: float
    method: str = "product of centred scores, HC3 errors"


def interaction(
    first: Floats, second: Floats, outcome: Floats, *, confidence: float = 0.95
) -> Interaction:
    """Regress the outcome (n,) on two centred scores (n,) and their product.

    Symmetric: turning first and second leaves the interaction as it is, and gives the other's simple
    slopes. Errors are robust to unequal spread (HC3), which an outcome such as -100, 0, 100 has. It
    describes who answers how; it is no proof that one score moves the outcome. Raises TooFewCases below
    ``LEAST`` rows, DataError for missing values or unequal lengths, NoVariance for a constant score, and
    DataError where the product is determined by the scores.

    Validated against statsmodels 0.15.0, ``OLS(y, [1, a, b, a * b]).fit(cov_type="HC3", use_t=True)``
    with ``t_test`` for the slopes. References: Aiken, L. S. and West, S. G. (1991). Multiple regression:
    testing and interpreting interactions. MacKinnon, J. G. and White, H. (1985). Some
    heteroskedasticity-consistent covariance matrix estimators with improved finite sample properties.
    Journal of Econometrics, 29, 305-325.
    """
    n = len(outcome)
    if not len(first) == len(second) == n:
        raise DataError(f"{len(first)}, {len(second)} and {n} values; give rows with all three")
    if n < LEAST:
        raise TooFewCases(LEAST, n, what="rows with both scores")
    if not np.isfinite(np.concatenate([first, second, outcome])).all():
        raise DataError("a value is missing or infinite; give complete rows only")
    for name, score in (("first", first), ("second", second)):
        if not np.ptp(score):
            raise NoVariance(f"the {name} score is {float(score[0]):g} in all {n} rows")
    a, b = first - first.mean(), second - second.mean()
    design = np.column_stack([np.ones(n), a, b, a * b])
    scaled = design / np.sqrt((design**2).mean(axis=0))
    if float(np.linalg.eigvalsh(scaled.T @ scaled / n)[0]) < _SINGULAR:
        raise DataError("the scores take too few values together to tell an interaction")
    bread = np.linalg.inv(design.T @ design)
    pull = bread @ design.T
    found = pull @ outcome
    residuals = outcome - design @ found
    leverage = np.einsum("ij,ji->i", design, pull)
    # A row of leverage 1 is fitted exactly; it says nothing of the spread.
    kept = np.divide(residuals, 1 - leverage, out=np.zeros(n), where=leverage < 1 - 1e-12)
    covariance = (pull * kept**2) @ pull.T
    reach = float(stdtrit(n - 4, (1 + confidence) / 2))
    error = math.sqrt(float(covariance[3, 3]))
    estimate = float(found[3])
    spread = float(second.std(ddof=1))
    return Interaction(
        estimate,
        error,
        estimate - reach * error,
        estimate + reach * error,
        float(2 * stdtr(n - 4, -abs(estimate) / error)) if error else float(not estimate),
        (float(found[1]), float(found[2])),
        tuple(_slope(found, covariance, at, float(second.mean()), at * spread, reach) for at in AT),
        n,
        confidence,
    )


def _slope(
    found: Floats, covariance: Floats, at: float, mean: float, apart: float, reach: float
) -> Slope:
    weights = np.array([0.0, 1.0, 0.0, apart])
    estimate = float(weights @ found)
    width = reach * math.sqrt(float(weights @ covariance @ weights))
    return Slope(at, mean + apart, estimate, estimate - width, estimate + width)
