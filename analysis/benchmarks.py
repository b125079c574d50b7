"""A score against a benchmark: the difference with its interval, and the place among others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

from analysis.errors import DataError
from analysis.metrics import critical_z, wilson


@dataclass(frozen=True)
class BenchmarkDifference:
    """A score minus a benchmark, in the unit of both."""

    estimate: float
    low: float
    high: float
    confidence: float
    method: str


def benchmark_difference(
    score: tuple[float, float, float],
    benchmark: float,
    *,
    n: int,
    sd: float | None = None,
    confidence: float = 0.95,
) -> BenchmarkDifference:
    """A score (estimate, low, high) minus an independent benchmark of ``n`` answers.

    With ``sd``, of one answer in the benchmark's unit, the benchmark is a mean with Student's t
    interval; without it a percentage, 0 to 100, with Wilson's. The two intervals are joined as Zou and
    Donner (2008) do, for two shares as Newcombe (1998) does. Raises DataError for fewer than two
    answers, an sd that is not positive, a share beyond 0 to 100, a score outside its interval.

    Validated against statsmodels 0.15.0 ``confint_proportions_2indep(method="newcomb")``. References:
    Zou, G. Y., & Donner, A. (2008). Construction of confidence limits about effect measures.
    Statistics in Medicine, 27, 1693-1702. Newcombe, R. G. (1998). Statistics in Medicine, 17, 873-890.

    >>> found = benchmark_difference((60, 55, 65), 50, n=400, sd=20)
    >>> found.estimate, round(found.low, 2), round(found.high, 2)
    (10, 4.63, 15.37)
    """
    estimate, low, high = score
    if not low <= estimate <= high:
        raise DataError(f"{estimate:g} lies outside its interval, {low:g} to {high:g}")
    if n < 2:
        raise DataError(f"a benchmark of {n} answers has no interval; it needs 2 or more")
    if sd is None:
        if not 0 <= benchmark <= 100:
            raise DataError(f"{benchmark:g} is no percentage; give its standard deviation")
        ends = wilson(benchmark / 100, n, critical_z(confidence))
        below, above = benchmark - 100 * ends[0], 100 * ends[1] - benchmark
    else:
        if not sd > 0:
            raise DataError(f"a standard deviation of {sd:g} is impossible; give one above zero")
        critical_z(confidence)  # refuses an impossible one
        below = above = float(stdtrit(n - 1, (1 + confidence) / 2)) * sd / math.sqrt(n)
    gap = estimate - benchmark
    return BenchmarkDifference(
        estimate=gap,
        low=gap - math.hypot(estimate - low, above),
        high=gap + math.hypot(high - estimate, below),
        confidence=confidence,
        method="variances recovered from both intervals (Zou and Donner 2008)",
    )


def percentile(value: float, others: Sequence[float]) -> float:
    """The percentage of others that lie below a value, equal ones counted half.

    Validated against scipy 1.18 ``percentileofscore(kind="mean")``. Raises DataError without others.

    >>> percentile(5, [1, 5, 9, 9])
    37.5
    """
    if not others:
        raise DataError("there is nothing to rank among")
    below = sum(each < value for each in others)
    equal = sum(each == value for each in others)
    return 100 * (below + equal / 2) / len(others)
