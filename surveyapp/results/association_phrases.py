"""Associations in words, the same on the page, in the report and in JSON; none speaks of causes."""

from __future__ import annotations

from instruments.schema import Metric
from surveyapp.i18n.words import Words, msg
from surveyapp.results import phrases
from surveyapp.results.associations import NEEDED, AssociatedKind, Association, Associations
from surveyapp.results.view_models import Definition


def outcome_named(outcome: Definition) -> str:
    """The outcome as it was answered: "likelihood to recommend (0 to 10)"."""
    low, high = outcome.answers
    name = "likelihood to recommend" if outcome.metric is Metric.NPS else outcome.short
    return f"{name} ({low} to {high})"


def joined_by(kind: str) -> str:
    """What is counted where scores of a kind meet the outcome: "submissions" or "journeys"."""
    return "submissions" if kind == "dimensions" else "journeys"


def outcome_verbally(outcome: Definition) -> str:
    """What is associated with a score: "recommending"."""
    return "recommending" if outcome.metric is Metric.NPS else outcome.short


def score_named(one: Association, words: Words) -> str:
    """The score: a dimension by its title in the language of the words, a touchpoint by its name."""
    return words.scales.get(one.key, one.label)


def kind_named(kind: AssociatedKind, words: Words) -> str:
    """What one score of a kind is of."""
    is_dimension = kind.singular == "dimension"
    return words.say(msg("dimension") if is_dimension else msg("touchpoint"))


def caution(outcome: Definition) -> str:
    """What a reader must not conclude."""
    return (
        f"Customers differ in their {outcome_named(outcome)}. The figures show how strongly each"
        " score is associated with it, at one point in time. An association is not a cause:"
        " customers who are satisfied with one thing are often satisfied with others."
    )


def gain(one: Association) -> str:
    """By how much the outcome is higher for one answer point more: "+14 (+9 to +19)"; or empty."""
    if one.gain is None:
        return ""
    ends = one.gain.estimate, one.gain.low, one.gain.high
    said, low, high = (phrases.number(each, signed=True) for each in ends)
    return f"{said} ({low} to {high})"


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


def headline(found: Associations, kind: AssociatedKind) -> str:
    """How many scores of a kind are significantly associated with the outcome; none is ranked."""
    with_it = outcome_verbally(found.outcome)
    certain, shown = sum(one.certain for one in kind.shown), len(kind.shown)
    if not shown:
        return f"No {kind.singular} has enough answers yet"
    if not certain:
        return f"No {kind.singular} is significantly associated with {with_it}"
    if certain == shown == 1:
        return f"{kind.shown[0].label} is significantly associated with {with_it}"
    verb = "is" if certain == 1 else "are"
    share = f"All {shown}" if certain == shown else f"{certain} of {shown}"
    return f"{share} {kind.name} {verb} significantly associated with {with_it}"


def basis(found: Associations, kind: AssociatedKind) -> str:
    """What the correlations of a kind rest on: method, pairs, what is missing, correction."""
    name = found.outcome.short
    unit = joined_by(kind.name)
    if not kind.outcomes:
        return (
            f"No {unit.removesuffix('s')} has an answer to {name} that a score can be joined to;"
            " answers to anonymous surveys never have."
        )
    return (
        f"Pearson correlation with the {outcome_named(found.outcome)}, and its 95% interval"
        f" (Fisher's z). A pair is a score and an answer to {name} that the same customer gave in"
        f" one {unit.removesuffix('s')}. Missing: the share of the {kind.outcomes:,} {unit} with an answer to"
        f" {name} that lack the score; nothing is filled in, and every row may rest on other"
        f" customers. It takes {NEEDED} pairs. p is corrected for {found.comparisons}"
        f" comparison{'' if found.comparisons == 1 else 's'} (Holm); significant is p < .05."
    )
