"""The verdict between a segment and all other customers in words, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.results import phrases
from surveyapp.results.invariance.comparability import Verdicts
from surveyapp.results.invariance.comparability_phrases import released_items
from surveyapp.results.view_models import Alike, Definition, JourneyOverview, SegmentComparison

_SAID: Mapping[Verdicts, str] = {
    Verdicts.SCALAR: msg("{name} measures the same from the same level (scalar invariance)."),
    Verdicts.PARTIAL_SCALAR: msg(
        "{name} measures the same except for {released} (partial scalar invariance): small differences"
        " may be due to what differs."
    ),
    Verdicts.METRIC: msg(
        "{name} measures the same, but not from the same level (metric invariance only): differences are"
        " shown, and none is called significant."
    ),
    Verdicts.NONE: msg(
        "{name} does not measure the same (no measurement invariance): differences are shown, and none"
        " is called significant."
    ),
    Verdicts.TOO_FEW: msg(
        "{name} needs {needed} complete answers on either side to be tested: differences are shown, and"
        " none is called significant."
    ),
    Verdicts.FAILED: msg(
        "{name} could not be tested: differences are shown, and none is called significant."
    ),
    Verdicts.NOT_TESTED: msg(
        "{name} has not been tested: differences are shown, and none is called significant."
    ),
}

METHOD = msg(
    "Scores of several questions differ significantly only where a test of measurement invariance says"
    " that they mean the same: each segment against all other customers, in steps from the same"
    " structure (configural) to equal loadings (metric) and equal intercepts (scalar). Answers with a"
    " question left out, and flagged ones, are not used."
)


@dataclass(frozen=True)
class Told:
    """What holds for a questionnaire at one place in some segments: a sentence, with their names, each
    with the numbers of complete answers.
    """

    place: str
    segments: tuple[str, ...]
    sentence: str
    comparable: bool


def alike_sentence(alike: Alike, short: str) -> str:
    """What the test says, on how many answers it rests, when it was made, and whether it is old."""
    said = _verdict(alike, short, ENGLISH)
    if alike.tested_at is None:
        return said
    return f"{said} Complete answers: {alike.inside:,}, others {alike.outside:,}."


def _verdict(alike: Alike, short: str, words: Words) -> str:
    said = words.say(
        _SAID[alike.verdict],
        name=words.name(short),
        released=released_items(alike.released, words),
        needed=words.number(alike.needed),
    )
    if alike.tested_at is None:
        return said
    day = words.day(alike.tested_at.date())
    if alike.stale:
        tested = words.say("Tested on {day}; the answers have changed a lot since.", day=day)
    else:
        tested = words.say("Tested on {day}.", day=day)
    return f"{said} {tested}"


def verdicts_told(comparison: SegmentComparison, words: Words = ENGLISH) -> tuple[Told, ...]:
    """The verdict on each questionnaire, place and segment; those not tested together."""
    return _told(
        (
            (row.touchpoint, row.everybody.definition, each.segment.name, each.alike)
            for row in comparison.rows
            for each in row.segments
        ),
        words,
    )


def verdicts_beside(overview: JourneyOverview, words: Words = ENGLISH) -> tuple[Told, ...]:
    """The same of the one segment that a journey's figures are of; nothing of all customers."""
    if overview.segment is None:
        return ()
    name = overview.segment.name
    places = [
        (None, overview.end),
        *((point.name, point.figures) for point in overview.touchpoints),
    ]
    return _told(
        (
            (place, each.definition, name, each.beside.alike)
            for place, figures in places
            for each in figures
            if each.beside is not None
        ),
        words,
    )


def _told(
    found: Iterable[tuple[str | None, Definition, str, Alike | None]], words: Words
) -> tuple[Told, ...]:
    """By place, questionnaire and segment, the first score of each; those of one verdict together."""
    seen: set[tuple[str | None, str, str]] = set()
    told: dict[tuple[str, str], Told] = {}
    for touchpoint, definition, segment, alike in found:
        key = (touchpoint, definition.instrument, segment)
        if alike is None or key in seen:
            continue
        seen.add(key)
        place = touchpoint or words.say("The journey as a whole")
        sentence = _verdict(alike, phrases.questionnaire(definition), words)
        own = told.get((place, sentence))
        named = words.name(segment)
        if alike.tested_at:
            named = words.say(
                "{segment} (n = {n}, others {others})",
                segment=named,
                n=words.number(alike.inside),
                others=words.number(alike.outside),
            )
        names = (*(own.segments if own else ()), named)
        told[place, sentence] = Told(place, names, sentence, alike.allows)
    return tuple(told.values())


def alike_to_json(alike: Alike | None, short: str) -> dict[str, Any] | None:
    """The verdict with what it rests on; None where none is needed."""
    if alike is None:
        return None
    return {
        "verdict": alike.verdict,
        "comparable": alike.allows,
        "sentence": alike_sentence(alike, short),
        "released": list(alike.released),
        "n": alike.inside if alike.tested_at else None,
        "n_others": alike.outside if alike.tested_at else None,
        "needed": alike.needed or None,
        "tested_at": alike.tested_at,
        "stale": alike.stale,
    }
