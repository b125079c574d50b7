"""The outlook says how many answers it takes and when, from shown figures alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from analysis.metrics import index_mean, net_promoter
from instruments.schema import Metric
from surveyapp.errors import Invalid
from surveyapp.results.outlook import WEEK, Arrivals, Wanted, monthly, outlook, read_wanted
from surveyapp.results.targets.metrics import RATE
from surveyapp.results.view_models import Figure, Hidden, Month, Trend, Unit

TODAY = date(2026, 11, 29)
NPS = replace(RATE, scale="nps", metric=Metric.NPS, unit=Unit.NPS, axis=(-100.0, 100.0))
INDEX = replace(RATE, scale="sjq", metric=Metric.INDEX, unit=Unit.INDEX)
TEN = Arrivals((10,) * 8, WEEK)


def shown(definition, n, estimate, low, high) -> Figure:
    return Figure(definition, n, estimate, low, high, None)


def test_the_spread_comes_from_the_shown_interval():
    found = net_promoter({9: 50, 7: 30, 3: 20})
    score = outlook(
        shown(NPS, 100, found.estimate, found.low, found.high), TEN, Wanted(), today=TODAY
    )
    # Of 53 shares with three quarters of an answer more on either side (Rocks 2016).
    up, down = 50.75 / 103, 20.75 / 103
    assert score.sd == pytest.approx(100 * (up + down - (up - down) ** 2) ** 0.5)
    mean = index_mean(50, 50 * 60, 50 * 3600 + 49 * 400, minimum=0, maximum=100)
    index = outlook(shown(INDEX, 50, 60, mean.low, mean.high), TEN, Wanted(), today=TODAY)
    assert index.sd == pytest.approx(20)
    half = outlook(shown(RATE, 100, 50, 40.4, 59.6), TEN, Wanted(), today=TODAY)
    assert (half.sd, half.size.n, half.missing) == (50, 385, 285)


def test_the_day_follows_from_the_rate_and_its_ends():
    found = outlook(shown(RATE, 100, 50, 40.4, 59.6), TEN, Wanted(), today=TODAY)
    assert found.by == TODAY + timedelta(weeks=28, days=4)  # 28.5 weeks, a day begun
    assert TODAY < found.soonest < found.by < found.latest
    assert not found.reached
    small = outlook(shown(RATE, 100, 50, 40.4, 59.6), TEN, Wanted(population=120), today=TODAY)
    assert (small.size.n, small.reached, small.by) == (92, True, TODAY)


def test_it_says_never_not_known_and_hidden():
    one = shown(RATE, 100, 50, 40.4, 59.6)
    never = outlook(one, Arrivals((0, 1, 0, 0), WEEK), Wanted(margin=1), today=TODAY)
    assert (never.by, never.latest) == (None, None)
    assert never.rate is not None
    young = outlook(one, Arrivals((7,), WEEK), Wanted(), today=TODAY)
    assert (young.rate, young.by) == (None, None)
    hidden = Figure(RATE, None, None, None, None, None, Hidden.FEW)
    found = outlook(hidden, TEN, Wanted(), today=TODAY)
    assert (found.missing, found.by, found.power_now, found.own_sd) == (None, None, None, False)


def test_a_difference_goes_down_where_there_is_no_room_above():
    found = outlook(shown(RATE, 400, 98, 96, 99), TEN, Wanted(difference=5), today=TODAY)
    assert found.change.difference == -5
    with pytest.raises(Invalid, match="does not fit"):
        outlook(shown(RATE, 400, 50, 45, 55), TEN, Wanted(difference=60), today=TODAY)


def test_months_are_complete_shown_and_none_is_skipped():
    def month(at: int, n: int | None) -> Month:
        return Month(date(2026, at, 1), Figure(RATE, n, None, None, None, None))

    def counts(*months: Month) -> tuple[int, ...]:
        return monthly(Trend(RATE, None, None, None, months), TODAY).counts

    assert counts(month(7, 9), month(8, 5), month(9, 6), month(10, 7), month(11, 3)) == (5, 6, 7)
    assert counts(month(6, 9), month(7, 5), month(8, 6)) == (5, 6, 0, 0)  # nobody since
    assert counts(month(7, 9), month(8, 5), month(9, None), month(10, 7)) == (7,)  # hidden between
    assert counts(month(11, 3)) == ()


@pytest.mark.parametrize(
    ("field", "text"),
    [("margin", "0"), ("margin", "wide"), ("power", "100"), ("population", "1.5"), ("difference", "nan"), ("population", "-1")],
)  # fmt: skip
def test_what_is_no_wish_is_refused_by_name(field: str, text: str):
    with pytest.raises(Invalid) as refused:
        read_wanted({field: text})
    assert refused.value.field == field
