"""Net Promoter Score, satisfaction, effort, shares and index means, each with its interval.

Everything is computed from counts or from n, sum and sum of squares, so that a rollup and the
raw answers go through the same code. Units: shares are percentages, 0 to 100; the Net Promoter
Score runs from -100 to 100; means stay on their own scale and offer 0 to 100 beside it.
``scipy.special`` is used instead of ``scipy.stats``, which takes a third of a second to import.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scipy.special import ndtri, stdtrit

from analysis.errors import DataError, TooFewCases
from analysis.scoring import ScoredScale, to_percent
from instruments.schema import Metric

# Counts of answers by point: a mapping, or a sequence whose first entry counts the lowest point.
Histogram = Mapping[int, int] | Sequence[int]


@dataclass(frozen=True)
class Estimate:
    """A number with its interval, and how it was made.

    ``definition`` is the sentence that a report prints beside the number.
    """

    estimate: float
    low: float
    high: float
    n: int
    confidence: float
    method: str
    definition: str


@dataclass(frozen=True)
class Mean(Estimate):
    """A mean on its own scale; ``sd`` is that of the sample (divisor n - 1), NaN for one answer."""

    sd: float
    minimum: float
    maximum: float

    def reach(self, confidence: float) -> tuple[float, float]:
        """How far the interval of that confidence reaches below and above the mean, within the scale.

        Student's t where answers differ. Equal answers show no spread, yet do not prove that there is
        none: with this confidence at most the share 1 - (alpha / 2)^(1 / n) of the population answers
        otherwise (Clopper & Pearson 1934 for 0 of n), at worst all at one end of the scale.
        """
        down, up = self.estimate - self.minimum, self.maximum - self.estimate
        if self.n == 1:
            return down, up
        if self.sd > 0:
            t = float(stdtrit(self.n - 1, (1 + confidence) / 2))
            width = t * self.sd / math.sqrt(self.n)
            return min(down, width), min(up, width)
        others = 1 - ((1 - confidence) / 2) ** (1 / self.n)
        return others * down, others * up

    @property
    def percent(self) -> tuple[float, float, float]:
        """Estimate, low and high on 0 to 100."""
        low, high = self.minimum, self.maximum
        return (
            to_percent(self.estimate, low, high),
            to_percent(self.low, low, high),
            to_percent(self.high, low, high),
        )


@dataclass(frozen=True)
class Share(Estimate):
    """A percentage, 0 to 100: ``yes`` of ``n``; ``mean`` where it is a share of a scale's points."""

    yes: int
    mean: Mean | None = None


@dataclass(frozen=True)
class NetPromoter(Estimate):
    """Percentage of promoters minus percentage of detractors, -100 to 100.

    ``centre`` is the middle of the unclipped interval (equal to the estimate for plain Wald), and
    ``error`` the standard error around it.
    """

    promoters: int
    passives: int
    detractors: int
    centre: float
    error: float

    def below(self, z: float) -> float:
        """How far the interval with this normal quantile reaches below the estimate."""
        return max(0.0, self.estimate - max(-100.0, self.centre - z * self.error))

    def above(self, z: float) -> float:
        """How far it reaches above the estimate."""
        return max(0.0, min(100.0, self.centre + z * self.error) - self.estimate)


@dataclass(frozen=True)
class Thresholds:
    """Where the metrics cut their scales; the defaults are the usual definitions."""

    promoters_from: int = 9
    detractors_to: int = 6
    csat_top: int = 2
    easy_from: int | None = None  # None: above the middle, 5 of 1 to 7 and 4 of 1 to 5


def net_promoter(
    histogram: Histogram,
    *,
    promoters_from: int = 9,
    detractors_to: int = 6,
    confidence: float = 0.95,
    method: str = "adjusted",
) -> NetPromoter:
    """The Net Promoter Score of answers counted from 0 to 10.

    The interval is ``"adjusted"`` Wald, which adds 3/4 promoter, 3/2 passives and 3/4 detractor
    before taking a Wald interval (Rocks 2016), or plain ``"wald"``; both are clipped to -100..100.
    The estimate itself is never adjusted. Raises TooFewCases without answers, and DataError for an
    impossible histogram, threshold, confidence or method.

    References: Rocks, B. (2016). Interval estimation for the "Net Promoter Score". The American
    Statistician, 70(4), 365-372.

    >>> found = net_promoter([0, 0, 0, 0, 0, 0, 20, 0, 30, 0, 50])
    >>> found.estimate, round(found.low, 2), round(found.high, 2)
    (30.0, 14.05, 44.2)
    """
    counts = _counts(histogram, 0, 10)
    if not 0 <= detractors_to < promoters_from <= 10:
        raise DataError(
            f"detractors up to {detractors_to} and promoters from {promoters_from} do not part 0 to "
            "10; the usual thresholds are 6 and 9"
        )
    if method not in ("adjusted", "wald"):
        raise DataError(
            f"{method!r} is no interval of the Net Promoter Score; use adjusted or wald"
        )
    n = require(sum(counts), 1)
    z = critical_z(confidence)
    promoters, detractors = sum(counts[promoters_from:]), sum(counts[: detractors_to + 1])
    added = 0.75 if method == "adjusted" else 0.0
    size = n + 4 * added
    up, down = (promoters + added) / size, (detractors + added) / size
    centre, error = 100 * (up - down), 100 * math.sqrt((up + down - (up - down) ** 2) / size)
    estimate = 100 * (promoters - detractors) / n
    return NetPromoter(
        estimate=estimate,
        # The adjusted score lies nearer to zero: of one answer its interval may end before the estimate.
        low=min(estimate, max(-100.0, centre - z * error)),
        high=max(estimate, min(100.0, centre + z * error)),
        n=n,
        confidence=confidence,
        method="adjusted Wald (Rocks 2016)" if method == "adjusted" else "Wald",
        definition=(
            f"Percentage answering {promoters_from} to 10 (promoters) minus percentage answering "
            f"0 to {detractors_to} (detractors)."
        ),
        promoters=promoters,
        passives=n - promoters - detractors,
        detractors=detractors,
        centre=centre,
        error=error,
    )


def share(
    yes: int,
    n: int,
    *,
    confidence: float = 0.95,
    definition: str = "Percentage answering yes.",
    mean: Mean | None = None,
) -> Share:
    """``yes`` of ``n`` as a percentage with Wilson's (1927) score interval, not corrected.

    Raises TooFewCases for n = 0 and DataError for an impossible count or confidence.

    >>> found = share(8, 10)
    >>> found.estimate, round(found.low, 1), round(found.high, 1)
    (80.0, 49.0, 94.3)
    """
    require(n, 1)
    if not 0 <= yes <= n:
        raise DataError(f"{yes} of {n} is no share; give a count from 0 to {n}")
    low, high = wilson(yes / n, n, critical_z(confidence))
    return Share(
        estimate=100 * yes / n,
        low=100 * low,
        high=100 * high,
        n=n,
        confidence=confidence,
        method="Wilson score interval",
        definition=definition,
        yes=yes,
        mean=mean,
    )


def csat(
    histogram: Histogram,
    *,
    minimum: int = 1,
    maximum: int = 5,
    top: int = 2,
    confidence: float = 0.95,
) -> Share:
    """The percentage that chose one of the ``top`` highest points; the mean stands in ``mean``.

    ``histogram`` counts answers from ``minimum`` to ``maximum``. Wilson interval. Raises as
    ``share`` does, and DataError for a histogram or ``top`` that does not fit the scale.

    >>> csat([0, 0, 10, 20, 20]).estimate
    80.0
    """
    if not 1 <= top <= maximum - minimum:
        raise DataError(f"the top {top} points of {minimum} to {maximum} leave nothing below them")
    words = f"Percentage satisfied: answers {maximum - top + 1} to {maximum} on a scale from"
    return _upper_share(histogram, minimum, maximum, maximum - top + 1, confidence, words)


def ces(
    histogram: Histogram,
    *,
    minimum: int = 1,
    maximum: int = 7,
    easy_from: int = 5,
    confidence: float = 0.95,
) -> Share:
    """The percentage that found it easy, ``easy_from`` or higher; the mean stands in ``mean``.

    High is easy: turn answers on an effort scale first, as ``analysis.scoring`` does. Wilson
    interval for the share, t interval for the mean. Raises as ``csat`` does.
    """
    if not minimum < easy_from <= maximum:
        raise DataError(f"easy from {easy_from} does not part the scale {minimum} to {maximum}")
    words = f"Percentage finding it easy: answers {easy_from} to {maximum} on a scale from"
    return _upper_share(histogram, minimum, maximum, easy_from, confidence, words)


def index_mean(
    n: int,
    total: float,
    total_squares: float,
    *,
    minimum: float,
    maximum: float,
    confidence: float = 0.95,
) -> Mean:
    """The mean of ``n`` scores with its interval (``Mean.reach``): Student's t, clipped to the scale.

    ``total`` is the sum of the scores and ``total_squares`` the sum of their squares. One score
    says nothing about spread: its interval is the whole scale. Raises TooFewCases for n = 0 and
    DataError for sums that no scores within the scale can have.

    >>> found = index_mean(3, 15, 77, minimum=1, maximum=7)
    >>> found.estimate, found.sd
    (5.0, 1.0)
    """
    require(n, 1)
    critical_z(confidence)
    mean = total / n
    slack = 1e-9 * max(1.0, abs(minimum), abs(maximum)) * n
    squares = total_squares - n * mean**2
    if not n * minimum - slack <= total <= n * maximum + slack:
        raise DataError(f"a mean of {mean:g} lies outside the scale {minimum:g} to {maximum:g}")
    if squares < -1e-9 * max(1.0, abs(total_squares)):
        raise DataError(
            f"{n} scores with the sum {total:g} cannot have squares of {total_squares:g}"
        )
    sd = math.sqrt(max(squares, 0.0) / (n - 1)) if n > 1 else math.nan
    sd = 0.0 if sd < 1e-7 * max(1.0, abs(minimum), abs(maximum)) else sd  # rounding of the sums
    method = "t interval" if sd > 0 else "bound on the share of other answers (all answers equal)"
    found = Mean(
        estimate=mean,
        low=mean,
        high=mean,
        n=n,
        confidence=confidence,
        method=method if n > 1 else "whole scale (one answer)",
        definition=f"Mean on a scale from {minimum:g} to {maximum:g}.",
        sd=sd,
        minimum=float(minimum),
        maximum=float(maximum),
    )
    below, above = found.reach(confidence)
    low, high = max(found.minimum, mean - below), min(found.maximum, mean + above)
    return replace(found, low=low, high=high)


def summarize(
    scale: ScoredScale,
    *,
    n: int,
    total: float,
    total_squares: float,
    histogram: Histogram = (),
    confidence: float = 0.95,
    thresholds: Thresholds | None = None,
) -> Estimate:
    """A scored scale's number in its own metric, from what a rollup holds.

    An index needs n and the two sums; the other metrics need the histogram. Raises as they do.
    """
    low, high = scale.minimum, scale.maximum
    limits = thresholds or Thresholds()
    match scale.metric:
        case Metric.INDEX:
            return index_mean(
                n, total, total_squares, minimum=low, maximum=high, confidence=confidence
            )
        case Metric.NPS:
            return net_promoter(
                histogram,
                promoters_from=limits.promoters_from,
                detractors_to=limits.detractors_to,
                confidence=confidence,
            )
        case Metric.CSAT:
            return csat(
                histogram, minimum=low, maximum=high, top=limits.csat_top, confidence=confidence
            )
        case Metric.CES:
            easy_from = limits.easy_from or (low + high) // 2 + 1
            return ces(
                histogram, minimum=low, maximum=high, easy_from=easy_from, confidence=confidence
            )
        case Metric.SHARE:
            counts = _counts(histogram, 0, 1)
            return share(counts[1], sum(counts), confidence=confidence)


def suppressed(n: int, minimum: int = 5) -> bool:
    """True when a cell rests on too few answers to be shown."""
    return n < minimum


def require(n: int, needed: int) -> int:
    """``n``, or TooFewCases when it is below ``needed``."""
    if n < needed:
        raise TooFewCases(needed, n, what="answers")
    return n


def critical_z(confidence: float) -> float:
    """The standard normal quantile of a two-sided interval; DataError for an impossible one."""
    if not 0 < confidence < 1:
        raise DataError(f"a confidence of {confidence} is impossible; give a share such as 0.95")
    return float(ndtri((1 + confidence) / 2))


def _counts(histogram: Histogram, minimum: int, maximum: int) -> list[int]:
    """Counts of every point from minimum to maximum."""
    points = range(minimum, maximum + 1)
    if isinstance(histogram, Mapping):
        outside = sorted(point for point in histogram if point not in points)
        if outside:
            raise DataError(f"{outside[0]} is no point of the scale {minimum} to {maximum}")
        counts = [histogram.get(point, 0) for point in points]
    else:
        counts = list(histogram)
    if len(counts) != len(points):
        raise DataError(
            f"a scale from {minimum} to {maximum} needs {len(points)} counts, found {len(counts)}"
        )
    if any(count < 0 or count != int(count) for count in counts):
        raise DataError("a histogram holds whole numbers from zero upwards")
    return [int(count) for count in counts]


def _upper_share(
    histogram: Histogram, minimum: int, maximum: int, lowest: int, confidence: float, words: str
) -> Share:
    """The share of points from ``lowest`` upwards, with the mean of all."""
    counts = _counts(histogram, minimum, maximum)
    n = require(sum(counts), 1)
    total = sum(point * count for point, count in enumerate(counts, start=minimum))
    squares = sum(point**2 * count for point, count in enumerate(counts, start=minimum))
    mean = index_mean(n, total, squares, minimum=minimum, maximum=maximum, confidence=confidence)
    definition = f"{words} {minimum} to {maximum}."
    yes = sum(counts[lowest - minimum :])
    return share(yes, n, confidence=confidence, definition=definition, mean=mean)


def wilson(p: float, n: int, z: float) -> tuple[float, float]:
    """Wilson's limits of a proportion, kept within 0 to 1 against rounding."""
    middle = p + z**2 / (2 * n)
    reach = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    size = 1 + z**2 / n
    return max(0.0, (middle - reach) / size), min(1.0, (middle + reach) / size)
