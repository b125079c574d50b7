"""Differences between groups and waves, with interval, p and effect size, from their estimates."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy.special import bdtr, ndtr, stdtr, stdtrit

from analysis.errors import DataError
from analysis.metrics import Estimate, Mean, NetPromoter, Share, critical_z, require, wilson


@dataclass(frozen=True)
class Difference:
    """First group minus second, in the unit of the two estimates.

    ``p`` is two-sided. ``effect`` is a size without unit: Cohen's h for shares, Hedges' g for means,
    the difference in pooled standard deviations for the Net Promoter Score.
    """

    estimate: float
    low: float
    high: float
    p: float
    n: tuple[int, int]
    confidence: float
    method: str
    effect: float
    effect_name: str


def difference(first: Estimate, second: Estimate, *, confidence: float | None = None) -> Difference:
    """First minus second for two independent groups, with interval, p and effect size.

    Shares: Newcombe's (1998) hybrid score interval, his method 10, and the pooled z test. Means:
    Welch's t. Net Promoter Scores: each score's own distances to its adjusted interval joined as
    Newcombe does with Wilson's (Zou & Donner 2008), interval and p alike: it holds the difference, and
    95 % of intervals hold the true one also where ten customers all say 10, of which a Wald interval
    around the adjusted scores left the difference itself out.
    ``confidence`` is the first estimate's unless given. Raises DataError for two estimates of
    different kinds or scales, and TooFewCases for a mean of fewer than two answers.

    References: Newcombe, R. G. (1998). Interval estimation for the difference between independent
    proportions. Statistics in Medicine, 17, 873-890. Welch, B. L. (1947). Biometrika, 34, 28-35.
    """
    level = first.confidence if confidence is None else confidence
    if isinstance(first, Share) and isinstance(second, Share):
        _same_definition(first, second)
        return _between_shares(first, second, level)
    if isinstance(first, NetPromoter) and isinstance(second, NetPromoter):
        _same_definition(first, second)
        return _between_promoters(first, second, level)
    if isinstance(first, Mean) and isinstance(second, Mean):
        _same_definition(first, second)
        return _between_means(first, second, level)
    raise DataError(
        f"a {type(first).__name__} and a {type(second).__name__} cannot be compared; give two of a kind"
    )


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """P values adjusted for their number, in the order given (Holm 1979).

    Reject where the adjusted value is at most the level; the chance of any false rejection stays
    below it. Raises DataError for a value outside 0 to 1.

    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)
    """
    for p in p_values:
        if not 0 <= p <= 1:
            raise DataError(f"{p} is no p value; p values lie from 0 to 1")
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = largest
    return tuple(adjusted)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """P values adjusted for their number, in the order given (Benjamini and Hochberg 1995).

    Of those at most the level, no more than that share is expected to be false, for independent or
    positively dependent tests. Raises DataError for a value outside 0 to 1. Validated against R
    ``p.adjust(method = "BH")``.

    >>> benjamini_hochberg([0.01, 0.04, 0.03])
    (0.03, 0.04, 0.04)
    """
    for p in p_values:
        if not 0 <= p <= 1:
            raise DataError(f"{p} is no p value; p values lie from 0 to 1")
    adjusted, least, count = [0.0] * len(p_values), 1.0, len(p_values)
    order = sorted(range(count), key=lambda at: p_values[at])
    for rank, at in reversed(list(enumerate(order, start=1))):
        least = min(least, p_values[at] * count / rank)
        adjusted[at] = least
    return tuple(adjusted)


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided exact p that equally many of the same people say the one thing as the other.

    Counts those who said only the first and those who said only the second; whoever said both or
    neither tells nothing of the difference. 1 where nobody is left. Validated against statsmodels
    0.15.0 ``mcnemar(..., exact=True)``. Reference: McNemar, Q. (1947). Psychometrika, 12, 153-157.

    >>> round(mcnemar(9, 1), 4), mcnemar(4, 4)
    (0.0215, 1.0)
    """
    if only_first < 0 or only_second < 0:
        raise DataError("people cannot be fewer than none")
    n = only_first + only_second
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), n, 0.5))) if n else 1.0


def _same_definition(first: Estimate, second: Estimate) -> None:
    if first.definition != second.definition:
        raise DataError(
            f"not comparable: {first.definition!r} and {second.definition!r}; compare estimates of "
            "one definition and scale"
        )


def two_sided(z: float) -> float:
    """The p value of a normal deviate, in both directions."""
    return float(2 * ndtr(-abs(z)))


def _between_shares(first: Share, second: Share, confidence: float) -> Difference:
    z = critical_z(confidence)
    p1, p2 = first.yes / first.n, second.yes / second.n
    low1, high1 = wilson(p1, first.n, z)
    low2, high2 = wilson(p2, second.n, z)
    gap = p1 - p2
    pooled = (first.yes + second.yes) / (first.n + second.n)
    error = math.sqrt(pooled * (1 - pooled) * (1 / first.n + 1 / second.n))
    return Difference(
        estimate=100 * gap,
        low=100 * (gap - math.hypot(p1 - low1, high2 - p2)),
        high=100 * (gap + math.hypot(high1 - p1, p2 - low2)),
        p=two_sided(gap / error) if error > 0 else 1.0,  # error 0: all or none in both groups
        n=(first.n, second.n),
        confidence=confidence,
        method="Newcombe hybrid score interval (method 10), pooled z test",
        effect=2 * math.asin(math.sqrt(p1)) - 2 * math.asin(math.sqrt(p2)),
        effect_name="Cohen's h",
    )


def _between_promoters(first: NetPromoter, second: NetPromoter, confidence: float) -> Difference:
    z = critical_z(confidence)
    gap = first.estimate - second.estimate
    higher, lower = (first, second) if gap >= 0 else (second, first)
    spread = math.sqrt(
        sum(group.n * _promoter_variance(group) for group in (first, second)) / (first.n + second.n)
    )
    return Difference(
        estimate=gap,
        low=gap - math.hypot(first.below(z), second.above(z)),
        high=gap + math.hypot(first.above(z), second.below(z)),
        p=two_sided(
            _crossing(
                lambda z: math.hypot(higher.below(z), lower.above(z)) < abs(gap),
                largest=40.0,  # beyond which p is 0 to every digit
            )
        ),
        n=(first.n, second.n),
        confidence=confidence,
        method=f"variances recovered from {first.method} intervals (Zou and Donner 2008)",
        effect=gap / spread if spread > 0 else (0.0 if gap == 0 else math.copysign(math.inf, gap)),
        effect_name="difference in pooled standard deviations",
    )


def _promoter_variance(group: NetPromoter) -> float:
    """Variance of one person's -100, 0 or 100."""
    return 1e4 * (group.promoters + group.detractors) / group.n - group.estimate**2


def _between_means(first: Mean, second: Mean, confidence: float) -> Difference:
    for group in (first, second):
        require(group.n, 2)
    critical_z(confidence)  # refuses an impossible one
    gap = first.estimate - second.estimate
    v1, v2 = first.sd**2 / first.n, second.sd**2 / second.n
    error = math.sqrt(v1 + v2)
    freedom = first.n + second.n - 2
    pooled = math.sqrt(((first.n - 1) * first.sd**2 + (second.n - 1) * second.sd**2) / freedom)
    if min(first.sd, second.sd) == 0:
        return _between_equal_answers(first, second, confidence, gap, pooled)
    welch = (v1 + v2) ** 2 / (v1**2 / (first.n - 1) + v2**2 / (second.n - 1))
    reach = float(stdtrit(welch, (1 + confidence) / 2)) * error
    return Difference(
        estimate=gap,
        low=gap - reach,
        high=gap + reach,
        p=float(2 * stdtr(welch, -abs(gap / error))),
        n=(first.n, second.n),
        confidence=confidence,
        method="Welch's t",
        effect=gap / pooled * (1 - 3 / (4 * freedom - 1)),
        effect_name="Hedges' g",
    )


def _between_equal_answers(
    first: Mean, second: Mean, confidence: float, gap: float, pooled: float
) -> Difference:
    """Where all answers of a group are the same there is no spread to judge the gap by: the means' own
    intervals are joined instead.
    """
    below, above = _joined(first, second, confidence)
    higher, lower = (first, second) if gap >= 0 else (second, first)
    freedom = first.n + second.n - 2
    effect = 0.0 if gap == 0 else math.copysign(math.inf, gap)
    return Difference(
        estimate=gap,
        low=gap - below,
        high=gap + above,
        p=1 - _crossing(lambda level: _joined(higher, lower, level)[0] < abs(gap), largest=1.0),
        n=(first.n, second.n),
        confidence=confidence,
        method="variances recovered from the means' intervals (Zou and Donner 2008)",
        effect=gap / pooled * (1 - 3 / (4 * freedom - 1)) if pooled > 0 else effect,
        effect_name="Hedges' g",
    )


def _joined(first: Mean, second: Mean, confidence: float) -> tuple[float, float]:
    """How far the difference's interval reaches below and above it."""
    (below1, above1), (below2, above2) = first.reach(confidence), second.reach(confidence)
    return math.hypot(below1, above2), math.hypot(above1, below2)


def _crossing(excludes: Callable[[float], bool], *, largest: float) -> float:
    """Up to which level (a confidence, a normal quantile) intervals leave zero out."""
    low, high = 0.0, largest
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if excludes(middle) else (low, middle)
    return low
