"""How many rows a composite model needs for a path to be seen."""

from __future__ import annotations

import math

from scipy import stats

from analysis.errors import DataError


def minimum_n(path: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Rows needed to find a standardised path of this size: ((z_1-alpha + z_power) / |path|)^2.

    The inverse square root method (Kock & Hadaya 2018, Information Systems Journal 28(1)), with
    their one-sided critical value; rounded up. Raises DataError for a path outside (0, 1] in size
    or probabilities outside (0, 1).

    >>> minimum_n(0.2)
    155
    """
    if not 0 < abs(path) <= 1:
        raise DataError(f"the path must lie in (0, 1] in size, found {path}")
    if not (0 < alpha < 1 and 0 < power < 1):
        raise DataError(f"alpha and power must lie between 0 and 1, found {alpha} and {power}")
    z = stats.norm.ppf(1 - alpha) + stats.norm.ppf(power)
    return math.ceil((z / abs(path)) ** 2)


def detectable_path(n: int, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """The smallest path that n rows find with this power; the reverse of ``minimum_n``."""
    if n < 2:
        raise DataError(f"n must be at least 2, found {n}")
    return float((stats.norm.ppf(1 - alpha) + stats.norm.ppf(power)) / math.sqrt(n))
