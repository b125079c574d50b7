"""Two groups are compared with published intervals, and many comparisons are corrected for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.compare import difference, holm, mcnemar
from analysis.errors import DataError, TooFewCases
from analysis.metrics import Mean, csat, index_mean, net_promoter, share


def mean_of(answers: list[float]) -> Mean:
    squares = float(np.square(answers).sum())
    return index_mean(len(answers), sum(answers), squares, minimum=1, maximum=7)


# Newcombe (1998), table II, method 10; the same from statsmodels 0.15.0,
# confint_proportions_2indep(method="newcomb").
@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.05243147240236498, 0.33387265403690614),
        ((9, 10), (3, 10), 0.1705227239345029, 0.809017973535488),
        ((0, 10), (0, 20), -0.1611251580528194, 0.27753279986288926),
    ],
)
def test_the_interval_between_shares_is_newcombes(first, second, low, high):
    found = difference(share(*first), share(*second))
    assert (found.low, found.high) == pytest.approx((100 * low, 100 * high), abs=1e-9)


# statsmodels 0.15.0: proportions_ztest([56, 48], [70, 80]).
def test_the_p_value_between_shares_is_the_pooled_z_tests():
    found = difference(share(56, 70), share(48, 80))
    assert found.estimate == pytest.approx(20)
    assert found.p == pytest.approx(0.00804508136819656)
    assert found.effect == pytest.approx(0.442143, abs=1e-6)


def test_shares_that_are_all_or_none_in_both_groups_do_not_differ():
    assert difference(share(0, 10), share(0, 20)).p == 1
    assert difference(share(10, 10), share(20, 20)).estimate == 0


# scipy 1.17.1: ttest_ind(a, b, equal_var=False) and its confidence_interval().
def test_means_are_compared_by_welch():
    found = difference(mean_of([1, 2, 3, 4, 5, 6, 7]), mean_of([4, 4, 5, 6, 6.5]))
    assert found.estimate == pytest.approx(-1.1)
    assert found.p == pytest.approx(0.28132011787500993)
    assert (found.low, found.high) == pytest.approx((-3.262288479523674, 1.0622884795236747))


def test_equal_answers_within_a_group_leave_doubt_in_proportion_to_their_number():
    assert difference(mean_of([5, 5]), mean_of([5, 5])).p == pytest.approx(1)
    few = difference(mean_of([5, 5]), mean_of([4, 4]))
    assert few.estimate == 1
    assert few.low < 0 < few.high
    assert few.p > 0.5
    many = difference(mean_of([5] * 200), mean_of([4] * 200))
    assert many.low > 0.8
    assert many.p < 1e-9
    # One group of two equal answers is not known better than one of two different ones.
    one = difference(mean_of([5, 5]), mean_of([4, 5, 4, 3, 4, 4, 5, 3]))
    assert one.low < 0 < one.high


def test_promoter_scores_are_compared_by_their_own_intervals():
    first, second = net_promoter({9: 50, 7: 30, 3: 20}), net_promoter({9: 30, 7: 30, 3: 40})
    found = difference(first, second)
    # By hand: the distances 16.240 and 14.910 below and above 30, 15.815 and 16.147 around -10.
    assert found.estimate == pytest.approx(40)
    below = np.hypot(30 - first.low, second.high + 10)
    above = np.hypot(first.high - 30, -10 - second.low)
    assert (found.low, found.high) == pytest.approx((40 - below, 40 + above))
    assert (found.low, found.high) == pytest.approx((17.215, 61.162), abs=0.001)
    assert found.p == pytest.approx(0.000472, abs=1e-6)


def test_ten_customers_of_one_mind_lie_within_the_interval_of_their_difference():
    found = difference(net_promoter({10: 10}), net_promoter({0: 10}))
    assert found.low < found.estimate == found.high == 200
    same = difference(net_promoter({10: 1}), net_promoter({10: 100_000}))
    assert same.low < 0 <= same.high
    assert same.p == 1


def test_intervals_of_promoter_scores_hold_the_true_difference():
    rng = np.random.default_rng(1)
    few, many = (
        rng.multinomial(10, (0.97, 0.02, 0.01), 400),
        rng.multinomial(10, (0.02, 0.03, 0.95), 400),
    )
    held = 0
    for one, other in zip(few, many, strict=True):
        pair = [net_promoter({10: int(c[0]), 7: int(c[1]), 0: int(c[2])}) for c in (one, other)]
        found = difference(*pair)
        assert found.low <= found.estimate <= found.high
        held += found.low <= 96 + 93 <= found.high
    assert held / 400 > 0.92  # of a Wald interval around the adjusted scores it was .68


@settings(max_examples=60, deadline=None)
@given(*(st.lists(st.integers(0, 60), min_size=11, max_size=11).filter(any) for _ in range(2)))
def test_changing_the_sides_changes_only_the_sign(first: list[int], second: list[int]):
    there = difference(net_promoter(first), net_promoter(second))
    back = difference(net_promoter(second), net_promoter(first))
    assert (back.estimate, back.low, back.high) == pytest.approx(
        (-there.estimate, -there.high, -there.low)
    )
    assert back.p == pytest.approx(there.p)
    assert back.effect == pytest.approx(-there.effect)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=5, max_size=5).filter(lambda c: sum(c) > 1))
def test_a_group_does_not_differ_from_itself(counts: list[int]):
    group = csat(counts)
    assert group.mean is not None
    for found in (difference(group, group), difference(group.mean, group.mean)):
        assert found.estimate == 0
        assert found.low <= 0 <= found.high
        assert found.p == pytest.approx(1)


def test_different_kinds_and_scales_are_not_compared():
    with pytest.raises(DataError, match="Share and a Mean"):
        difference(share(1, 2), mean_of([1, 2]))
    with pytest.raises(DataError, match="not comparable"):
        difference(csat([1] * 5), csat([1] * 5, top=1))


def test_one_answer_cannot_be_tested():
    with pytest.raises(TooFewCases, match="at least 2"):
        difference(mean_of([4]), mean_of([5, 6]))


# statsmodels 0.15.0: multipletests(p, method="holm")[1].
# statsmodels 0.15.0, mcnemar([[0, b], [c, 0]], exact=True).
@pytest.mark.parametrize(
    ("only_first", "only_second", "p"),
    [
        (9, 1, 0.021484375),
        (14, 30, 0.022628841205914796),
        (12, 0, 0.00048828125),
        (60, 20, 8.580559867049611e-06),
        (4, 4, 1.0),
        (0, 0, 1.0),
    ],
)
def test_two_answers_of_the_same_people_are_compared_by_mcnemar(only_first, only_second, p):
    assert mcnemar(only_first, only_second) == pytest.approx(p, rel=1e-12)
    assert mcnemar(only_second, only_first) == pytest.approx(p, rel=1e-12)


def test_people_are_not_fewer_than_none():
    with pytest.raises(DataError, match="fewer than none"):
        mcnemar(-1, 3)


def test_holm_agrees_with_statsmodels():
    assert holm([0.01, 0.04, 0.03, 0.005, 0.2]) == pytest.approx((0.04, 0.09, 0.09, 0.025, 0.2))
    assert holm([]) == ()


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_keeps_the_order_and_never_lowers_a_p_value(p_values: list[float]):
    found = holm(p_values)
    assert all(p <= adjusted <= 1 for p, adjusted in zip(p_values, found, strict=True))
    ranked = [adjusted for _, adjusted in sorted(zip(p_values, found, strict=True))]
    assert ranked == sorted(ranked)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_p_value_is_refused(p: float):
    with pytest.raises(DataError, match="no p value"):
        holm([p])
