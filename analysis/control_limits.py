"""Control limits of a series: how far a value may lie from the usual ones by their ordinary variation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.errors import DataError

FEWEST = 8  # earlier values, below which their moving ranges say little
_D2 = 1.128  # expected range of two values of a normal distribution in standard deviations


@dataclass(frozen=True)
class ControlLimits:
    """The centre line and three standard deviations, from moving ranges, on either side of it."""

    centre: float
    lower: float
    upper: float
    n: int  # of values that the limits rest on

    def breached(self, value: float) -> int:
        """-1 for a value below the limits, 1 for one above them, else 0."""
        return -1 if value < self.lower else int(value > self.upper)


def control_limits(values: Sequence[float]) -> ControlLimits:
    """Limits of an individuals chart (XmR) from earlier values, the oldest first.

    Raises DataError for fewer than ``FEWEST`` values.

    Notes: centre is the mean, the standard deviation is the mean absolute difference of neighbours
    divided by d2 = 1.128. Variation between values counts, that within them does not: sample sizes
    that differ by a factor of two or more make the limits too narrow for the small ones.

    Validated against: NIST/SEMATECH e-Handbook of Statistical Methods, section 6.3.2.2.

    References: Montgomery (2019) Introduction to Statistical Quality Control, 8th ed., section 6.4;
    Wheeler (2000) Understanding Variation, 2nd ed.

    >>> round(control_limits([5, 6, 5, 6, 5, 6, 5, 6]).lower, 2)
    2.84
    """
    if len(values) < FEWEST:
        raise DataError(
            f"{len(values)} values; control limits need at least {FEWEST} earlier ones."
        )
    found = np.asarray(values, dtype=float)
    centre, spread = float(found.mean()), float(np.abs(np.diff(found)).mean()) / _D2
    return ControlLimits(centre, centre - 3 * spread, centre + 3 * spread, len(values))
