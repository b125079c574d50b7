"""The importance-performance map and interactions in words; none speaks of causes."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.interactions import Interaction, Slope
from analysis.weighted_regression import Coefficient
from surveyapp.results import phrases
from surveyapp.results.drivers.association_phrases import joined_by, outcome_verbally
from surveyapp.results.drivers.interactions import Interactions, PairFound
from surveyapp.results.drivers.priority_map import SEED, Point, PriorityMap

_QUADRANTS: Mapping[tuple[str, str], str] = {
    ("high", "low"): "more important, lower score: look here first",
    ("high", "high"): "more important, higher score: keep",
    ("low", "low"): "less important, lower score",
    ("low", "high"): "less important, higher score",
}

INTERACTION_CAUTION = (
    "An interaction describes who answers how, at one point in time; it does not show that improving"
    " one score changes what the other does. Pairs are declared before they are looked at: trying many"
    " finds some by chance."
)


def map_title(found: PriorityMap) -> str:
    """Which score's part is the largest, where that differs from every other's."""
    with_it = outcome_verbally(found.outcome)
    if found.leader:
        return f"{found.leader} is most strongly associated with {with_it}"
    name = found.kind[:1].upper() + found.kind[1:]
    if not found.points:
        return f"{name}: not enough answers"
    return f"{name} and {with_it}: none differs significantly from every other"


def map_basis(found: PriorityMap) -> str:
    """What the map rests on: effective n, variance accounted for, method, lines."""
    if found.found is None:
        return ""
    split, unit = found.found.importance, joined_by(found.kind)
    if found.found.least == found.found.most:
        basis = f"n = {split.n:,} {unit} with all of the scores"
    else:
        basis = (
            f"effective n = {split.n:,}, from pairs of scores that {found.found.least:,} to"
            f" {found.found.most:,} {unit} have"
        )
    ends = f"{phrases.number(100 * split.low)} to {phrases.number(100 * split.high)}"
    said = (
        f"Importance: percentage of the variance in {found.outcome.short} associated with each score"
        f" (LMG on pairwise correlations, {basis}); together {phrases.number(100 * split.r_squared)}%"
        f" ({ends}). Score: mean answer, rescaled to 0 to 100. Bars are 95% intervals, of importance"
        f" from {split.resamples:,} resamples (seed {SEED}). The lines are the means; a score whose"
        " interval crosses a line is undecided."
    )
    if found.found.inadmissible:
        said += f" {found.found.inadmissible:,} resamples were left out, as their correlations contradict one another."
    return said


def place_said(found: PriorityMap, point: Point) -> str:
    """In which quarter of the map a score lies, or on which line it is undecided."""
    importance, score = found.sides(point)
    undecided = [
        name for name, side in (("importance", importance), ("score", score)) if side == "undecided"
    ]
    if undecided:
        return f"undecided on {' and '.join(undecided)}"
    return _QUADRANTS[importance, score]


def interaction_said(pair: PairFound) -> str:
    """Whether the slope of the first differs with the second."""
    if pair.found is None:
        return ""
    if not pair.certain:
        return "no significant interaction"
    low, _, high = pair.found.slopes
    where = "low" if abs(low.estimate) > abs(high.estimate) else "high"
    return f"significantly stronger where {pair.second} is {where}"


def slope_said(found: Interactions, slope: Slope) -> str:
    """A simple slope with its interval: "+14 (+9 to +19)"."""
    return _numbers(found, slope.estimate, slope.low, slope.high)


def product_said(found: Interactions, one: Interaction) -> str:
    """By how much the slope changes for one point more of the second score, with its interval."""
    return _numbers(found, one.estimate, one.low, one.high)


def coefficient_said(found: Interactions, one: Coefficient) -> str:
    """A product or slope with weights, likewise."""
    return _numbers(found, one.estimate, one.low, one.high)


def slope_unit(found: Interactions) -> str:
    """What a slope is in: points of the outcome for one answer point more."""
    unit = found.outcome.short if found.in_points else f"answer points of {found.outcome.short}"
    return f"{unit} per point"


def interactions_basis(found: Interactions) -> str:
    """How the pairs are tested."""
    return (
        "Regression of the outcome on two centred scores and their product, HC3 errors; slopes of the"
        " first score where the second is one standard deviation below its mean, at it, and one above."
        f" p after Holm's correction for {found.tested} pair{'' if found.tested == 1 else 's'}."
    )


def _numbers(found: Interactions, *ends: float) -> str:
    places = 1 if found.in_points else 2
    said, low, high = (phrases.number(each, places, signed=True) for each in ends)
    return f"{said} ({low} to {high})"
