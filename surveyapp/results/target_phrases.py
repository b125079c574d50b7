"""Targets in words: the same on pages, in charts and in reports."""

from __future__ import annotations

from surveyapp.results import phrases
from surveyapp.results.standing import Gap, MetricTarget
from surveyapp.results.view_models import Definition

EXPLAINED = (
    "Reached: the whole 95% interval lies at the target or above. Not reached: the whole interval lies"
    " below it. Open: the interval holds the target, so that the answers so far do not decide."
)


def amount(definition: Definition, target: MetricTarget) -> str:
    """The target in the metric's unit: "65", "+40", "72.5%"."""
    places = 0 if float(target.value).is_integer() else 1
    return phrases.estimate(definition, target.value, places)


def gap_numbers(gap: Gap) -> str:
    """The gap with its interval: "-8.7, 95% CI -17.6 to -0.3"; empty where there is none."""
    if gap.difference is None:
        return ""
    if gap.low is None or gap.high is None:
        return phrases.number(gap.difference, signed=True)
    places = 1 if gap.high - gap.low < 2 else 0
    difference, low, high = (
        phrases.number(each, places, signed=True) for each in (gap.difference, gap.low, gap.high)
    )
    return f"{difference}, 95% CI {low} to {high}"


def against(definition: Definition, gap: Gap) -> str:
    """A target and how it stands, beside a figure: "target 65 by 31 December 2026: open"."""
    target = gap.target
    due = f" by {phrases.day(target.due)}" if target.due else ""
    standing = f": {gap.standing}" if gap.standing else ""
    return f"target {amount(definition, target)}{due}{standing}"
