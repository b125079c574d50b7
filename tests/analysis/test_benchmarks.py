"""A difference from a benchmark has another program's interval, and covers a known truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import percentileofscore
from statsmodels.stats.proportion import confint_proportions_2indep

from analysis.benchmarks import benchmark_difference, percentile
from analysis.errors import DataError
from analysis.metrics import index_mean, share


@pytest.mark.parametrize(("yes", "n", "other"), [(62, 100, 50), (5, 40, 25), (40, 40, 90)])
def test_two_shares_have_the_interval_of_statsmodels(yes: int, n: int, other: int):
    found = share(yes, n)
    gap = benchmark_difference((found.estimate, found.low, found.high), other, n=200)
    low, high = confint_proportions_2indep(yes, n, 2 * other, 200, method="newcomb")
    assert (gap.low, gap.high) == pytest.approx((100 * low, 100 * high), abs=1e-9)


def test_the_interval_of_two_means_covers_the_difference():
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(600):
        own, other = rng.normal(60, 20, 40).clip(0, 100), rng.normal(55, 10, 25).clip(0, 100)
        found = index_mean(40, own.sum(), (own**2).sum(), minimum=0, maximum=100)
        gap = benchmark_difference(
            (found.estimate, found.low, found.high), other.mean(), n=25, sd=other.std(ddof=1)
        )
        hits += gap.low <= 5 <= gap.high  # clipping moves the means by less than 0.3
    assert hits / 600 > 0.93


def test_the_percentile_is_that_of_scipy():
    values = [3.0, 5.0, 5.0, 8.0, 9.0]
    for value in (1, 5, 8.5, 9, 10):
        assert percentile(value, values) == percentileofscore(values, value, kind="mean")


@pytest.mark.parametrize(
    "wrong", [{"n": 1, "sd": 2}, {"n": 9, "sd": 0}, {"n": 9, "benchmark": -5}, {"n": 9, "score": (5, 6, 7)}]
)  # fmt: skip
def test_what_is_no_benchmark_is_refused(wrong):
    with pytest.raises(DataError):
        benchmark_difference(**{"score": (5, 4, 6), "benchmark": 4, **wrong})
    with pytest.raises(DataError):
        percentile(3, [])
