"""How free of measurement error a scale's sum is: alpha, omega and composite reliability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import f as f_distribution

from analysis.covariance.ordinal.polychoric import polychoric
from analysis.errors import DataError, NoVariance, TooFewCases
from analysis.moments import Moments, moments


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval at ``level`` (0.95: 95 %)."""

    estimate: float
    lower: float
    upper: float
    level: float = 0.95


@dataclass(frozen=True)
class ItemReliability:
    """An item's part in its scale. ``alpha_if_dropped`` is NaN in scales of two items."""

    item: str
    item_rest_correlation: float
    alpha_if_dropped: float


@dataclass(frozen=True)
class AlphaResult:
    """Cronbach's alpha of one scale with Feldt's interval; complete rows on its items."""

    alpha: Interval
    standardised: float
    mean_correlation: float
    n: int
    dropped: int
    items: tuple[ItemReliability, ...]


def alpha_of(cov: np.ndarray) -> float:
    """Coefficient alpha (Cronbach 1951) of the sum of k >= 2 items with covariance (k, k)."""
    k = len(cov)
    return float(k / (k - 1) * (1 - np.trace(cov) / cov.sum()))


def feldt_interval(alpha: float, *, n: int, k: int, level: float = 0.95) -> Interval:
    """Confidence interval of alpha for n people and k items (Feldt, Woodruff & Salih 1987)."""
    df1 = n - 1
    df2 = df1 * (k - 1)
    tail = (1 - level) / 2
    return Interval(
        alpha,
        float(1 - (1 - alpha) * f_distribution.isf(tail, df1, df2)),
        float(1 - (1 - alpha) * f_distribution.ppf(tail, df1, df2)),
        level,
    )


def cronbach_alpha(
    data: pd.DataFrame | Moments, items: Sequence[str] | None = None, *, level: float = 0.95
) -> AlphaResult:
    """Alpha, its interval, and what each item does to it.

    data: items in columns, or their moments; rows with a missing item are left out and counted.
    Raises DataError below two items, NoVariance for a constant item, TooFewCases below 3 rows.

    Computed from the covariance matrix, so that any number of rows costs one pass; pingouin's
    function needs the rows, rounds its interval to three decimals and counts incomplete rows in
    the interval's n; it is the independent check instead (``analysis.scale.pingouin_alpha``).

    Validated against R psych ``alpha`` and ``alpha.ci`` (1e-8) and pingouin 0.7.
    References: Cronbach 1951; Feldt, Woodruff & Salih 1987.

    >>> data = pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 3, 2, 4]})
    >>> round(cronbach_alpha(data).alpha.estimate, 3)
    0.889
    """
    found = moments(data, items)
    k = len(found.names)
    if k < 2:
        raise DataError(f"alpha needs at least 2 items, found {k}")
    if found.n < 3:
        raise TooFewCases(3, found.n, what="complete rows")
    correlation = found.correlation  # names constant items
    cov = found.cov
    if cov.sum() <= 0:
        raise NoVariance(f"{', '.join(found.names)}: the sum of these items is the same everywhere")
    mean_r = float((correlation.sum() - k) / (k * (k - 1)))
    return AlphaResult(
        alpha=feldt_interval(alpha_of(cov), n=found.n, k=k, level=level),
        standardised=k * mean_r / (1 + (k - 1) * mean_r),
        mean_correlation=mean_r,
        n=found.n,
        dropped=found.dropped,
        items=tuple(_item(found.names[i], cov, i) for i in range(k)),
    )


def _item(name: str, cov: np.ndarray, i: int) -> ItemReliability:
    rest = [j for j in range(len(cov)) if j != i]
    rest_cov = cov[np.ix_(rest, rest)]
    scale = np.sqrt(cov[i, i] * rest_cov.sum())
    return ItemReliability(
        item=name,
        item_rest_correlation=float(cov[i, rest].sum() / scale) if scale > 0 else float("nan"),
        alpha_if_dropped=alpha_of(rest_cov) if len(rest) > 1 else float("nan"),
    )


def ordinal_alpha(data: pd.DataFrame, items: Sequence[str] | None = None) -> float:
    """Alpha of the continuous answers that ordered categories are thought to cut: from polychoric
    correlations (Zumbo, Gadermann & Zeisser 2007), on complete rows.

    Raises as ``polychoric``, and DataError below two items.

    Validated against alpha of lavaan 0.6-14 ``lavCor``'s matrix on a simulated 7-point set (1e-8).
    """
    names = tuple(data.columns) if items is None else tuple(items)
    if len(names) < 2:
        raise DataError(f"alpha needs at least 2 items, found {len(names)}")
    return alpha_of(polychoric(data, names).correlation)


def omega(
    loadings: Sequence[float],
    residuals: Sequence[float],
    *,
    factor_variance: float = 1.0,
    total_variance: float | None = None,
) -> float:
    """Coefficient omega (McDonald 1999) of one factor's unit-weighted sum.

    loadings and residual variances in the items' units. With ``total_variance`` (the observed
    variance of the sum: all entries of the items' covariance added up) the denominator is the
    observed one (semTools ``compRelSEM``, omega3); without, the model's (semTools omega).

    Validated against semTools ``reliability`` on lavaan 0.6-14 estimates to 1e-6.
    """
    true = float(np.sum(loadings)) ** 2 * factor_variance
    total = true + float(np.sum(residuals)) if total_variance is None else total_variance
    return true / total


def composite_reliability(loadings: Sequence[float]) -> float:
    """Composite reliability CR (Jöreskog 1971; Fornell & Larcker 1981) from standardised loadings.

    >>> round(composite_reliability([.88, .87, .86, .89]), 3)  # SJQ personalization
    0.929
    """
    lam = np.asarray(loadings, dtype=float)
    return omega(lam.tolist(), (1 - lam**2).tolist())
