"""What a change may bring in against what it costs, in three cases with their assumptions."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.errors import DataError


@dataclass(frozen=True)
class Case:
    """``gain``: points of the score; ``retained``: customers a year who stay and would not have;
    ``benefit`` and ``net`` over all years, discounted; ``ratio`` is net by cost; ``payback`` in years,
    None where the cost is never made up for.
    """

    gain: float
    retained: float
    benefit: float
    net: float
    ratio: float | None
    payback: float | None


@dataclass(frozen=True)
class Assumptions:
    """``customers`` a year; ``retention_per_point``: share of customers more that stay for each point of
    the score, .002 for 0.2 percentage points; ``yearly_margin`` a customer; ``cost`` once,
    ``yearly_cost`` each year; ``years`` looked at; ``discount`` a year.
    """

    customers: float
    retention_per_point: float
    yearly_margin: float
    cost: float
    yearly_cost: float = 0.0
    years: int = 3
    discount: float = 0.1


@dataclass(frozen=True)
class Return:
    low: Case
    mid: Case
    high: Case
    assumptions: Assumptions


def return_on_change(low: float, mid: float, high: float, assumptions: Assumptions) -> Return:
    """The return in three cases: the lower limit of a change's gain in points, its estimate, the upper.

    Customers who stay in one year bring their margin in that year alone, at its end; margins and yearly
    costs are discounted, the cost at the start is not. Raises DataError for gains out of order, or
    assumptions that no firm has.

    Notes: all of it rests on one assumption that no survey can test: that a point of the score goes
    with so much more retention. An interval of the gain is not one of the return.

    >>> case = return_on_change(0, 2, 4, Assumptions(1000, 0.01, 100, 1500, years=1, discount=0)).mid
    >>> case.benefit, case.net
    (2000.0, 500.0)
    """
    if not low <= mid <= high:
        raise DataError(f"The gains {low:g}, {mid:g} and {high:g} are not in rising order.")
    _check(assumptions)
    first, second, third = (_case(gain, assumptions) for gain in (low, mid, high))
    return Return(first, second, third, assumptions)


def _case(gain: float, given: Assumptions) -> Case:
    # A share of customers, whatever the points: nobody can stay who is not there.
    share = max(-1.0, min(1.0, gain * given.retention_per_point))
    retained = given.customers * share
    factors = [1 / (1 + given.discount) ** year for year in range(1, given.years + 1)]
    benefit = retained * given.yearly_margin * sum(factors)
    costs = given.cost + given.yearly_cost * sum(factors)
    yearly = retained * given.yearly_margin - given.yearly_cost
    return Case(
        gain,
        retained,
        benefit,
        benefit - costs,
        (benefit - costs) / costs if costs else None,
        _payback(yearly, given.cost, factors),
    )


def _payback(yearly: float, cost: float, factors: list[float]) -> float | None:
    """Years until discounted margins make up for the cost, within the years looked at."""
    left = cost
    for year, factor in enumerate(factors):
        if yearly * factor >= left:
            return year + (left / (yearly * factor) if left > 0 else 0.0)
        left -= yearly * factor
    return None


def _check(given: Assumptions) -> None:
    if given.customers < 0 or given.cost < 0 or given.yearly_cost < 0 or given.discount < 0:
        raise DataError("Customers, costs and the discount rate cannot be negative.")
    if not 0 <= given.retention_per_point <= 1:
        raise DataError(
            f"A retention of {given.retention_per_point:g} for each point is not between 0 and 1."
        )
    if not 1 <= given.years <= 30:
        raise DataError(f"{given.years} years are not between 1 and 30.")
