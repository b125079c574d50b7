"""How much of what the items share may come from the way they were asked.

Tests that need only correlations: Harman's, the Lindell-Whitney marker, full collinearity. Those
that fit models (the CFA marker sequence, the unmeasured latent method factor) are in
``analysis.scale.method_factor``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as t_distribution

from analysis.errors import DataError, TooFewCases
from analysis.moments import Moments, moments, numeric

FULL_COLLINEARITY_CUT = 3.3  # Kock 2015


@dataclass(frozen=True)
class Harman:
    """Unrotated components: how many eigenvalues exceed 1, and shares of variance, descending.

    ``dominated`` when the first takes more than half (Podsakoff & Organ 1986).
    """

    n: int
    eigenvalues: np.ndarray
    shares: np.ndarray
    components: int
    first_share: float
    dominated: bool


@dataclass(frozen=True)
class MarkerCorrelation:
    """A correlation r before and after the marker's r_M is partialled out, with its t test."""

    first: str
    second: str
    r: float
    pvalue: float
    r_adjusted: float
    t: float
    df: int
    pvalue_adjusted: float


@dataclass(frozen=True)
class MarkerTest:
    """Lindell & Whitney's test. ``r_marker`` is the r_M used, ``marker_correlations`` all of them.

    ``still_significant``: every correlation that was significant at .05 stays so.
    """

    n: int
    rule: str
    r_marker: float
    marker_correlations: dict[str, float]
    correlations: tuple[MarkerCorrelation, ...]
    still_significant: bool


def harman(data: pd.DataFrame | Moments, items: Sequence[str] | None = None) -> Harman:
    """Harman's single-factor test: unrotated principal components of all items together.

    A weak test that can only raise an alarm (Podsakoff et al. 2003). Raises DataError below two
    items, TooFewCases and NoVariance as ``Moments``.
    """
    found = moments(data, items)
    p = len(found.names)
    if p < 2:
        raise DataError(f"Harman's test needs at least 2 items, found {p}")
    values = np.linalg.eigvalsh(found.correlation)[::-1].copy()
    return Harman(
        n=found.n,
        eigenvalues=values,
        shares=values / p,
        components=int((values > 1).sum()),
        first_share=float(values[0] / p),
        dominated=bool(values[0] / p > 0.5),
    )


def partial_marker(r: float, r_marker: float, *, n: int) -> tuple[float, float, float]:
    """r_A = (r - r_M) / (1 - r_M), its t with n - 3 degrees of freedom, and two-sided p
    (Lindell & Whitney 2001).

    >>> adjusted, t, p = partial_marker(0.50, 0.10, n=239)
    >>> round(adjusted, 4), round(t, 3)
    (0.4444, 7.622)
    """
    adjusted = (r - r_marker) / (1 - r_marker)
    t = adjusted / np.sqrt((1 - adjusted**2) / (n - 3))
    return adjusted, float(t), float(2 * t_distribution.sf(abs(t), n - 3))


def marker_test(
    data: pd.DataFrame,
    model: Mapping[str, Sequence[str]],
    marker: Sequence[str],
    *,
    rule: str = "smallest",
) -> MarkerTest:
    """Correlations between factors (means of their items) without the marker's share.

    model: factor -> items. marker: items of a scale unrelated by theory. rule: r_M is the
    "smallest" positive correlation of the marker with a factor (Lindell & Whitney 2001), or the
    "mean" of their absolute values. Complete rows. Raises DataError below two factors, and
    NoVariance, MissingItem, TooFewCases as ``Moments``.
    """
    if len(model) < 2:
        raise DataError("the marker test adjusts correlations between factors; give at least two")
    if rule not in ("smallest", "mean"):
        raise DataError(f"rule {rule!r} is not known; use 'smallest' or 'mean'")
    scores = factor_scores(data, {**model, "_marker": marker})
    found = moments(scores, need=5)
    R = found.correlation
    with_marker = dict(zip(model, R[-1, :-1].tolist(), strict=True))
    positive = [r for r in with_marker.values() if r > 0]
    r_marker = (
        min(positive, default=0.0)
        if rule == "smallest"
        else float(np.mean(np.abs(list(with_marker.values()))))
    )
    names = list(model)
    rows = []
    for i, j in zip(*np.triu_indices(len(names), 1), strict=True):
        r = float(R[i, j])
        adjusted, t, p_adjusted = partial_marker(r, r_marker, n=found.n)
        plain_t = r * np.sqrt((found.n - 2) / (1 - r * r))
        rows.append(
            MarkerCorrelation(
                first=names[i],
                second=names[j],
                r=r,
                pvalue=float(2 * t_distribution.sf(abs(plain_t), found.n - 2)),
                r_adjusted=adjusted,
                t=t,
                df=found.n - 3,
                pvalue_adjusted=p_adjusted,
            )
        )
    return MarkerTest(
        n=found.n,
        rule=rule,
        r_marker=r_marker,
        marker_correlations=with_marker,
        correlations=tuple(rows),
        still_significant=all(row.pvalue_adjusted < 0.05 for row in rows if row.pvalue < 0.05),
    )


def full_collinearity_vif(
    data: pd.DataFrame, model: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """Variance inflation of each factor (mean of its items) by all the others (Kock 2015).

    Values above 3.3 point to common-method variance. Complete rows. Raises DataError below two
    factors, NotPositiveDefinite when factors depend on each other exactly.
    """
    if len(model) < 2:
        raise DataError("full collinearity compares factors; give at least two")
    found = moments(factor_scores(data, model))
    if found.n <= len(model):
        raise TooFewCases(len(model) + 1, found.n, what="complete rows")
    found.require_positive_definite()
    inverse = np.linalg.inv(found.correlation)
    return dict(zip(model, np.diag(inverse).tolist(), strict=True))


def factor_scores(data: pd.DataFrame, model: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Each factor as the mean of its items, missing where one of them is."""
    return pd.DataFrame(
        {factor: numeric(data, list(items)).mean(axis=1) for factor, items in model.items()}
    )
