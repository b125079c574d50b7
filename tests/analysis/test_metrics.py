"""The metrics' numbers and intervals are the published ones, whatever they are counted from."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError, TooFewCases
from analysis.metrics import (
    Share,
    Thresholds,
    ces,
    csat,
    index_mean,
    net_promoter,
    share,
    summarize,
    suppressed,
)
from analysis.scoring import scales
from instruments.loader import BUILT_IN

COUNTS_0_10 = st.lists(st.integers(0, 400), min_size=11, max_size=11).filter(any)


def nps_counts(promoters: int, passives: int, detractors: int) -> dict[int, int]:
    return {9: promoters, 7: passives, 3: detractors}


# Rocks (2016), computed by hand from the formula with z = 1.959964.
@pytest.mark.parametrize(
    ("counts", "estimate", "plain", "centre", "low", "high"),
    [
        ((50, 30, 20), 30.0, 15.31, 29.13, 14.05, 44.20),
        ((500, 300, 200), 30.0, 4.84, 29.91, 25.08, 34.74),
        ((6, 2, 2), 40.0, 49.58, 30.77, -12.59, 74.12),
        ((10, 0, 0), 100.0, 0.0, 76.92, 47.50, 100.0),
    ],
)
def test_net_promoter_golden_numbers(counts, estimate, plain, centre, low, high):
    found = net_promoter(nps_counts(*counts))
    assert found.estimate == pytest.approx(estimate)
    assert found.centre == pytest.approx(centre, abs=0.005)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.005)
    assert (found.promoters, found.passives, found.detractors) == counts
    wald = net_promoter(nps_counts(*counts), method="wald")
    assert wald.high - wald.estimate == pytest.approx(min(plain, 100 - estimate), abs=0.005)


def test_an_interval_beyond_the_score_is_clipped():
    found = net_promoter(nps_counts(10, 0, 0))
    assert found.centre + 1.959964 * found.error == pytest.approx(106.34, abs=0.005)
    assert found.high == 100


@settings(max_examples=60, deadline=None)
@given(COUNTS_0_10)
def test_turning_promoters_into_detractors_turns_the_score(counts: list[int]):
    straight = net_promoter(counts, promoters_from=7, detractors_to=3)
    turned = net_promoter(counts[::-1], promoters_from=7, detractors_to=3)
    assert turned.estimate == pytest.approx(-straight.estimate)
    assert (turned.low, turned.high) == pytest.approx((-straight.high, -straight.low))


@settings(max_examples=60, deadline=None)
@given(COUNTS_0_10)
def test_counts_and_raw_answers_agree(counts: list[int]):
    answers = np.repeat(np.arange(11), counts)
    found = net_promoter(counts)
    signs = np.where(answers >= 9, 100.0, np.where(answers <= 6, -100.0, 0.0))
    assert found.estimate == pytest.approx(signs.mean())
    assert found.low - 1e-9 <= found.centre <= found.high + 1e-9
    assert found.n == len(answers)


# statsmodels 0.15.0: proportion_confint(yes, n, method="wilson").
@pytest.mark.parametrize(
    ("yes", "n", "low", "high"),
    [
        (8, 10, 0.49016247153664183, 0.9433178485456247),
        (0, 10, 0.0, 0.27753279986288926),
        (10, 10, 0.7224672001371106, 1.0),
        (80, 250, 0.26527465872568123, 0.38017332909267876),
        (1, 1, 0.2065493143772374, 1.0),
    ],
)
def test_wilson_interval_agrees_with_statsmodels(yes, n, low, high):
    found = share(yes, n)
    assert found.estimate == pytest.approx(100 * yes / n)
    assert (found.low, found.high) == pytest.approx((100 * low, 100 * high), abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_lies_in_its_interval_and_the_interval_in_0_to_100(counts: tuple[int, int]):
    found = share(*counts)
    assert 0 <= found.low <= found.estimate + 1e-9
    assert found.estimate - 1e-9 <= found.high <= 100


def test_satisfaction_is_the_share_of_the_two_highest_points_with_the_mean_beside_it():
    found = csat([5, 5, 10, 50, 30])
    assert found.estimate == 80.0
    assert (found.low, found.high) == pytest.approx((71.12, 86.66), abs=0.01)
    assert found.mean is not None
    assert found.mean.estimate == 3.95
    assert "answers 4 to 5 on a scale from 1 to 5" in found.definition


def test_effort_is_the_share_that_found_it_easy_and_the_mean():
    found = ces({1: 10, 4: 10, 5: 20, 7: 60})
    assert found.estimate == 80.0
    assert found.mean is not None
    assert found.mean.estimate == pytest.approx(5.7)


def test_thresholds_are_settings():
    assert csat([1, 1, 1, 1, 1], top=1).estimate == 20.0
    assert ces([1] * 7, easy_from=7).estimate == pytest.approx(100 / 7)
    assert net_promoter([1] * 11, promoters_from=10, detractors_to=0).estimate == 0
    assert net_promoter([1] * 11, promoters_from=8).estimate == pytest.approx(-400 / 11)


# scipy 1.17.1: ttest_1samp([1, 2, 3, 4, 5, 6, 6], 0).confidence_interval().
def test_t_interval_agrees_with_scipy():
    answers = [1, 2, 3, 4, 5, 6, 6]
    found = index_mean(7, sum(answers), sum(a * a for a in answers), minimum=1, maximum=7)
    assert found.estimate == pytest.approx(27 / 7)
    assert (found.low, found.high) == pytest.approx((2.0520287906434165, 5.662256923642298))
    percent = ((27 / 7 - 1) / 6 * 100, 17.53381317739, 77.70428206070)
    assert found.percent == pytest.approx(percent)


def test_one_answer_is_uncertain_over_the_whole_scale():
    found = index_mean(1, 6, 36, minimum=1, maximum=7)
    assert (found.estimate, found.low, found.high) == (6, 1, 7)
    assert math.isnan(found.sd)


@pytest.mark.parametrize(("n", "low"), [(2, 1.9487), (20, 5.9894), (1000, 6.9779)])
def test_equal_answers_do_not_prove_that_there_are_no_others(n: int, low: float):
    found = index_mean(n, 7 * n, 49 * n, minimum=1, maximum=7)
    assert (found.estimate, found.high, found.sd) == (7, 7, 0)
    # statsmodels 0.15.0: 7 - 6 * proportion_confint(0, n, method="beta")[1]
    assert found.low == pytest.approx(low, abs=1e-4)


def test_equal_answers_that_are_no_binary_fractions_are_equal():
    found = index_mean(3, 3 * 4.1, 3 * 4.1**2, minimum=1, maximum=7)
    assert found.sd == 0
    assert found.low < 4.1 < found.high


def test_the_interval_of_one_promoter_holds_his_score():
    found = net_promoter({10: 1})
    assert found.low < found.estimate == found.high == 100


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 7), min_size=2, max_size=200))
def test_sums_say_what_the_answers_say(answers: list[int]):
    found = index_mean(
        len(answers), sum(answers), sum(a * a for a in answers), minimum=1, maximum=7
    )
    assert found.estimate == pytest.approx(np.mean(answers))
    assert found.sd == pytest.approx(np.std(answers, ddof=1), abs=1e-7)
    assert 1 <= found.low <= found.estimate <= found.high <= 7


@pytest.mark.parametrize(
    "call",
    [
        lambda: net_promoter([0] * 11),
        lambda: csat([0] * 5),
        lambda: ces({}),
        lambda: share(0, 0),
        lambda: index_mean(0, 0, 0, minimum=1, maximum=7),
    ],
)
def test_no_answers_have_no_score(call):
    with pytest.raises(TooFewCases, match="at least 1 usable answers"):
        call()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: net_promoter([1] * 10), "needs 11 counts, found 10"),
        (lambda: net_promoter({11: 1}), "11 is no point"),
        (lambda: net_promoter([1.5] * 11), "whole numbers"),
        (lambda: net_promoter([-1] + [1] * 10), "whole numbers"),
        (lambda: net_promoter([1] * 11, promoters_from=6), "do not part"),
        (lambda: net_promoter([1] * 11, method="exact"), "adjusted or wald"),
        (lambda: share(11, 10), "11 of 10"),
        (lambda: share(1, 10, confidence=95), "confidence of 95"),
        (lambda: csat([1] * 5, top=5), "leave nothing below"),
        (lambda: ces([1] * 7, easy_from=1), "does not part"),
        (lambda: index_mean(10, 100, 1000, minimum=1, maximum=7), "outside the scale"),
        (lambda: index_mean(10, 50, 200, minimum=1, maximum=7), "cannot have squares"),
    ],
)
def test_impossible_input_is_refused_in_a_sentence(call, says):
    with pytest.raises(DataError, match=says):
        call()


def test_a_rollup_is_summed_up_in_its_own_metric():
    def of(code: str, **rollup: object):
        return summarize(scales(BUILT_IN.load(code))[-1], **rollup)

    assert of("sjq", n=3, total=15, total_squares=77).estimate == 5
    rest = {"n": 100, "total": 0, "total_squares": 0}
    assert of("nps", **rest, histogram=nps_counts(50, 30, 20)).estimate == 30
    assert of("csat", **rest, histogram={5: 80, 1: 20}).estimate == 80
    assert of("ces", **rest, histogram={5: 70, 4: 30}).estimate == 70
    assert of("fcr", **rest, histogram={1: 60, 0: 40}).estimate == 60
    strict = Thresholds(easy_from=6)
    found = of("ces", **rest, histogram={6: 10, 5: 90}, thresholds=strict)
    assert isinstance(found, Share)
    assert found.estimate == 10


def test_a_cell_below_five_is_suppressed():
    assert [suppressed(n) for n in (0, 4, 5)] == [True, True, False]
    assert suppressed(9, minimum=10)
