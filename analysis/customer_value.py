"""What a customer is worth: lifetime value from four inputs."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.errors import DataError


@dataclass(frozen=True)
class LifetimeValue:
    """``value`` in the unit of the margin; ``years`` is the expected life, None where nobody ever leaves."""

    value: float
    years: float | None
    multiple: float


def lifetime_value(
    yearly_margin: float, retention: float, discount: float, acquisition_cost: float = 0.0
) -> LifetimeValue:
    """The present value of a customer's margins less what it cost to win them.

    ``retention``: the share kept from one year to the next; ``discount``: the yearly rate, .1 for 10 %.
    The first margin comes at the end of the first year, if the customer is still there: value = margin
    r / (1 + i - r) - cost. Raises DataError for a retention outside 0 to 1, a negative discount or
    cost, and where both are such that the sum has no end.

    References: Gupta, S., & Lehmann, D. R. (2003). Customers as assets. Journal of Interactive
    Marketing, 17, 9-24: a retention of .9 and a discount of 12 % multiply the margin by 4.09.

    >>> round(lifetime_value(100, 0.9, 0.12).multiple, 2)
    4.09
    """
    if not 0 <= retention <= 1:
        raise DataError(f"A retention of {retention:g} is not between 0 and 1.")
    if discount < 0 or acquisition_cost < 0:
        raise DataError("The discount rate and the cost of winning a customer cannot be negative.")
    if retention == 1 and discount == 0:
        raise DataError(
            "Customers who never leave, without a discount, are worth more than any sum."
        )
    multiple = retention / (1 + discount - retention)
    years = None if retention == 1 else 1 / (1 - retention)
    return LifetimeValue(yearly_margin * multiple - acquisition_cost, years, multiple)
