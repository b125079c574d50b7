"""An outcome by ordered band of a score: a rate or a mean for each, and one test for a trend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau, norm, t

from analysis.errors import DataError, NoVariance
from analysis.metrics import critical_z, wilson


@dataclass(frozen=True)
class BandEstimate:
    """A band's rate (0 to 1) or mean with its interval; None where a band has too few to estimate."""

    n: int
    estimate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Trend:
    """``statistic`` is z, positive where the outcome rises with the band; ``p`` is two-sided."""

    statistic: float
    p: float
    method: str


@dataclass(frozen=True)
class OutcomeByBand:
    """An estimate a band, from the lowest band up; ``trend`` is None where there is nothing to test."""

    bands: tuple[BandEstimate, ...]
    trend: Trend | None
    n: int
    confidence: float


def rate_by_band(
    events: Sequence[int], totals: Sequence[int], *, confidence: float = 0.95
) -> OutcomeByBand:
    """The share of customers with an event in each band, and the Cochran-Armitage test for a trend.

    ``events`` of ``totals`` customers, a pair a band, in the bands' order. Raises DataError for a
    negative number, or more events than customers.

    Notes: Wilson intervals; the trend takes the bands as equally far apart and the chi-square of one
    degree of freedom without continuity correction.

    Validated against: R 4.2.2 ``prop.trend.test`` (the square of the statistic, and p).

    References: Armitage, P. (1955). Tests for linear trends in proportions and frequencies.
    Biometrics, 11, 375-386. Wilson, E. B. (1927). Journal of the American Statistical Association, 22.

    >>> round(rate_by_band([12, 9, 5, 4], [40, 42, 41, 39]).trend.p, 4)
    0.0128
    """
    if len(events) != len(totals) or any(
        not 0 <= d <= n for d, n in zip(events, totals, strict=True)
    ):
        raise DataError("Every band needs from 0 to n events among its n customers.")
    z = critical_z(confidence)
    bands = []
    for d, n in zip(events, totals, strict=True):
        low, high = wilson(d / n, n, z) if n else (None, None)
        bands.append(BandEstimate(n, d / n if n else None, low, high))
    return OutcomeByBand(tuple(bands), _armitage(events, totals), sum(totals), confidence)


def mean_by_band(
    values: Sequence[float], bands: Sequence[int], count: int, *, confidence: float = 0.95
) -> OutcomeByBand:
    """The mean of a number for each of ``count`` bands, and Kendall's test for a trend.

    ``values`` and ``bands`` (0 up to ``count`` - 1) have a place for each customer. A band below two
    customers, or with the same value for all, has no interval.

    Notes: t intervals. The trend is Kendall's tau-b between band and value with its normal
    approximation for ties, which is Jonckheere's test for ordered alternatives: it asks only for the
    order of values, so that a few very large revenues do not decide it.

    Validated against: R 4.2.2 ``t.test`` and ``cor.test(method = "kendall", exact = FALSE)``.

    References: Kendall, M. G. (1970). Rank correlation methods. Jonckheere, A. R. (1954). A
    distribution-free k-sample test against ordered alternatives. Biometrika, 41, 133-145.
    """
    data, places = np.asarray(values, dtype=float), np.asarray(bands, dtype=int)
    if data.shape != places.shape or not np.isfinite(data).all():
        raise DataError("Every customer needs a finite value and a band.")
    found = tuple(_mean(data[places == band], confidence) for band in range(count))
    return OutcomeByBand(found, _kendall(data, places), len(data), confidence)


def _mean(values: np.ndarray, confidence: float) -> BandEstimate:
    n = len(values)
    if n == 0:
        return BandEstimate(0, None, None, None)
    mean = float(values.mean())
    spread = float(values.std(ddof=1)) if n > 1 else 0.0
    if spread == 0:
        return BandEstimate(n, mean, None, None)
    reach = float(t.ppf((1 + confidence) / 2, n - 1)) * spread / math.sqrt(n)
    return BandEstimate(n, mean, mean - reach, mean + reach)


def _armitage(events: Sequence[int], totals: Sequence[int]) -> Trend | None:
    d, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    scores = np.arange(len(n), dtype=float)
    everybody, pooled = n.sum(), (d.sum() / n.sum() if n.sum() else 0.0)
    if (n > 0).sum() < 2 or pooled in (0, 1):
        return None
    centred = scores - (n * scores).sum() / everybody
    variance = pooled * (1 - pooled) * (n * centred**2).sum()
    z = float((d * centred).sum() / math.sqrt(variance))
    return Trend(z, float(2 * norm.sf(abs(z))), "Cochran-Armitage test for a trend")


def _kendall(values: np.ndarray, places: np.ndarray) -> Trend | None:
    if len(np.unique(places)) < 2 or len(np.unique(values)) < 2:
        return None
    found = kendalltau(places, values, method="asymptotic")
    p = float(found.pvalue)
    z = math.copysign(float(norm.isf(p / 2)), float(found.statistic))
    return Trend(z, p, "Kendall's test for a trend")


def band_of(score: float, limits: Sequence[float]) -> int:
    """The band of a score: how many of the rising ``limits`` it reaches. Raises DataError unless they rise.

    >>> [band_of(score, (3.0, 5.0)) for score in (2.9, 3.0, 5.5)]
    [0, 1, 2]
    """
    if list(limits) != sorted(set(limits)):
        raise DataError(f"The bands' limits {list(limits)} do not rise.")
    return sum(score >= limit for limit in limits)


def thirds(scores: Sequence[float]) -> tuple[float, float]:
    """Two limits that divide scores into three bands of about the same size.

    Raises NoVariance where so many customers have one score that there are no three bands.
    """
    low, high = (
        float(each) for each in np.quantile(np.asarray(scores, dtype=float), (1 / 3, 2 / 3))
    )
    if not min(scores) < low < high:
        raise NoVariance("The scores differ too little for three bands of about the same size.")
    return low, high
