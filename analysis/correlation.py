"""How closely two scores of the same people go together: Pearson's r with its interval and p."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from analysis.compare import Difference, two_sided
from analysis.errors import DataError, TooFewCases
from analysis.metrics import critical_z

Floats = NDArray[np.float64]

FEWEST = 4  # pairs: with three, Fisher's z has no standard error


@dataclass(frozen=True)
class Correlation:
    """``estimate`` is r, -1 to 1; ``p`` is two-sided, for no correlation; ``n`` counts pairs."""

    estimate: float
    low: float
    high: float
    p: float
    n: int
    confidence: float
    method: str


def correlation(first: Floats, second: Floats, *, confidence: float = 0.95) -> Correlation:
    """Pearson's r of two scores (n,) that the same n people gave, with Fisher's z interval and t test.

    Pairs must be complete. The interval takes the pairs as independent and the scores as roughly
    normal; on scales of few points it is a good approximation from some dozens of pairs on. Raises
    DataError for unequal lengths, missing values and a constant score, TooFewCases below four pairs.

    Validated against pingouin 0.7.0 (``corr(x, y)``: r, CI95, p_val). Reference: Fisher, R. A. (1921).
    On the "probable error" of a coefficient of correlation deduced from a small sample. Metron, 1,
    3-32.

    >>> found = correlation(np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 1, 4, 3, 5]))
    >>> round(found.estimate, 3), round(found.low, 3), round(found.high, 3), round(found.p, 3)
    (0.8, -0.28, 0.986, 0.104)
    """
    if first.ndim != 1 or first.shape != second.shape:
        raise DataError(f"scores of {first.shape} and {second.shape} are no pairs")
    n = len(first)
    if n < FEWEST:
        raise TooFewCases(FEWEST, n, what="pairs")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise DataError("a value is missing or infinite; give complete pairs only")
    for name, values in (("first", first), ("second", second)):
        if np.ptp(values) == 0:
            raise DataError(f"the {name} score is {values[0]:g} in all {n} pairs; nothing varies")
    a, b = first - first.mean(), second - second.mean()
    r = float(np.clip(a @ b / math.sqrt((a @ a) * (b @ b)), -1, 1))
    return Correlation(
        r, *_interval(r, n, confidence), _p(r, n), n, confidence, "Pearson's r, Fisher's z interval"
    )


def _interval(r: float, n: int, confidence: float) -> tuple[float, float]:
    if abs(r) == 1:
        return r, r
    z, reach = math.atanh(r), critical_z(confidence) / math.sqrt(n - 3)
    return math.tanh(z - reach), math.tanh(z + reach)


def _p(r: float, n: int) -> float:
    if abs(r) == 1:
        return 0.0
    t = r * math.sqrt((n - 2) / (1 - r * r))
    return float(2 * stdtr(n - 2, -abs(t)))


def correlation_difference(first: Correlation, second: Correlation) -> Difference:
    """First r minus second for two groups of different people, with interval, p and Cohen's q.

    The interval joins both correlations' own (Zou 2007), p is that of Fisher's z. Raises DataError for
    two confidences, and for a perfect correlation, which has no standard error.

    Validated against R's cocor 1.1 (``cocor.indep.groups``: fisher1925, zou2007). References: Zou, G. Y.
    (2007). Toward using confidence intervals to compare correlations. Psychological Methods, 12,
    399-413. Fisher, R. A. (1925). Statistical methods for research workers. Cohen, J. (1988).
    Statistical power analysis for the behavioral sciences (2nd ed.).

    >>> x = np.array([1.0, 2, 3, 4, 5])
    >>> one, other = (correlation(x, np.array(y)) for y in ([2.0, 1, 4, 3, 5], [2.0, 5, 1, 4, 3]))
    >>> found = correlation_difference(one, other)
    >>> round(found.estimate, 3), round(found.p, 3)
    (0.7, 0.318)
    """
    if first.confidence != second.confidence:
        raise DataError(
            f"confidences of {first.confidence:g} and {second.confidence:g} differ; use one for both"
        )
    if max(abs(first.estimate), abs(second.estimate)) == 1:
        raise DataError("a perfect correlation has no standard error; compare others")
    gap = math.atanh(first.estimate) - math.atanh(second.estimate)
    error = math.sqrt(1 / (first.n - 3) + 1 / (second.n - 3))
    size = first.estimate - second.estimate
    return Difference(
        estimate=size,
        low=size - math.hypot(first.estimate - first.low, second.high - second.estimate),
        high=size + math.hypot(first.high - first.estimate, second.estimate - second.low),
        p=two_sided(gap / error),
        n=(first.n, second.n),
        confidence=first.confidence,
        method="Zou's interval (2007), Fisher's z test",
        effect=gap,
        effect_name="Cohen's q",
    )
