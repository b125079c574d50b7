"""Targets in words: the same on pages, in charts and in reports."""

from __future__ import annotations

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.results import phrases
from surveyapp.results.targets.standing import Gap, MetricTarget
from surveyapp.results.view_models import Definition

EXPLAINED = msg(
    "Reached: the whole 95% interval lies at the target or above. Not reached: the whole interval lies"
    " below it. Open: the interval holds the target, so that the answers so far do not decide."
)


def amount(definition: Definition, target: MetricTarget, *, words: Words = ENGLISH) -> str:
    """The target in the metric's unit: "65", "+40", "72.5%"."""
    places = 0 if float(target.value).is_integer() else 1
    return phrases.estimate(definition, target.value, places, words=words)


def gap_numbers(gap: Gap, *, words: Words = ENGLISH) -> str:
    """The gap with its interval: "-8.7, 95% CI -17.6 to -0.3"; empty where there is none."""
    if gap.difference is None:
        return ""
    if gap.low is None or gap.high is None:
        return words.number(gap.difference, signed=True)
    places = 1 if gap.high - gap.low < 2 else 0
    difference, low, high = (
        words.number(each, places, signed=True) for each in (gap.difference, gap.low, gap.high)
    )
    return words.say(
        "{difference}, 95% CI {low} to {high}", difference=difference, low=low, high=high
    )


def against(definition: Definition, gap: Gap, *, words: Words = ENGLISH) -> str:
    """A target and how it stands, beside a figure: "target 65 by 31 December 2026: open"."""
    target = gap.target
    said = {
        (False, False): msg("target {amount}"),
        (True, False): msg("target {amount} by {day}"),
        (False, True): msg("target {amount}: {standing}"),
        (True, True): msg("target {amount} by {day}: {standing}"),
    }[target.due is not None, gap.standing is not None]
    return words.say(
        said,
        amount=amount(definition, target, words=words),
        day=words.day(target.due),
        standing=words.say(gap.standing) if gap.standing else "",
    )
