"""Outcomes by band beside R's own tests of trends."""

from __future__ import annotations

import pytest

from analysis.errors import DataError, NoVariance
from analysis.outcome_bands import band_of, mean_by_band, rate_by_band, thirds


def test_the_trend_of_rates_is_that_of_prop_trend_test() -> None:
    # R 4.2.2: prop.trend.test(c(83, 90, 129, 70), c(86, 93, 136, 82)); R's own example.
    trend = rate_by_band([83, 90, 129, 70], [86, 93, 136, 82]).trend
    assert trend is not None
    assert (trend.statistic**2, trend.p) == pytest.approx((8.2249223, 0.004131897), abs=1e-7)
    assert trend.statistic < 0


def test_the_trend_of_means_is_that_of_kendalls_test() -> None:
    # R 4.2.2: cor.test(band, value, method = "kendall", exact = FALSE): z = 2.2953519.
    values = [3, 5, 2, 4, 4, 6, 7, 5, 6, 9, 8, 4]
    found = mean_by_band(values, [0] * 4 + [1] * 4 + [2] * 4, 3)
    assert found.trend is not None
    assert (found.trend.statistic, found.trend.p) == pytest.approx(
        (2.2953519, 0.02171297), abs=1e-7
    )
    # t.test(c(3, 5, 2, 4))$conf.int
    assert (found.bands[0].low, found.bands[0].high) == pytest.approx(
        (1.4457397, 5.5542603), abs=1e-7
    )


def test_an_empty_band_has_no_estimate_and_does_not_stop_the_others() -> None:
    found = rate_by_band([3, 0, 1], [10, 0, 10])
    assert [each.estimate for each in found.bands] == [0.3, None, 0.1]
    assert found.trend is not None
    assert mean_by_band([1.0, 2.0, 4.0], [0, 0, 2], 3).bands[1].estimate is None


def test_without_any_difference_there_is_no_trend() -> None:
    assert rate_by_band([0, 0], [10, 10]).trend is None
    assert rate_by_band([3], [10]).trend is None
    assert mean_by_band([2.0, 2.0], [0, 1], 2).trend is None
    assert mean_by_band([2.0], [0], 1).bands[0].low is None


def test_more_events_than_customers_are_refused() -> None:
    with pytest.raises(DataError):
        rate_by_band([3], [2])
    with pytest.raises(DataError):
        mean_by_band([float("nan")], [0], 1)


def test_thirds_divide_scores_into_bands_of_one_size() -> None:
    limits = thirds([float(each) for each in range(99)])
    sizes = [0, 0, 0]
    for each in range(99):
        sizes[band_of(each, limits)] += 1
    assert sizes == [33, 33, 33]
    with pytest.raises(NoVariance):
        thirds([7.0] * 50)
    with pytest.raises(DataError):
        band_of(1, (3, 2))
