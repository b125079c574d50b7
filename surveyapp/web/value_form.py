"""The form of a customer's lifetime value: assumptions in an address, none of which is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyapp.errors import Invalid
from surveyapp.results.outcomes.customer_values import CustomerValues, StatedMoney, customer_values
from surveyapp.web.stated_numbers import Asked, is_complete

FIELDS = (
    Asked("margin", "Margin of a customer in a year", "In your currency, before tax.", ""),
    Asked("discount", "Discount rate a year, in per cent", "What later money is worth less.", "10"),
    Asked("cost", "Cost of winning a customer, once", "In your currency.", "0"),
    Asked(
        "retention",
        "Retention in a year, in per cent",
        "Left empty, only what was measured is reckoned with.",
        "",
        is_needed=False,
    ),
)


def valued(result: Mapping[str, Any] | None, stated: Mapping[str, str]) -> CustomerValues | None:
    """The values by these assumptions; None while some are missing. Raises Invalid."""
    if not is_complete(FIELDS, stated):
        return None
    numbers = {each.name: each.read(stated[each.name]) for each in FIELDS if stated[each.name]}
    kept = numbers.get("retention")
    money = StatedMoney(numbers["margin"], numbers["discount"] / 100, numbers["cost"])
    if kept is not None and kept > 100:
        raise Invalid(f"{kept:g} is not a per cent from 0 to 100.", field="retention")
    return customer_values(result, money, None if kept is None else kept / 100)
