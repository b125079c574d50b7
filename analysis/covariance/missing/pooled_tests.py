"""One test over several imputations: D2 from each one's statistic, D3 and D4 from likelihoods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.covariance.missing.pooled_likelihood import Deviances


@dataclass(frozen=True)
class PooledTest:
    """A test of restrictions over imputations: ``f`` on ``df1`` and ``df2`` degrees of freedom.

    ``arv`` is the average relative increase in variance, which the missing cells cost. Under a robust
    estimator D3 and D4 are divided by ``scaling``, the imputations' mean scaling factor, and compared
    with a chi-square: ``df2`` is infinite.
    """

    f: float
    df1: int
    df2: float
    pvalue: float
    arv: float
    scaling: float | None = None


@dataclass(frozen=True)
class PooledTests:
    """The three tests of the same restrictions; None where one does not exist."""

    d2: PooledTest | None
    d3: PooledTest | None
    d4: PooledTest | None


def d2(statistics: Sequence[float], df: int) -> PooledTest | None:
    """D2 of Li, Meng, Raghunathan & Rubin (1991) from chi-squares, without those that do not exist (of a
    difference whose scaling factor is negative); None for fewer than two or no ``df``.
    """
    known = np.asarray([value for value in statistics if np.isfinite(value)])
    m = len(known)
    if df == 0 or m < 2:
        return None
    roots = np.sqrt(np.maximum(known, 0.0))
    arv = (1 + 1 / m) * float(np.var(roots, ddof=1))
    f = (float(known.mean()) / df - (m + 1) / (m - 1) * arv) / (1 + arv)
    df2 = df ** (-3 / m) * (m - 1) * (1 + 1 / arv) ** 2 if arv > 0 else float("inf")
    return _tested(f, df, df2, arv, None)


def d3(
    restricted: Deviances, general: Deviances, df: int, m: int, *, scaling: float | None = None
) -> PooledTest:
    """D3 of Meng & Rubin (1992): the likelihood ratio at the averages of the estimates.

    Validated against: mitml 0.4-4 ``testModels`` and semTools 0.5-6 ``lavTestLRT.mi``. A negative increase
    in variance is 0, as with mitml's ``ariv = "positive"``.
    """
    ratio = restricted.pooled - general.pooled
    arv = _increase(restricted.own - general.own - ratio, df, m)
    t = df * (m - 1)
    with np.errstate(divide="ignore"):
        inverse = float(np.divide(1.0, arv))
    if t > 4:
        df2 = 4 + (t - 4) * (1 + (1 - 2 / t) * inverse) ** 2
    else:
        df2 = t * (1 + 1 / df) * (1 + inverse) ** 2 / 2
    return _tested(ratio / (df * (1 + arv)), df, df2, arv, scaling)


def d4(
    restricted: Deviances, general: Deviances, df: int, m: int, *, scaling: float | None = None
) -> PooledTest:
    """D4 of Chan & Meng (2022): the likelihood ratio of all imputations together, which does not change
    with the way parameters are written.

    Validated against: mitml 0.4-4 ``testModels(method = "D4")``; a negative increase in variance is 0.
    """
    ratio = restricted.stacked - general.stacked
    arv = _increase(restricted.own - general.own - ratio, df, m)
    with np.errstate(divide="ignore"):
        df2 = df * (m - 1) * (1 + float(np.divide(1.0, arv))) ** 2
    return _tested(ratio / (df * (1 + arv)), df, df2, arv, scaling)


def _increase(lost: float, df: int, m: int) -> float:
    return max((m + 1) / (df * (m - 1)) * lost, 0.0)


def _tested(f: float, df: int, df2: float, arv: float, scaling: float | None) -> PooledTest:
    f = max(f, 0.0)
    if scaling is not None:
        f, df2 = (f / scaling, float("inf")) if scaling > 0 else (float("nan"), float("nan"))
    pvalue = float(stats.chi2.sf(f * df, df)) if np.isinf(df2) else float(stats.f.sf(f, df, df2))
    return PooledTest(f, df, float(df2), pvalue, arv, scaling)
