"""Are the items jointly normal? Mardia's multivariate skewness and kurtosis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.linalg import solve_triangular
from scipy.stats import chi2, norm

from analysis.errors import TooFewCases
from analysis.moments import moments, numeric

CHUNK_BYTES = 2**25


@dataclass(frozen=True)
class Mardia:
    """Skewness b1p with its chi-square test, kurtosis b2p (normal: p (p + 2)) with its z test."""

    n: int
    dropped: int
    skew: float
    skew_chisq: float
    skew_df: int
    skew_pvalue: float
    kurtosis: float
    kurtosis_z: float
    kurtosis_pvalue: float


def mardia(data: pd.DataFrame, items: Sequence[str] | None = None) -> Mardia:
    """Mardia's tests (1970) on complete rows, with the covariance of divisor n - 1.

    Raises TooFewCases unless complete rows exceed items, NoVariance and NotPositiveDefinite as
    ``Moments``. Time grows with n p^2 min(n, p).

    Validated against R psych ``mardia`` and semTools ``mardiaSkew``/``mardiaKurtosis`` (1e-8),
    which divide by n - 1 where Mardia divides by n.
    """
    found = moments(data, items)
    n, p = found.n, len(found.names)
    if n <= p:
        raise TooFewCases(p + 1, n, what="complete rows")
    found.require_positive_definite()
    values = numeric(data, found.names)  # an array of its own, which is whitened in place
    if found.dropped:
        values = values[~np.isnan(values).any(axis=1)]
    values -= found.mean
    root = np.linalg.cholesky(found.cov * n / (n - 1))
    white = solve_triangular(root, values.T, lower=True, overwrite_b=True).T
    b1 = _mean_cubed_products(white)
    b2 = float(np.mean(np.einsum("ij,ij->i", white, white) ** 2))
    chisq = n * b1 / 6
    df = p * (p + 1) * (p + 2) // 6
    z = (b2 - p * (p + 2)) / np.sqrt(8 * p * (p + 2) / n)
    return Mardia(
        n=n,
        dropped=found.dropped,
        skew=b1,
        skew_chisq=chisq,
        skew_df=df,
        skew_pvalue=float(chi2.sf(chisq, df)),
        kurtosis=b2,
        kurtosis_z=float(z),
        kurtosis_pvalue=float(2 * norm.sf(abs(z))),
    )


def _mean_cubed_products(white: np.ndarray) -> float:
    """Mean over all pairs of rows of (x_i'x_j)^3, by whichever of two equal sums is cheaper.

    Pair by pair it costs n^2 p; as the squared length of the mean of x (x) x (x) x, n p^3.
    """
    n, p = white.shape
    if n <= p * p:
        rows = max(1, CHUNK_BYTES // (8 * n))
        sums = [np.sum((white[i : i + rows] @ white.T) ** 3) for i in range(0, n, rows)]
        return float(np.sum(sums) / n**2)
    tensor = np.zeros((p * p, p))
    rows = max(1, CHUNK_BYTES // (8 * p * p))
    for i in range(0, n, rows):
        part = white[i : i + rows]
        tensor += (part[:, :, None] * part[:, None, :]).reshape(len(part), -1).T @ part
    return float(np.sum((tensor / n) ** 2))
