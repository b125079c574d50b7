"""The advised number of answers gives the wanted interval."""

from __future__ import annotations

import math
from typing import Any

import pytest
from statsmodels.stats.power import NormalIndPower, TTestIndPower
from statsmodels.stats.proportion import proportion_effectsize

from analysis.errors import DataError
from analysis.metrics import net_promoter, share
from analysis.sample_size import difference_power, difference_size, promoter_sd, sample_size
from instruments.schema import Metric


def test_five_points_of_a_share_take_385_answers():
    found = sample_size(5, response_rate=0.2)
    assert (found.n, found.invitations) == (385, 1925)
    worst = share(192, 385)
    assert (worst.high - worst.low) / 2 <= 5


def test_a_known_spread_gives_the_wanted_interval_of_the_promoter_score():
    n = sample_size(5, metric=Metric.NPS, sd=78.1).n
    found = net_promoter({9: round(n / 2), 7: round(n * 0.3), 3: round(n * 0.2)})
    assert (found.high - found.low) / 2 == pytest.approx(5, abs=0.05)


def test_a_small_population_needs_fewer_and_never_more_than_all():
    # Cochran (1977): 384.1 / (1 + 383.1 / 1000).
    assert sample_size(5, population=1000).n == 278
    assert sample_size(0.01, population=50).n == 50


def test_half_the_margin_takes_four_times_the_answers():
    assert sample_size(1).n == pytest.approx(4 * sample_size(2).n, rel=0.001)


@pytest.mark.parametrize(
    "wrong",
    [{"margin": 0}, {"margin": 5, "sd": -1}, {"margin": 5, "population": 0}],
)
def test_what_is_not_positive_is_refused(wrong: dict[str, float]):
    with pytest.raises(DataError, match="above zero"):
        sample_size(**wrong)


def test_an_impossible_response_rate_is_refused():
    with pytest.raises(DataError, match="response rate"):
        sample_size(5, response_rate=20)


def test_a_score_has_its_own_variance():
    assert promoter_sd(0.5, 0.2) == pytest.approx(78.10, abs=0.005)
    assert promoter_sd(0.2, 0.2) < promoter_sd(0.5, 0.5) == 100
    with pytest.raises(DataError, match="add up to at most 1"):
        promoter_sd(0.7, 0.4)


@pytest.mark.parametrize(("base", "gap", "n"), [(50, 5, 500), (80, 5, 900), (10, -4, 300), (50, 20, 90)])  # fmt: skip
def test_power_for_two_shares_is_that_of_statsmodels(base: float, gap: float, n: int):
    effect = proportion_effectsize((base + gap) / 100, base / 100)
    known = NormalIndPower().power(effect, n, 0.05, ratio=1)
    assert difference_power(n, gap, base=base) == pytest.approx(known, abs=1e-10)
    wanted = NormalIndPower().solve_power(abs(effect), alpha=0.05, power=0.9, ratio=1)
    assert difference_size(gap, base=base, power=0.9).n == math.ceil(wanted)


@pytest.mark.parametrize(("gap", "sd", "n"), [(5, 25, 100), (12.5, 25, 64), (-20, 25, 12)])
def test_power_for_two_means_is_that_of_statsmodels(gap: float, sd: float, n: int):
    known = TTestIndPower().power(abs(gap) / sd, n, 0.05)
    assert difference_power(n, gap, metric=Metric.INDEX, sd=sd) == pytest.approx(known, abs=1e-9)
    wanted = TTestIndPower().solve_power(abs(gap) / sd, alpha=0.05, power=0.8)
    assert difference_size(gap, metric=Metric.INDEX, sd=sd).n == math.ceil(wanted)


def test_textbook_sizes_come_out():
    # R pwr: pwr.t.test(d = .5, power = .8) gives 63.77, pwr.2p.test(h = .2, power = .8) 392.44.
    assert difference_size(0.5 * 25, metric=Metric.INDEX, sd=25).n == 64
    share = 100 * math.sin(math.asin(math.sqrt(0.5)) + 0.1) ** 2
    assert difference_size(share - 50).n == 393
    assert difference_size(0.001).n is None


@pytest.mark.parametrize(
    "wrong",
    [{"difference": 0}, {"difference": 60}, {"difference": 5, "power": 1}, {"difference": 5, "power": 0.4},
     {"difference": 5, "metric": Metric.NPS, "sd": 0}],
)  # fmt: skip
def test_impossible_differences_are_refused(wrong: dict[str, Any]):
    with pytest.raises(DataError):
        difference_size(**wrong)
