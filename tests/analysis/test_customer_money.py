"""Lifetime value and the return on a change, by hand."""

from __future__ import annotations

import pytest

from analysis.customer_value import lifetime_value
from analysis.errors import DataError
from analysis.return_on_change import Assumptions, return_on_change


def test_lifetime_value_is_the_sum_of_discounted_margins() -> None:
    summed = sum(100 * 0.8**year / 1.1**year for year in range(1, 400)) - 25
    found = lifetime_value(100, 0.8, 0.1, acquisition_cost=25)
    assert found.value == pytest.approx(summed)
    assert found.years == pytest.approx(5)


@pytest.mark.parametrize("given", [(1.2, 0.1, 0), (0.5, -0.1, 0), (0.5, 0.1, -1), (1, 0, 0)])
def test_impossible_inputs_of_a_lifetime_value_are_refused(given: tuple[float, ...]) -> None:
    with pytest.raises(DataError):
        lifetime_value(100, *given)


def test_the_three_cases_by_hand() -> None:
    given = Assumptions(10_000, 0.002, 150, 20_000, yearly_cost=1_000, years=2, discount=0.1)
    found = return_on_change(-1, 2, 5, given)
    factors = 1 / 1.1 + 1 / 1.21
    assert found.mid.retained == pytest.approx(40)
    assert found.mid.benefit == pytest.approx(40 * 150 * factors)
    assert found.mid.net == pytest.approx(40 * 150 * factors - 20_000 - 1_000 * factors)
    assert found.mid.payback is None
    assert found.high.payback is not None
    assert 1 < found.high.payback < 2
    assert found.low.net < found.mid.net < found.high.net
    assert found.low.benefit < 0


def test_no_more_customers_stay_than_there_are() -> None:
    found = return_on_change(0, 0, 1e6, Assumptions(100, 0.5, 1, 1))
    assert found.high.retained == 100


@pytest.mark.parametrize(
    ("gains", "given"),
    [
        ((3, 2, 4), Assumptions(1, 0.1, 1, 1)),
        ((1, 2, 3), Assumptions(-1, 0.1, 1, 1)),
        ((1, 2, 3), Assumptions(1, 1.5, 1, 1)),
        ((1, 2, 3), Assumptions(1, 0.1, 1, 1, years=0)),
    ],
)
def test_impossible_assumptions_are_refused(
    gains: tuple[float, float, float], given: Assumptions
) -> None:
    with pytest.raises(DataError):
        return_on_change(*gains, given)
