"""How many answers a survey needs for an interval of a wanted width, or to show a difference."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scipy.special import nctdtr, ndtr, ndtri, stdtrit

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


_MOST = 10**9  # answers; who would need more will never know


@dataclass(frozen=True)
class DifferenceSize:
    """How many answers in each of two groups show a difference with the wanted power."""

    n: int | None  # None: more than a billion
    difference: float
    level: float
    power: float
    method: str


def promoter_sd(promoters: float, detractors: float) -> float:
    """Standard deviation of one answer's -100, 0 or 100, from shares of promoters and detractors.

    Shares from 0 to 1. The Net Promoter Score's own variance (Rocks 2016): it depends on both shares,
    and not on the score alone. Raises DataError for shares that no group can have.

    >>> round(promoter_sd(0.5, 0.2), 2)
    78.1
    """
    if min(promoters, detractors) < 0 or promoters + detractors > 1:
        raise DataError(
            f"{promoters:g} promoters and {detractors:g} detractors are no shares; give two that are"
            " not negative and add up to at most 1"
        )
    return 100 * math.sqrt(promoters + detractors - (promoters - detractors) ** 2)


def difference_power(
    n: int,
    difference: float,
    *,
    metric: Metric = Metric.SHARE,
    base: float | None = None,
    sd: float | None = None,
    level: float = 0.05,
) -> float:
    """The chance that a test of two groups with ``n`` answers each finds a true difference.

    Two-sided, both tails counted. ``difference`` and ``sd`` in points as for ``sample_size``. Shares:
    arcsine of ``base`` (0 to 100, 50 when None) and of ``base + difference``; a mean index: Student's
    t with its noncentral distribution; Net Promoter Score: normal, with ``sd``. Raises DataError for
    no difference, a share beyond 0 to 100, or fewer than two answers.

    Validated against statsmodels 0.15.0 ``NormalIndPower`` and ``TTestIndPower``, which give the
    numbers of R pwr's ``pwr.2p.test`` and ``pwr.t.test``. Reference: Cohen, J. (1988). Statistical power analysis
    for the behavioral sciences (2nd ed.), chapters 2 and 6.

    >>> round(difference_power(64, 12.5, metric=Metric.INDEX, sd=25), 4)
    0.8015
    """
    effect = _effect(difference, metric, base, sd)
    if n < 2 or not 0 < level < 1:
        raise DataError(f"{n} answers at the level {level:g}: give 2 or more, and 0 < level < 1")
    shift = effect * math.sqrt(n / 2)
    if metric is Metric.INDEX:
        freedom = 2 * n - 2
        limit = float(stdtrit(freedom, 1 - level / 2))
        return float(1 - nctdtr(freedom, shift, limit) + nctdtr(freedom, shift, -limit))
    z = critical_z(1 - level)
    return float(ndtr(shift - z) + ndtr(-shift - z))


def difference_size(
    difference: float,
    *,
    metric: Metric = Metric.SHARE,
    base: float | None = None,
    sd: float | None = None,
    level: float = 0.05,
    power: float = 0.8,
) -> DifferenceSize:
    """The smallest number of answers in each of two groups with at least the wanted power.

    Parameters as for ``difference_power``. No correction for a finite population: two periods or
    segments are compared as what brought them about, not as lists of people.

    >>> difference_size(5).n, difference_size(12.5, metric=Metric.INDEX, sd=25).n
    (1565, 64)
    """
    effect = _effect(difference, metric, base, sd)
    if not 0.5 <= power < 1:
        raise DataError(f"a power of {power:g} is no plan; give 0.5 to below 1, such as 0.8")

    def reaches(n: int) -> bool:
        return (
            difference_power(n, difference, metric=metric, base=base, sd=sd, level=level) >= power
        )

    # By the normal distribution without the far tail: at most a few answers away.
    wanted = 2 * ((critical_z(1 - level) + float(ndtri(power))) / effect) ** 2
    found: int | None = None
    if wanted < _MOST:
        found = max(2, math.floor(wanted) - 2)
        while not reaches(found):
            found += 1
        while found > 2 and reaches(found - 1):
            found -= 1
    method = {Metric.INDEX: "two-sample t test", Metric.NPS: "z test of two scores"}
    return DifferenceSize(
        n=found,
        difference=difference,
        level=level,
        power=power,
        method=method.get(metric, "z test of two shares (arcsine)"),
    )


def _effect(difference: float, metric: Metric, base: float | None, sd: float | None) -> float:
    """The difference in standard deviations; of shares Cohen's h."""
    if not math.isfinite(difference) or difference == 0:
        raise DataError("no difference can be shown where there is none; give one above zero")
    if metric in (Metric.INDEX, Metric.NPS):
        spread = PLANNING_SD[metric] if sd is None else sd
        if not spread > 0:
            raise DataError(
                f"a standard deviation of {spread:g} is impossible; give one above zero"
            )
        return abs(difference) / spread
    first = 50.0 if base is None else base
    second = first + difference
    if not (0 <= first <= 100 and 0 <= second <= 100):
        raise DataError(
            f"{first:g}% and {second:g}% are not both shares; give a base and a difference within"
            " 0 to 100"
        )
    return abs(2 * math.asin(math.sqrt(second / 100)) - 2 * math.asin(math.sqrt(first / 100)))
