"""Weighted scores in words: beside the score without weights, and what they rest on."""

from __future__ import annotations

from collections.abc import Sequence

from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.results import phrases
from surveyapp.results.view_models import Figure, JourneyOverview, Margin


def weighted(figure: Figure, *, full: bool = False) -> str:
    """A figure with weights: "weighted 62, 60 to 63, effective n 185", ``full`` with n and design effect, too;
    or that there is none; empty where none are asked for, no score is shown, or the reason is that of all
    scores.
    """
    own = figure.weighted
    if own is None or own.of_all or not figure.shown:
        return ""
    if own.hidden:
        return "weighted: hidden"
    if own.figure is None or own.design_effect is None or own.effective_n is None:
        return f"not weighted: {own.refused}"
    value, effective = phrases.value(own.figure), ENGLISH.number(own.effective_n)
    if not full:
        return f"weighted {value}, {phrases.interval(own.figure)}, effective n {effective}"
    effect = ENGLISH.number(own.design_effect, 2)
    return f"weighted {value}, {phrases.basis(own.figure)}, design effect {effect}, effective n {effective}"


def population(margins: Sequence[Margin], *, words: Words = ENGLISH) -> str:
    """To whose shares answers are weighted, and when these were counted."""
    if not margins:
        return ""
    told = [
        words.say(
            "{attribute} ({source}, {day})",
            attribute=words.name(each.attribute),
            source=words.name(each.source),
            day=words.day(each.counted_on),
        )
        for each in margins
    ]
    return words.say(
        "Weighted scores are as if the answers had the known shares of all customers by {attributes}.",
        attributes=words.listed(told),
    )


def none_weighted(overview: JourneyOverview, *, words: Words = ENGLISH) -> str:
    """Why no score has weights, where one was to have some; else empty."""
    found = [figure.weighted for figure in overview.figures if figure.weighted is not None]
    if not any(each.of_all for each in found):
        return ""
    return words.say(
        "No score is weighted: population shares are not known, are of other customers than this report,"
        " or answers are still being counted by them."
    )


def weighted_line(figure: Figure, *, words: Words = ENGLISH) -> str:
    """A score with weights in a line; empty where it has none."""
    own = figure.weighted.figure if figure.weighted else None
    if own is None:
        return ""
    return words.say(
        "weighted {value}, {basis}",
        value=phrases.value(own, words=words),
        basis=phrases.basis(own, words=words),
    )


def weighted_change(figure: Figure, *, words: Words = ENGLISH, few: int = 5) -> str:
    """How a score with weights changed: "weighted: no significant change: +2, 95% CI -1 to +5, p = .19"; empty
    where it has no weights or nothing is compared with.
    """
    own = figure.weighted.figure if figure.weighted else None
    if own is None or not figure.shown:
        return ""
    said = [phrases.change(own, few=few, words=words), phrases.change_numbers(own, words=words)]
    change = ": ".join(filter(None, said))
    return words.say("weighted: {change}", change=change) if change else ""


def with_weights(finding: str, *, words: Words = ENGLISH) -> str:
    """What is found with weights; that it is not known, where ``finding`` is empty."""
    if not finding:
        return words.say("With weights this is not known, because some of these scores have none.")
    return words.say("With weights: {finding}.", finding=finding)
