"""Power and sample size of the test of close fit, by RMSEA."""

from __future__ import annotations

from scipy.stats import ncx2

from analysis.errors import DataError

CLOSE, ACTUAL, ALPHA = 0.05, 0.08, 0.05
_MOST = 10_000_000


def power(
    n: int, df: int, *, close: float = CLOSE, actual: float = ACTUAL, alpha: float = ALPHA
) -> float:
    """Probability to reject that RMSEA is at most ``close`` where it is ``actual``.

    n: cases; df: degrees of freedom of the model. Raises DataError unless n > 1, df > 0 and
    0 <= close < actual.

    Notes: chi-square is noncentral with (n - 1) df RMSEA^2. Validated against the printed tables of
    the source. References: MacCallum, Browne & Sugawara 1996.

    >>> round(power(200, 5), 3)
    0.199
    """
    if n < 2 or df < 1 or not 0 <= close < actual:
        raise DataError(
            f"power needs n > 1, df > 0 and close < actual, not {n}, {df}, {close} and {actual}"
        )
    scale = (n - 1) * df
    least = ncx2.ppf(1 - alpha, df, scale * close**2)
    return float(ncx2.sf(least, df, scale * actual**2))


def sample_size(
    df: int,
    wanted: float,
    *,
    close: float = CLOSE,
    actual: float = ACTUAL,
    alpha: float = ALPHA,
) -> int | None:
    """The fewest cases that give the wanted power; None beyond ten million. Raises as ``power``.

    >>> sample_size(100, 0.80)
    132
    """
    low, high = 2, 4
    while power(high, df, close=close, actual=actual, alpha=alpha) < wanted:
        low, high = high, 2 * high
        if high > _MOST:
            return None
    while low < high:
        middle = (low + high) // 2
        if power(middle, df, close=close, actual=actual, alpha=alpha) < wanted:
            low = middle + 1
        else:
            high = middle
    return high
