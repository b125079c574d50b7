"""The emotion line in words."""

from __future__ import annotations

from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.journeys.map_lanes import FEELINGS
from surveyapp.results import phrases
from surveyapp.results.maps.emotion_line import (
    HIGHEST,
    LOWEST,
    EmotionLine,
    Feeling,
    Mismatch,
    NamedShape,
    Shape,
)
from surveyapp.results.scale_titles import label
from surveyapp.results.view_models import State

_WORDS = dict(FEELINGS)


def explained(*, words: Words = ENGLISH) -> str:
    """How the line is to be read."""
    low, high = (words.number(end, signed=True) for end in (LOWEST, HIGHEST))
    return words.say(
        "The average answer, stretched from its own scale to {low} (worst answer) to {high} (best answer),"
        " with its 95% confidence interval. An assumed feeling stands for half a point around it; it is"
        " flagged where the whole interval lies outside.",
        low=low,
        high=high,
    )


def assumed(feeling: int | None, *, words: Words = ENGLISH) -> str:
    """ "pleased (+1)"; "not said" for None."""
    if feeling is None:
        return words.say("not said")
    value = words.number(feeling, signed=True)
    return words.say("{feeling} ({value})", feeling=words.say(_WORDS[feeling]), value=value)


def measured(feeling: Feeling, *, few: int = 5, words: Words = ENGLISH) -> str:
    """ "+0.8 (95% CI +0.6 to +1.0, n = 240)", else why there is no number."""
    if feeling.estimate is None:
        return unmeasured(feeling, few=few, words=words)
    value = words.number(feeling.estimate, 1, signed=True)
    n = words.number(feeling.n or 0)
    if feeling.low is None or feeling.high is None:
        return words.say("{value} (n = {n})", value=value, n=n)
    low, high = (words.number(end, 1, signed=True) for end in (feeling.low, feeling.high))
    return words.say(
        "{value} (95% CI {low} to {high}, n = {n})", value=value, low=low, high=high, n=n
    )


def unmeasured(feeling: Feeling, *, few: int = 5, words: Words = ENGLISH) -> str:
    """Why there is no number: hidden, no answers yet, or not asked."""
    if feeling.state is State.HIDDEN:
        return phrases.hidden(feeling.hidden, few=few, words=words)
    return words.say(feeling.state.value)


def mismatch(feeling: Feeling, *, words: Words = ENGLISH) -> str:
    """What is wrong about the assumption; empty where nothing is."""
    if not feeling.mismatch:
        return ""
    if feeling.mismatch is Mismatch.WORSE:
        return words.say("Customers feel worse than assumed")
    return words.say("Customers feel better than assumed")


def shape(found: NamedShape) -> str:
    """ "Drop: from Call to Form, by 1.2 points"."""
    first, last = phrases.named(found.names[0]), phrases.named(found.names[-1])
    if found.shape is Shape.DROP:
        by = phrases.number(found.by or 0, 1)
        return f"Drop: from {first} to {last}, by {by} points, the largest of the line"
    if found.shape is Shape.SAWTOOTH:
        return f"Sawtooth: from {first} to {last} feelings go up and down in turn"
    way = "lower" if found.shape is Shape.TROUGH else "higher"
    name = found.shape.value.capitalize()
    return f"{name}: {first} is significantly {way} than the touchpoints before and after it"


def measured_by(line: EmotionLine, *, words: Words = ENGLISH) -> str:
    """By what score the line is measured."""
    if line.definition is None:
        return words.say(
            "No touchpoint is asked a score yet, so that only assumed feelings are drawn."
        )
    return words.say("Measured by {score}.", score=label(line.definition, words))


def basis(line: EmotionLine) -> str:
    """By what the line is measured, and how its forms were tested."""
    tested = ""
    if line.definition is not None and line.compared:
        pairs = "pair" if line.compared == 1 else "pairs"
        tested = (
            f" Neighbouring touchpoints are compared by Welch's t test, Holm-corrected for"
            f" {line.compared} {pairs}."
        )
    return f"{measured_by(line)}{tested}"
