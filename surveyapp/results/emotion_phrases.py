"""The emotion line in words."""

from __future__ import annotations

from surveyapp.journeys.map_lanes import FEELINGS
from surveyapp.results import phrases
from surveyapp.results.emotion_line import EmotionLine, Feeling, Mismatch, NamedShape, Shape
from surveyapp.results.view_models import State

EXPLAINED = (
    "The average answer, stretched from its own scale to -2 (worst answer) to +2 (best answer), with its"
    " 95% confidence interval. An assumed feeling stands for half a point around it; it is flagged where"
    " the whole interval lies outside."
)
_WORDS = dict(FEELINGS)


def assumed(feeling: int | None) -> str:
    """ "pleased (+1)"; "not said" for None."""
    return "not said" if feeling is None else f"{_WORDS[feeling]} ({_signed(feeling)})"


def measured(feeling: Feeling, *, few: int = 5) -> str:
    """ "+0.8 (95% CI +0.6 to +1.0, n = 240)", else why there is no number."""
    if feeling.estimate is None:
        if feeling.state is State.HIDDEN:
            return phrases.hidden(feeling.hidden, few=few)
        return feeling.state.value
    value = phrases.number(feeling.estimate, 1, signed=True)
    n = phrases.number(feeling.n or 0)
    if feeling.low is None or feeling.high is None:
        return f"{value} (n = {n})"
    low, high = (phrases.number(end, 1, signed=True) for end in (feeling.low, feeling.high))
    return f"{value} (95% CI {low} to {high}, n = {n})"


def mismatch(feeling: Feeling) -> str:
    """What is wrong about the assumption; empty where nothing is."""
    if not feeling.mismatch:
        return ""
    way = "worse" if feeling.mismatch is Mismatch.WORSE else "better"
    return f"Customers feel {way} than assumed"


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


def basis(line: EmotionLine) -> str:
    """By what the line is measured, and how its forms were tested."""
    if line.definition is None:
        return "No touchpoint is asked a score yet, so that only assumed feelings are drawn."
    tested = ""
    if line.compared:
        pairs = "pair" if line.compared == 1 else "pairs"
        tested = (
            f" Neighbouring touchpoints are compared by Welch's t test, Holm-corrected for"
            f" {line.compared} {pairs}."
        )
    return f"Measured by {line.definition.label}.{tested}"


def _signed(value: int) -> str:
    return phrases.number(value, signed=True)
