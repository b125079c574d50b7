"""The form of a change's cost and return: assumptions in an address, none of which is stored."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.errors import AnalysisError
from analysis.return_on_change import Assumptions, Return, return_on_change
from surveyapp.errors import Invalid
from surveyapp.results.registered_changes.effects import ChangeEffect
from surveyapp.web import stated_numbers
from surveyapp.web.stated_numbers import Asked, is_complete

FIELDS = (
    Asked("customers", "Customers a year", "Who go through this journey.", ""),
    Asked(
        "stay",
        "More customers who stay for one point, in percentage points",
        "An assumption that no survey can test: 0.1 means that of 1,000 customers one more stays.",
        "0.1",
    ),
    Asked("margin", "Margin of a customer in a year", "In your currency.", ""),
    Asked("cost", "Cost of the change, once", "In your currency.", ""),
    Asked("yearly", "Cost a year from then on", "In your currency.", "0"),
    Asked("years", "Years", "From 1 to 30.", "3"),
    Asked("discount", "Discount rate a year, in per cent", "What later money is worth less.", "10"),
)


def given(arguments: Mapping[str, str]) -> dict[str, str]:
    """What stands in each field."""
    return stated_numbers.stated(FIELDS, arguments)


def returned(effect: ChangeEffect, stated: Mapping[str, str]) -> Return | None:
    """The three cases of the chosen score's change by these assumptions; None while some are missing.

    Raises Invalid for what is no number, or an assumption that no firm has.
    """
    row = effect.chosen
    contrast = row.contrast if row else None
    if contrast is None or not is_complete(FIELDS, stated):
        return None
    numbers = {each.name: each.read(stated[each.name]) for each in FIELDS}
    if not numbers["years"].is_integer():
        raise Invalid(f"{stated['years']} is not a whole number of years.", field="years")
    try:
        return return_on_change(
            contrast.low,
            contrast.difference,
            contrast.high,
            Assumptions(
                numbers["customers"],
                numbers["stay"] / 100,
                numbers["margin"],
                numbers["cost"],
                numbers["yearly"],
                int(numbers["years"]),
                numbers["discount"] / 100,
            ),
        )
    except AnalysisError as error:
        raise Invalid(str(error)) from error
