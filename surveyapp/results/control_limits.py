"""The control limits of a trend: of its newest month by the ordinary variation of the earlier ones."""

from __future__ import annotations

from dataclasses import replace

from analysis.control_limits import FEWEST, ControlLimits, control_limits
from surveyapp.results import phrases
from surveyapp.results.view_models import Month, Trend

_HOW = (
    "mean of the earlier months, and three standard deviations from their moving ranges on either side"
    " (individuals chart)."
)
RULE = f"Control limits: {_HOW}"


def trend_limits(trend: Trend) -> ControlLimits | None:
    """Limits for the newest month from the shown ones before it, within the scale's axis.

    None with fewer than eight of them. Months before the wording last changed do not count.
    """
    earlier = _earlier(trend)
    if len(earlier) < FEWEST:
        return None
    found, (low, high) = control_limits(earlier), trend.definition.axis
    return replace(found, lower=max(low, found.lower), upper=min(high, found.upper))


def _earlier(trend: Trend) -> list[float]:
    return [
        month.figure.estimate
        for month in trend.months[:-1]
        if month.figure.estimate is not None and trend.is_in_present_wording(month)
    ]


def limits_said(trend: Trend) -> str:
    """The limits, the months outside them and how they are computed; or why there are none."""
    limits = trend.limits
    if limits is None:
        present = " in the present wording" if trend.rewordings else ""
        return (
            f"No control limits: they need {FEWEST} months with shown scores{present} before the"
            f" newest one; there are {len(_earlier(trend))}."
        )
    said = f"Dash-dotted lines are control limits, {_between(trend, limits)}: {_HOW}"
    return f"{said}{_outside(trend)} Months with fewer answers vary more."


def limits_in_short(trend: Trend) -> str:
    """The limits and the months outside them: "Control limits 41% to 67%, from 11 months. Below them:
    Mar 2026."; empty where there are none.
    """
    if trend.limits is None:
        return ""
    return f"Control limits {_between(trend, trend.limits)}.{_outside(trend)}"


def _between(trend: Trend, limits: ControlLimits) -> str:
    low, high = (phrases.estimate(trend.definition, end) for end in (limits.lower, limits.upper))
    return f"{low} to {high}, from {limits.n} months"


def _outside(trend: Trend) -> str:
    said = ""
    for side in ("above", "below"):
        months = [phrases.month(m.first) for m in trend.months if trend.outside(m) == side]
        if months:
            said += f" {side.capitalize()} them: {phrases.listed(months)}."
    return said


def month_said(trend: Trend, month: Month) -> str:
    """A month in a sentence, with "above" or "below the control limits" where it lies there."""
    side = trend.outside(month)
    return phrases.month_said(month) + (f", {side} the control limits" if side else "")
