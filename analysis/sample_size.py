"""How many answers a survey needs for an interval of a wanted width."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.errors import DataError
from analysis.metrics import critical_z
from instruments.schema import Metric


@dataclass(frozen=True)
class SampleSize:
    """How many answers an interval of +-``margin`` takes, and how many people to ask for them."""

    n: int
    invitations: int | None
    margin: float
    confidence: float
    definition: str


# The standard deviation of one answer, in the metric's unit, for planning: the largest possible one
# for shares (half say yes) and a common one for the others.
PLANNING_SD: Mapping[Metric, float] = {
    Metric.CSAT: 50.0,
    Metric.CES: 50.0,
    Metric.SHARE: 50.0,
    Metric.NPS: 80.0,  # 50/30/20 gives 78, thirds give 82
    Metric.INDEX: 25.0,  # on 0 to 100: one and a half points of seven
}


def sample_size(
    margin: float,
    *,
    metric: Metric = Metric.SHARE,
    sd: float | None = None,
    confidence: float = 0.95,
    population: int | None = None,
    response_rate: float | None = None,
) -> SampleSize:
    """How many answers give an interval of about +-``margin``.

    ``margin`` and ``sd`` (of one answer; a planning value of the metric when None) are in points of
    0 to 100, or -100 to 100 for the Net Promoter Score. ``population`` applies the correction for a
    finite population, ``response_rate`` (0 to 1) adds how many people to ask. n = (z sd / margin)^2,
    Cochran (1977). Raises DataError for a margin, sd, rate or population that is not positive.

    >>> sample_size(5).n
    385
    """
    spread = PLANNING_SD[metric] if sd is None else sd
    if not (margin > 0 and spread > 0) or (population is not None and population < 1):
        raise DataError("margin, sd and population must be above zero")
    if response_rate is not None and not 0 < response_rate <= 1:
        raise DataError(f"a response rate of {response_rate} is impossible; give 0 < rate <= 1")
    wanted = (critical_z(confidence) * spread / margin) ** 2
    if population is not None:
        wanted = wanted / (1 + (wanted - 1) / population)
    n = max(1, math.ceil(wanted - 1e-9))
    return SampleSize(
        n=n,
        invitations=None if response_rate is None else math.ceil(n / response_rate - 1e-9),
        margin=margin,
        confidence=confidence,
        definition=(
            f"{n} answers give an interval of about +-{margin:g} points at {confidence:.0%} "
            f"confidence, if one answer has a standard deviation of {spread:g} points."
        ),
    )
