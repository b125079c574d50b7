"""How many answers show a change of a wanted size."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtri

from analysis.errors import DataError


@dataclass(frozen=True)
class ChangePower:
    """What the answers of two periods can show; sizes in the unit of the standard deviations.

    ``needed``: answers of the later period that show a change of ``size``; None where the earlier
    one has too few answers for any number to do. ``shown``: the change that the present answers show.
    """

    size: float
    needed: int | None
    shown: float
    power: float
    level: float


def change_power(
    size: float,
    *,
    sd: float,
    n: int,
    sd_before: float,
    n_before: int,
    power: float = 0.8,
    level: float = 0.05,
) -> ChangePower:
    """How many of a later period's answers show a change of ``size`` against an earlier period.

    sd, n: standard deviation of one answer and number of answers now, sd_before and n_before earlier.
    power: the chance that a two-sided test at ``level`` finds a change that is as large as ``size``.
    The normal test of two independent means: n = sd^2 / ((size / (z + z_power))^2 - sd_before^2 /
    n_before). Raises DataError for a size, standard deviation or number that is not above zero.

    Validated against statsmodels 0.15.0 ``NormalIndPower().solve_power`` for equal standard
    deviations. Reference: Chow, S.-C., Shao, J., Wang, H., & Lokhnygina, Y. (2017). Sample size
    calculations in clinical research (3rd ed.), section 3.2. CRC Press.

    >>> change_power(10, sd=80, n=100, sd_before=80, n_before=2000).needed
    671
    """
    if min(size, sd, n, sd_before, n_before) <= 0:
        raise DataError(
            f"size {size:g}, standard deviations {sd:g} and {sd_before:g} and answers {n} and"
            f" {n_before} must be above zero"
        )
    if not (0 < level < power < 1):
        raise DataError(f"level {level:g} and power {power:g} are impossible; use 0.05 and 0.8")
    quantile = float(ndtri(1 - level / 2) + ndtri(power))
    left = (size / quantile) ** 2 - sd_before**2 / n_before
    return ChangePower(
        size=size,
        needed=math.ceil(sd**2 / left - 1e-9) if left > 0 else None,
        shown=quantile * math.sqrt(sd**2 / n + sd_before**2 / n_before),
        power=power,
        level=level,
    )
