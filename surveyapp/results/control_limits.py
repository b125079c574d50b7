"""The control limits of a trend: of its newest month by the ordinary variation of the earlier ones."""

from __future__ import annotations

from dataclasses import replace

from analysis.control_limits import FEWEST, ControlLimits, control_limits
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.results import phrases
from surveyapp.results.view_models import Month, Trend

RULE = msg(
    "Control limits: mean of the earlier months, and three standard deviations from their moving ranges on"
    " either side (individuals chart)."
)


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


def limits_said(trend: Trend, words: Words = ENGLISH) -> str:
    """The limits, the months outside them and how they are computed; or why there are none."""
    limits = trend.limits
    if limits is None:
        present = " in the present wording" if trend.rewordings else ""
        return (
            f"No control limits: they need {FEWEST} months with shown scores{present} before the"
            f" newest one; there are {len(_earlier(trend))}."
        )
    said = words.say(
        "Dash-dotted lines are control limits, {between}: mean of the earlier months, and three standard"
        " deviations from their moving ranges on either side (individuals chart).",
        between=_between(trend, limits, words),
    )
    parts = (said, _outside(trend, words), words.say("Months with fewer answers vary more."))
    return " ".join(filter(None, parts))


def limits_in_short(trend: Trend, words: Words = ENGLISH) -> str:
    """The limits and the months outside them: "Control limits 41% to 67%, from 11 months. Below them:
    Mar 2026."; empty where there are none.
    """
    if trend.limits is None:
        return ""
    between = _between(trend, trend.limits, words)
    said = words.say("Control limits {between}.", between=between)
    return " ".join(filter(None, (said, _outside(trend, words))))


def limits_weighted(trend: Trend, words: Words = ENGLISH) -> str:
    """The limits of the score with weights and the months outside them; empty where there are none."""
    said = limits_in_short(trend.weighted, words) if trend.weighted else ""
    return words.say("With weights: {finding}", finding=said) if said else ""


def _between(trend: Trend, limits: ControlLimits, words: Words) -> str:
    low, high = (
        phrases.estimate(trend.definition, end, words=words) for end in (limits.lower, limits.upper)
    )
    return words.say(
        "{low} to {high}, from {n} months", low=low, high=high, n=words.number(limits.n)
    )


def _outside(trend: Trend, words: Words) -> str:
    said = []
    for side, message in (
        ("above", msg("Above them: {months}.")),
        ("below", msg("Below them: {months}.")),
    ):
        months = [words.month(m.first) for m in trend.months if trend.outside(m) == side]
        if months:
            said.append(words.say(message, months=words.listed(months)))
    return " ".join(said)


def month_said(trend: Trend, month: Month, words: Words = ENGLISH) -> str:
    """A month in a sentence, with "above" or "below the control limits" where it lies there."""
    side, said = trend.outside(month), phrases.month_said(month, words=words)
    if side == "above":
        return words.say("{month}, above the control limits", month=said)
    if side == "below":
        return words.say("{month}, below the control limits", month=said)
    return said
