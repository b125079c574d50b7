"""How fast answers arrive, and when a wanted number of them will be there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import gammaincinv

from analysis.errors import DataError, TooFewCases


@dataclass(frozen=True)
class ArrivalRate:
    """Answers a week with their interval; ``dispersion`` is how much more than by chance weeks differ."""

    estimate: float
    low: float
    high: float
    total: int
    weeks: int
    dispersion: float
    confidence: float
    method: str


@dataclass(frozen=True)
class Wait:
    """Weeks until the wanted number of answers; None: never at this rate.

    ``soonest`` and ``latest`` come from the ends of the rate's interval.
    """

    weeks: float | None
    soonest: float | None
    latest: float | None


def arrival_rate(weekly: Sequence[int], *, confidence: float = 0.95) -> ArrivalRate:
    """The mean of weekly counts with an interval that grows where weeks differ more than by chance.

    Exact limits of a Poisson mean (Garwood 1936) for the total divided by its dispersion, which is
    Pearson's chi-square over its degrees of freedom, at least 1 (McCullagh & Nelder 1989, section
    6.2). Weeks are taken as alike: a campaign that ended is no rate to go on with. Raises TooFewCases
    below two weeks, DataError for a negative count or an impossible confidence.

    Validated against statsmodels 0.15.0 ``confint_poisson(total, weeks, method="exact-c")`` where the
    dispersion is 1. References: Garwood, F. (1936). Fiducial limits for the Poisson distribution.
    Biometrika, 28, 437-442. McCullagh, P., & Nelder, J. A. (1989). Generalized linear models (2nd ed.).

    >>> found = arrival_rate([10, 10, 10, 10])
    >>> found.estimate, round(found.low, 2), round(found.high, 2)
    (10.0, 7.14, 13.62)
    """
    weeks, total = len(weekly), sum(weekly)
    if weeks < 2:
        raise TooFewCases(2, weeks, what="complete weeks")
    if min(weekly) < 0:
        raise DataError("answers cannot be fewer than none")
    if not 0 < confidence < 1:
        raise DataError(f"a confidence of {confidence} is impossible; give a share such as 0.95")
    mean = total / weeks
    chi_square = sum((count - mean) ** 2 for count in weekly) / mean if mean else 0.0
    dispersion = max(1.0, chi_square / (weeks - 1))
    tail = (1 - confidence) / 2
    events, scale = total / dispersion, dispersion / weeks
    return ArrivalRate(
        estimate=mean,
        low=float(gammaincinv(events, tail)) * scale if total else 0.0,
        high=float(gammaincinv(events + 1, 1 - tail)) * scale,
        total=total,
        weeks=weeks,
        dispersion=dispersion,
        confidence=confidence,
        method="exact Poisson limits (Garwood 1936), widened by the dispersion of the weeks",
    )


def wait(missing: int, rate: ArrivalRate, *, longest: float = 260.0) -> Wait:
    """How long ``missing`` more answers take at the rate and at the ends of its interval.

    More than ``longest`` weeks (five years) is never: nothing goes on as it is for so long.

    >>> wait(100, arrival_rate([10, 10, 10, 10])).weeks
    10.0
    >>> wait(100, arrival_rate([0, 0])).weeks is None
    True
    """

    def at(rate: float) -> float | None:
        if missing <= 0:
            return 0.0
        weeks = missing / rate if rate > 0 else math.inf
        return weeks if weeks <= longest else None

    return Wait(weeks=at(rate.estimate), soonest=at(rate.high), latest=at(rate.low))
