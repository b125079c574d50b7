"""Answers a week have another program's interval, and waiting is honest about never."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.rates import confint_poisson

from analysis.arrivals import arrival_rate, wait
from analysis.errors import DataError, TooFewCases


@pytest.mark.parametrize("weekly", [[5, 5], [3, 4, 3, 4, 3, 4], [0, 0, 1, 0], [100] * 8])
def test_without_more_spread_than_chance_the_interval_is_exact_poisson(weekly: list[int]):
    found = arrival_rate(weekly)
    low, high = confint_poisson(sum(weekly), len(weekly), method="exact-c")
    assert found.dispersion == 1
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9)


def test_weeks_that_differ_widen_the_interval_and_it_still_covers():
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(400):
        weekly = rng.poisson(12 * rng.gamma(4, 1 / 4, 12))  # variance 12 + 36
        found = arrival_rate([int(each) for each in weekly])
        hits += found.low <= 12 <= found.high
    assert hits / 400 > 0.9
    assert arrival_rate([0, 40, 0, 40]).dispersion == pytest.approx(80 / 3)


def test_the_wait_has_the_ends_of_the_rate_and_may_never_end():
    rate = arrival_rate([10, 10, 10, 10])
    found = wait(200, rate)
    assert found.weeks == 20
    assert found.soonest == pytest.approx(200 / rate.high)
    assert found.latest == pytest.approx(200 / rate.low)
    assert wait(0, rate).latest == 0
    assert wait(2700, rate).weeks is None
    assert wait(2700, rate).soonest is not None
    assert wait(1, arrival_rate([0, 0, 0])).weeks is None


def test_one_week_is_no_rate():
    with pytest.raises(TooFewCases):
        arrival_rate([4])
    with pytest.raises(DataError):
        arrival_rate([4, -1])
