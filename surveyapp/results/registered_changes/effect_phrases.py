"""What a change's effect is, in sentences without a cause: the pages' and the reports' own."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.interrupted_series import ADVISED_SIDE
from analysis.robust_regression import Term
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.results import phrases
from surveyapp.results.figures import LEVEL
from surveyapp.results.invariance.time_gate import Barred
from surveyapp.results.registered_changes.effects import (
    BeforeAfter,
    ChangeEffect,
    ControlEffect,
    Missing,
    SeriesEffect,
)
from surveyapp.results.view_models import Contrast, Definition, Marker

LIMIT_BEFORE_AFTER = msg(
    "A difference between the months before and after holds everything else that differed, too: other"
    " changes, the season, and who answered."
)
LIMIT_SERIES = (
    "The series assumes that the months before would have gone on in a straight line, and cannot tell"
    " the change from anything else that happened in the same month."
)
LIMIT_CONTROL = (
    "The comparison assumes that both would have gone the same way without the change; similar months"
    " before make that plausible and cannot prove it."
)


def term(found: Term, *, unit: str = "points") -> str:
    """A number with its interval and p: "+8.1 points, 95% CI +3.2 to +13.0, p = .012"."""
    amount, low, high = (
        phrases.number(each, 1, signed=True) for each in (found.estimate, found.low, found.high)
    )
    p = phrases.pvalue(found.p)
    return f"{amount} {unit}, 95% CI {low} to {high}, p {p if p[0] in '<>' else f'= {p}'}"


def is_significant(found: Term) -> bool:
    """Whether a term differs significantly from zero, alone."""
    return found.p < LEVEL and not found.low <= 0 <= found.high


def missing(found: Missing, words: Words = ENGLISH) -> str:
    """What is missing and when it will be there."""
    said = {
        ("months", "before"): msg(
            "Needs {need} months with shown scores before the change, has {have}."
        ),
        ("months", "after"): msg("Needs {need} months with shown scores after it, has {have}."),
        ("answers", "before"): msg("Needs {need} answers before the change, has {have}."),
        ("answers", "after"): msg("Needs {need} answers after it, has {have}."),
    }[found.what, found.side]
    text = words.say(said, need=words.number(found.need), have=words.number(found.have))
    if found.enough:
        rate = (
            msg("There are enough from {day} on at the present rate.")
            if found.what == "answers"
            else msg("There are enough from {day} on with answers in each month.")
        )
        return f"{text} {words.say(rate, day=words.day(found.enough))}"
    if found.side == "after":
        return text
    return f"{text} {words.say('Later answers do not add to these.')}"


def verdict(row: BeforeAfter, words: Words = ENGLISH) -> str:
    """Whether a score differs before and after: in words, or what is missing."""
    if row.missing:
        return missing(row.missing, words)
    if row.barred.reworded or (row.barred.by is not None and row.contrast is not None):
        return barring(row.barred, words)
    if row.contrast is None:
        return words.say("cannot be compared: one side is hidden or has no answers")
    return _way(row.contrast, words)


def barring(found: Barred, words: Words = ENGLISH) -> str:
    """Why the two sides are not compared, or not called different; empty where nothing bars it."""
    if found.reworded:
        return words.say(phrases.REWORDED)
    return phrases.not_comparable_over_time(found.by, words) if found.by is not None else ""


def _way(contrast: Contrast, words: Words = ENGLISH) -> str:
    if not contrast.certain:
        return words.say("no significant difference")
    is_higher = contrast.difference > 0
    return words.say(
        msg("significantly higher after") if is_higher else msg("significantly lower after")
    )


def verdict_weighted(row: BeforeAfter) -> str:
    """Whether the scores with weights differ before and after, with the numbers; or that they cannot be
    compared. Empty where none are asked for, or the others are not compared either."""
    if row.before.weighted is None or row.contrast is None:
        return ""
    if row.weighted is None:
        sides = (row.before.weighted, row.after.weighted)
        if any(side is not None and side.hidden for side in sides):
            return "weighted: not compared, since one side is hidden"
        return "weighted: cannot be compared, since one side has no weights or no spread"
    return f"weighted: {_way(row.weighted)}, {numbers(row.definition, row.weighted)}"


def headline(effect: ChangeEffect) -> str:
    """The chosen score before and after, in a sentence."""
    row = effect.chosen
    if row is None:
        return "No survey asks for a score here yet."
    if row.missing or row.contrast is None or row.barred.by is not None:
        return f"{phrases.named(row.label)}: {verdict(row)}"
    return (
        f"{phrases.named(row.label)}: {_way(row.contrast)}"
        f" ({numbers(row.definition, row.contrast)})."
    )


def numbers(definition: Definition, contrast: Contrast) -> str:
    """A difference with interval and corrected p."""
    return phrases.contrast_numbers(definition, contrast)


def series_note(series: SeriesEffect) -> str:
    """How many months the series rests on, and whether these are few."""
    if series.found is None:
        return ""
    before, after = series.found.months
    few = (
        f" At least {ADVISED_SIDE} on each side are advised (Wagner et al. 2002)."
        if min(before, after) < ADVISED_SIDE
        else ""
    )
    return (
        f"Segmented regression of {before} months before and {after} after, weighted by their answers;"
        f" errors allow for noise that goes on for {series.found.lags} months (Newey and West 1987).{few}"
    )


def parallel(control: ControlEffect) -> str:
    """What the months before say of the two trends."""
    found = control.found.before if control.found else None
    if found is None:
        return "Fewer than 4 months before: whether the two went the same way cannot be looked at."
    said = (
        "the two trends differ significantly, so the comparison is doubtful"
        if is_significant(found)
        else "no significant difference of the two trends"
    )
    return f"In the months before, {said} ({term(found, unit='points a month')})."


def overlapping(markers: Sequence[Marker], where: str) -> str:
    """Other changes in the same months; empty where there is none."""
    if not markers:
        return ""
    named = "; ".join(f"{phrases.named(each.title)} ({phrases.days(each)})" for each in markers)
    return f"Other changes {where} in these months cannot be told apart from this one: {named}."
