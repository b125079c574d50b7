"""The advised number of answers gives the wanted interval."""

from __future__ import annotations

import pytest

from analysis.errors import DataError
from analysis.metrics import net_promoter, share
from analysis.sample_size import sample_size
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
