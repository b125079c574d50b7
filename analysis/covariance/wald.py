"""Wald tests and 95 % intervals of estimates from their standard errors."""

from __future__ import annotations

import numpy as np
from scipy import special

from analysis.covariance.matrices import Array

Z_95 = 1.959963984540054


def wald(est: Array, se: Array) -> dict[str, Array]:
    """z, pvalue, ci_lower and ci_upper; z and p are NaN where there is no error, as of fixed values."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(se == 0, np.nan, est / se)
    return {
        "z": z,
        "pvalue": 2 * special.ndtr(-np.abs(z)),
        "ci_lower": est - Z_95 * se,
        "ci_upper": est + Z_95 * se,
    }
