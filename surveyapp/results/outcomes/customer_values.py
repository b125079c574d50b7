"""Customer lifetime value by what customers had answered: stated money, measured retention.

Of the four inputs, margin, discount and the cost of winning a customer are stated by the reader; retention
is read off the stored curves of churn, or stated, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.customer_value import LifetimeValue, lifetime_value
from analysis.errors import AnalysisError
from surveyapp.errors import Invalid

YEAR, LEAST = 12, 6  # months of the curve
NOTE = (
    "Retention is the share of a band's customers who had not left 12 months after their answer"
    " (Kaplan-Meier); its 95% interval gives the value's. Where too few were followed that long, it is that of"
    " the last month from the 6th on, taken to a year as if customers went on leaving at the same rate. Margin, discount and cost are taken as exact and as"
    " the same in every band, and retention as the same in every later year. Bands differ in more than the"
    " score: what is shown does not say that a higher score would bring in the difference."
)
_NOT_FOLLOWED = f"fewer customers than may be shown were followed for {LEAST} months"


@dataclass(frozen=True)
class StatedMoney:
    """``margin`` a customer a year, ``discount`` a year (.1 for 10 %), ``cost`` of winning a customer."""

    margin: float
    discount: float
    cost: float = 0.0


@dataclass(frozen=True)
class BandValue:
    """A band's retention (0 to 1) and value, each as estimate, low and high; None with ``reason``.

    ``n``: customers in the band; ``followed``: those still followed after ``months``, of which the retention
    is taken to a year.
    """

    band: str
    n: int
    followed: int | None
    months: int | None
    retention: tuple[float, float | None, float | None] | None
    value: tuple[float, float | None, float | None] | None
    years: float | None
    reason: str = ""


@dataclass(frozen=True)
class CustomerValues:
    """``label``: the scale whose bands they are; ``stated``: the value at a stated retention.

    ``reason``: why there are no bands.
    """

    label: str
    bands: tuple[BandValue, ...]
    reason: str
    stated: LifetimeValue | None


def customer_values(
    result: Mapping[str, Any] | None, money: StatedMoney, retention: float | None = None
) -> CustomerValues:
    """The values by these assumptions, from a stored analysis of outcomes.

    Raises Invalid for an assumption that no firm has.
    """
    try:
        alone = None if retention is None else _value(money, retention)
        _value(money, 0.5)  # any retention: are discount and cost possible?
    except AnalysisError as error:
        raise Invalid(str(error)) from error
    churn = [each for each in result["outcomes"] if each["kind"] == "churn"] if result else []
    survival = churn[0]["survival"] if churn else None
    if survival is None:
        why = "Whether customers left is not known of enough of them; import the outcome churn."
        return CustomerValues("", (), why, alone)
    bands = tuple(_of_band(curve, money) for curve in survival["curves"])
    return CustomerValues(survival["label"], bands, "", alone)


def _of_band(curve: Mapping[str, Any], money: StatedMoney) -> BandValue:
    name, n = curve["band"], curve["n"]
    long = [month for month in curve["months"] if LEAST <= month["month"] <= YEAR]
    if not long:
        return BandValue(name, n, None, None, None, None, None, _NOT_FOLLOWED)
    last = long[-1]
    kept, low, high = (
        _in_a_year(last[part], last["month"]) for part in ("survival", "low", "high")
    )
    seen = (last["at_risk"], last["month"], (kept or 0.0, low, high))
    try:
        found = _value(money, kept or 0.0)
        limits = [None if each is None else _value(money, each).value for each in (low, high)]
    except AnalysisError as error:
        return BandValue(name, n, *seen, None, None, str(error))
    value = (found.value, limits[0], limits[1])
    return BandValue(name, n, *seen, value, found.years)


def _in_a_year(share: float | None, months: int) -> float | None:
    """The share kept in a year, if as many go on leaving each month; itself after twelve."""
    return None if share is None else float(share) ** (YEAR / months)


def _value(money: StatedMoney, retention: float) -> LifetimeValue:
    return lifetime_value(money.margin, retention, money.discount, money.cost)


def values_to_json(found: CustomerValues) -> dict[str, Any]:
    """The values for programs; what is not known is null with its reason."""
    alone = found.stated
    return {
        "scale": found.label or None,
        "bands": [
            {
                "band": each.band,
                "n": each.n,
                "followed": each.followed,
                "months": each.months,
                "retention": _interval(each.retention),
                "value": _interval(each.value),
                "years": each.years,
                "reason": each.reason or None,
            }
            for each in found.bands
        ],
        "reason": found.reason or None,
        "stated": alone and {"value": alone.value, "years": alone.years},
        "note": NOTE,
    }


def _interval(found: tuple[float, float | None, float | None] | None) -> dict[str, Any] | None:
    if found is None:
        return None
    estimate, low, high = found
    return {"estimate": estimate, "low": low, "high": high}
