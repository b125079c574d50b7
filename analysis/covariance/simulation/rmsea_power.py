"""Power and sample size of tests of model fit by RMSEA (MacCallum, Browne & Sugawara 1996)."""

from __future__ import annotations

import numpy as np
from scipy import special

from analysis.errors import DataError, ModelError

# Close fit, and a model that does not fit closely (MacCallum, Browne and Sugawara 1996).
CLOSE, ACTUAL, ALPHA = 0.05, 0.08, 0.05
LARGEST_N = 10_000_000


def rmsea_power(
    n: int,
    df: float,
    *,
    rmsea0: float = CLOSE,
    rmsea1: float = ACTUAL,
    alpha: float = ALPHA,
    n_groups: int = 1,
) -> float:
    """Probability of rejecting RMSEA = ``rmsea0`` when it is ``rmsea1``, with n rows (2 or more).

    ``rmsea1`` above ``rmsea0`` is the test of close fit, below it the test of not-close fit;
    ``rmsea0`` = 0 is the test of exact fit. Non-centrality (n - 1) df RMSEA^2 / groups.

    >>> round(rmsea_power(200, 100), 3)
    0.955
    """
    _check(df, rmsea0, rmsea1, alpha)
    if n < 2:
        raise DataError(f"power needs 2 rows or more; found {n}")
    unit = (n - 1) * df / n_groups
    null, true = unit * rmsea0**2, unit * rmsea1**2
    if rmsea1 > rmsea0:
        critical = special.chndtrix(1 - alpha, df, null)
        return float(1 - special.chndtr(critical, df, true))
    critical = special.chndtrix(alpha, df, null)
    return float(special.chndtr(critical, df, true))


def rmsea_sample_size(
    df: float,
    *,
    power: float = 0.80,
    rmsea0: float = CLOSE,
    rmsea1: float = ACTUAL,
    alpha: float = ALPHA,
    n_groups: int = 1,
) -> int:
    """The smallest n with at least this power.

    >>> rmsea_sample_size(100)
    132
    """
    _check(df, rmsea0, rmsea1, alpha)
    if not 0 < power < 1:
        raise DataError(f"power must lie between 0 and 1; found {power}")

    def enough(n: int) -> bool:
        return (
            rmsea_power(n, df, rmsea0=rmsea0, rmsea1=rmsea1, alpha=alpha, n_groups=n_groups)
            >= power
        )

    low, high = 2, 4
    while not enough(high):
        low, high = high, high * 2
        if high > LARGEST_N:
            raise ModelError(
                f"no sample below {LARGEST_N} has power {power}; choose RMSEA values that differ more"
            )
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _check(df: float, rmsea0: float, rmsea1: float, alpha: float) -> None:
    if df <= 0:
        raise ModelError("a model without degrees of freedom cannot be tested")
    if min(rmsea0, rmsea1) < 0 or rmsea0 == rmsea1 or not np.isfinite(rmsea0 + rmsea1):
        raise DataError(
            f"two different RMSEA values from 0 on are needed; found {rmsea0}, {rmsea1}"
        )
    if not 0 < alpha < 1:
        raise DataError(f"alpha must lie between 0 and 1; found {alpha}")
