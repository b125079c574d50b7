"""Associations in words, the same on the page, in the report and in JSON; none speaks of causes."""

from __future__ import annotations

from instruments.schema import Metric
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.results import phrases
from surveyapp.results.drivers.associations import NEEDED, AssociatedKind, Association, Associations
from surveyapp.results.scale_titles import short
from surveyapp.results.view_models import Definition


def outcome_named(outcome: Definition, words: Words = ENGLISH) -> str:
    """The outcome as it was answered: "likelihood to recommend (0 to 10)"."""
    low, high = (words.number(end) for end in outcome.answers)
    if outcome.metric is Metric.NPS:
        return words.say("likelihood to recommend ({low} to {high})", low=low, high=high)
    return words.say("{score} ({low} to {high})", score=short(outcome, words), low=low, high=high)


def joined_by(kind: str) -> str:
    """What is counted where scores of a kind meet the outcome: "submissions" or "journeys"."""
    return "submissions" if kind == "dimensions" else "journeys"


def outcome_verbally(outcome: Definition, words: Words = ENGLISH) -> str:
    """What is associated with a score: "recommending"."""
    if outcome.metric is Metric.NPS:
        return words.say("recommending")
    return short(outcome, words)


def score_named(one: Association, words: Words) -> str:
    """The score: a dimension by its title in the language of the words, a touchpoint by its name."""
    return words.scales.get(one.key, one.label)


def kind_named(kind: AssociatedKind, words: Words) -> str:
    """What one score of a kind is of."""
    is_dimension = kind.singular == "dimension"
    return words.say(msg("dimension") if is_dimension else msg("touchpoint"))


def caution(outcome: Definition, words: Words = ENGLISH) -> str:
    """What a reader must not conclude."""
    return words.say(
        "Customers differ in their {outcome}. The figures show how strongly each score is associated with"
        " it, at one point in time. An association is not a cause: customers who are satisfied with one"
        " thing are often satisfied with others.",
        outcome=outcome_named(outcome, words),
    )


def gain(one: Association) -> str:
    """By how much the outcome is higher for one answer point more: "+14 (+9 to +19)"; or empty."""
    if one.gain is None:
        return ""
    ends = one.gain.estimate, one.gain.low, one.gain.high
    said, low, high = (phrases.number(each, signed=True) for each in ends)
    return f"{said} ({low} to {high})"


def gain_weighted(one: Association) -> str:
    """The same with weights; empty where there is none."""
    if one.weighted_gain is None:
        return ""
    found = one.weighted_gain
    said, low, high = (
        phrases.number(each, signed=True) for each in (found.estimate, found.low, found.high)
    )
    return f"weighted {said} ({low} to {high})"


def driver_reason(one: Association, found: Associations) -> str:
    """Why an action is about this score: "correlation with NPS .42 (n = 120)"."""
    r = phrases.value(one.figure)
    return f"{one.label}: correlation with {found.outcome.short} {r} (n = {one.n})"


def gain_caution(found: Associations) -> str:
    """What the gains are and are not; empty where there is none."""
    if not any(one.gain for kind in found.kinds for one in kind.each):
        return ""
    name = found.outcome.short
    return (
        f"Per point: by how many points {name} is higher among customers whose score is higher by one"
        " point of its answer scale, with its 95% interval (simple regression, HC3 errors), each score"
        " alone. It is what an improvement would bring only if customers who move up came to answer as"
        " those above them do today, which a correlation cannot show; gains of several scores do not"
        " add up."
    )


_HEADLINES = {  # by kind: nothing shown; none, one, all and some significant
    "dimensions": (
        msg("No dimension has enough answers yet"),
        msg("No dimension is significantly associated with {outcome}"),
        msg("{score} is significantly associated with {outcome}"),
        msg("All {shown} dimensions are significantly associated with {outcome}"),
        msg("{certain} of {shown} dimensions are significantly associated with {outcome}"),
        msg("{certain} of {shown} dimensions is significantly associated with {outcome}"),
    ),
    "touchpoints": (
        msg("No touchpoint has enough answers yet"),
        msg("No touchpoint is significantly associated with {outcome}"),
        msg("{score} is significantly associated with {outcome}"),
        msg("All {shown} touchpoints are significantly associated with {outcome}"),
        msg("{certain} of {shown} touchpoints are significantly associated with {outcome}"),
        msg("{certain} of {shown} touchpoints is significantly associated with {outcome}"),
    ),
}


def headline(found: Associations, kind: AssociatedKind, words: Words = ENGLISH) -> str:
    """How many scores of a kind are significantly associated with the outcome; none is ranked."""
    certain, shown = sum(one.certain for one in kind.shown), len(kind.shown)
    nothing, none, only, every, some, one = _HEADLINES[kind.name]
    if not shown:
        return words.say(nothing)
    said = one if certain == 1 else some
    if not certain:
        said = none
    elif certain == shown:
        said = only if shown == 1 else every
    return words.say(
        said,
        score=score_named(kind.shown[0], words),
        certain=words.number(certain),
        shown=words.number(shown),
        outcome=outcome_verbally(found.outcome, words),
    )


def basis(found: Associations, kind: AssociatedKind, words: Words = ENGLISH) -> str:
    """What the correlations of a kind rest on: method, pairs, what is missing, correction."""
    name = short(found.outcome, words)
    in_journeys = joined_by(kind.name) == "journeys"
    if not kind.outcomes:
        return words.say(
            msg(
                "No journey has an answer to {outcome} that a score can be joined to; answers to anonymous"
                " surveys never have."
            )
            if in_journeys
            else msg(
                "No submission has an answer to {outcome} that a score can be joined to; answers to"
                " anonymous surveys never have."
            ),
            outcome=name,
        )
    pairs = words.say(
        msg(
            "Pearson correlation with the {named}, and its 95% interval (Fisher's z). A pair is a score and"
            " an answer to {outcome} that the same customer gave in one journey. Missing: the share of the"
            " {count} journeys with an answer to {outcome} that lack the score; nothing is filled in, and"
            " every row may rest on other customers. It takes {needed} pairs."
        )
        if in_journeys
        else msg(
            "Pearson correlation with the {named}, and its 95% interval (Fisher's z). A pair is a score and"
            " an answer to {outcome} that the same customer gave in one submission. Missing: the share of"
            " the {count} submissions with an answer to {outcome} that lack the score; nothing is filled"
            " in, and every row may rest on other customers. It takes {needed} pairs."
        ),
        named=outcome_named(found.outcome, words),
        outcome=name,
        count=words.number(kind.outcomes),
        needed=words.number(NEEDED),
    )
    corrected = words.say_count(
        "p is corrected for {n} comparison (Holm); significant is p < .05.",
        "p is corrected for {n} comparisons (Holm); significant is p < .05.",
        n=found.comparisons,
    )
    return f"{pairs} {corrected}"


def why_not(one: Association, few: int, words: Words) -> str:
    """Why there is no correlation; empty where there is one."""
    if one.figure.shown:
        return ""
    if one.n is None:
        return phrases.hidden(one.hidden, few=few, words=words)
    if not one.n:
        return words.say("no pairs of answers yet")
    if one.n < NEEDED:
        return words.say(
            "not enough answers ({n} of {needed} needed)",
            n=words.number(one.n),
            needed=words.number(NEEDED),
        )
    return words.say("not defined: all answers are equal")
