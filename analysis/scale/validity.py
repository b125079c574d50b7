"""Do a factor's items belong together, and apart from other factors' items?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.errors import DataError, MissingItem


def average_variance_extracted(
    loadings: Sequence[float],
    residuals: Sequence[float] | None = None,
    *,
    factor_variance: float = 1.0,
) -> float:
    """AVE (Fornell & Larcker 1981): the factor's share of its items' variance.

    Standardised loadings alone give the mean squared loading; loadings with residual variances in
    the items' units weigh items by their variance (semTools ``AVE``).

    >>> round(average_variance_extracted([.88, .87, .86, .89]), 3)  # SJQ personalization
    0.766
    """
    lam = np.asarray(loadings, dtype=float)
    theta = 1 - lam**2 if residuals is None else np.asarray(residuals, dtype=float)
    explained = float(lam @ lam) * factor_variance
    return explained / (explained + float(theta.sum()))


def fornell_larcker(ave: Mapping[str, float], correlations: pd.DataFrame) -> pd.DataFrame:
    """Square root of AVE on the diagonal, factor correlations off it (Fornell & Larcker 1981).

    Discriminant validity asks that each diagonal value exceed every other value of its row and
    column (``fornell_larcker_holds``).
    """
    table = correlations.astype(float).copy()
    for factor, value in ave.items():
        table.loc[factor, factor] = np.sqrt(value)
    return table


def fornell_larcker_holds(table: pd.DataFrame) -> list[bool | None]:
    """Per factor: does sqrt(AVE) exceed its largest absolute correlation with another factor?

    None where the diagonal is NaN (a single item has no AVE).
    """
    values = np.abs(table.to_numpy(dtype=float))
    own = np.diag(values)
    others = values - np.diag(own)
    np.fill_diagonal(others, 0.0)
    return [
        None if np.isnan(mine) else bool(mine > rest.max())
        for mine, rest in zip(own, others, strict=True)
    ]


def htmt(
    correlation: pd.DataFrame, factors: Mapping[str, Sequence[str]], *, variant: str = "htmt"
) -> pd.DataFrame:
    """Heterotrait-monotrait ratios of every pair of factors, symmetric, diagonal 1.

    correlation: items x items. variant "htmt" averages arithmetically (Henseler, Ringle & Sarstedt
    2015), "htmt2" geometrically (Roemer, Schuberth & Henseler 2021); both take absolute
    correlations, as semTools and seminr do. A single-item factor has no within-correlations: its
    reliability counts as 1 (seminr's rule). Raises MissingItem for an item that is no column.

    Validated against semTools ``htmt`` (HTMT2) and R seminr (HTMT) to 1e-8.
    """
    absent = [i for items in factors.values() for i in items if i not in correlation.columns]
    if absent:
        raise MissingItem(f"not among the correlations: {', '.join(absent)}")
    if variant not in ("htmt", "htmt2"):
        raise DataError(f"variant {variant!r} is not known; use 'htmt' or 'htmt2'")
    names = list(factors)
    r = np.abs(correlation.to_numpy(dtype=float))
    columns = list(correlation.columns)
    blocks = [[columns.index(item) for item in factors[name]] for name in names]
    values = htmt_array(r, blocks, geometric=variant == "htmt2")
    return pd.DataFrame(values, index=names, columns=names)


def htmt_array(
    absolute: np.ndarray, blocks: Sequence[Sequence[int]], *, geometric: bool = False
) -> np.ndarray:
    """HTMT of blocks of columns from absolute correlations (..., p, p) -> (..., k, k).

    Leading axes are replications, so that thousands of bootstrap samples cost one call.
    """
    with np.errstate(divide="ignore"):  # a correlation of exactly 0 makes a geometric mean of 0
        values = np.log(absolute) if geometric else absolute
    k = len(blocks)
    means = np.empty((*absolute.shape[:-2], k, k))
    for i, rows in enumerate(blocks):
        within = values[..., np.asarray(rows)[:, None], np.asarray(rows)]
        upper = np.triu_indices(len(rows), 1)
        means[..., i, i] = (
            within[..., upper[0], upper[1]].mean(axis=-1) if len(rows) > 1 else 1.0 - geometric
        )
        for j in range(i):
            between = values[..., np.asarray(rows)[:, None], np.asarray(blocks[j])]
            means[..., i, j] = means[..., j, i] = between.mean(axis=(-2, -1))
    if geometric:
        means = np.exp(means)
    within_all = np.diagonal(means, axis1=-2, axis2=-1)
    with np.errstate(divide="ignore", invalid="ignore"):  # items without any correlation: no ratio
        result: np.ndarray = means / np.sqrt(within_all[..., :, None] * within_all[..., None, :])
    result[..., range(k), range(k)] = 1.0
    return result
