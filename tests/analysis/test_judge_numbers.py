"""How many judges are needed: the exact binomial, Lynn's table, and that a test of counts steps."""

from __future__ import annotations

from math import comb

import pytest

from analysis.errors import DataError
from analysis.scale.judge_numbers import fewest_judges, judge_number


def at_least(needed: int, judges: int, share: float) -> float:
    return sum(
        comb(judges, k) * share**k * (1 - share) ** (judges - k) for k in range(needed, judges + 1)
    )


# Anderson & Gerbing's binomial test; csv is 2 n_c / N - 1 where all others choose one rival.
@pytest.mark.parametrize(("judges", "needed", "csv"), [(5, 5, 1), (12, 10, 2 / 3), (20, 15, 0.5)])
def test_a_sort_and_a_ratio_have_the_exact_critical_number_and_power(judges, needed, csv):
    found = judge_number("sort", judges, true=0.85)
    assert (found.needed, found.share) == (needed, needed / judges)
    assert found.ratio == pytest.approx(csv)
    assert found.chance == pytest.approx(at_least(needed, judges, 0.5))
    assert found.chance <= 0.05 < at_least(needed - 1, judges, 0.5)
    assert found.power == pytest.approx(at_least(needed, judges, 0.85))
    assert judge_number("essential", judges, true=0.85) == found


# How many of 3 to 10 experts must agree (Lynn 1986, table 2, as the documentation of R's contentvalidR tells it:
# all of three to five, one fewer from six, and 7 of 9 as the lowest share).
def test_relevance_needs_as_many_judges_as_the_published_table():
    found = [judge_number("relevance", judges) for judges in range(3, 11)]
    assert [each.needed for each in found] == [3, 4, 5, 5, 6, 7, 7, 8]
    assert round(found[6].kappa, 2) == 0.76  # 7 of 9: table 2 of Polit, Beck & Owen (2007)
    assert judge_number("relevance", 2).needed is None


def test_power_is_that_of_contentvalidr():
    """The output of sort_power(N = c(20, 30), true_p = c(.65, .75)) in its documentation."""
    for judges, needed, powers in ((20, 15, (0.25, 0.62)), (30, 20, (0.51, 0.89))):
        found = [judge_number("sort", judges, true=true) for true in (0.65, 0.75)]
        assert {each.needed for each in found} == {needed}
        assert [each.power for each in found] == pytest.approx(powers, abs=0.0051)


def test_four_judges_are_too_few_for_a_test():
    found = judge_number("sort", 4)
    assert (found.needed, found.share, found.ratio, found.chance, found.power) == (
        *(None, None, None, 0, 0),
    )


def test_the_fewest_judges_have_the_power_and_one_more_may_have_less():
    found = fewest_judges("sort", true=0.9, power=0.8)
    powers = {n: judge_number("sort", n, true=0.9).power for n in range(3, 60)}
    assert found.first == min(n for n, power in powers.items() if power >= 0.8) == 8
    assert found.always == 1 + max(n for n, power in powers.items() if power < 0.8) == 11
    assert fewest_judges("relevance", true=0.5) == type(found)(None, None)
    for wrong in (0, 1):
        with pytest.raises(DataError):
            fewest_judges("sort", power=wrong)
        with pytest.raises(DataError):
            judge_number("sort", 5, true=wrong)
