"""The verdict between a segment and all other customers in words, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from surveyapp.results import phrases
from surveyapp.results.comparability import Verdicts
from surveyapp.results.comparability_phrases import released_items
from surveyapp.results.view_models import Alike, Definition, JourneyOverview, SegmentComparison

_SAID: Mapping[Verdicts, str] = {
    Verdicts.SCALAR: "{name} measures the same from the same level (scalar invariance).",
    Verdicts.PARTIAL_SCALAR: (
        "{name} measures the same except for {released} (partial scalar invariance): small differences"
        " may be due to what differs."
    ),
    Verdicts.METRIC: (
        "{name} measures the same, but not from the same level (metric invariance only): differences are"
        " shown, and none is called significant."
    ),
    Verdicts.NONE: (
        "{name} does not measure the same (no measurement invariance): differences are shown, and none"
        " is called significant."
    ),
    Verdicts.TOO_FEW: (
        "{name} needs {needed:,} complete answers on either side to be tested: differences are shown, and"
        " none is called significant."
    ),
    Verdicts.FAILED: (
        "{name} could not be tested: differences are shown, and none is called significant."
    ),
    Verdicts.NOT_TESTED: (
        "{name} has not been tested: differences are shown, and none is called significant."
    ),
}

METHOD = (
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
    if alike.tested_at is None:
        return _verdict(alike, short)
    return f"{_verdict(alike, short)} Complete answers: {alike.inside:,}, others {alike.outside:,}."


def _verdict(alike: Alike, short: str) -> str:
    said = _SAID[alike.verdict].format(
        name=short, released=released_items(alike.released), needed=alike.needed
    )
    if alike.tested_at is None:
        return said
    said += f" Tested on {phrases.day(alike.tested_at.date())}"
    return f"{said}; the answers have changed a lot since." if alike.stale else f"{said}."


def verdicts_told(comparison: SegmentComparison) -> tuple[Told, ...]:
    """The verdict on each questionnaire, place and segment; those not tested together."""
    return _told(
        (row.touchpoint, row.everybody.definition, each.segment.name, each.alike)
        for row in comparison.rows
        for each in row.segments
    )


def verdicts_beside(overview: JourneyOverview) -> tuple[Told, ...]:
    """The same of the one segment that a journey's figures are of; nothing of all customers."""
    if overview.segment is None:
        return ()
    name = overview.segment.name
    places = [
        (None, overview.end),
        *((point.name, point.figures) for point in overview.touchpoints),
    ]
    return _told(
        (place, each.definition, name, each.beside.alike)
        for place, figures in places
        for each in figures
        if each.beside is not None
    )


def _told(found: Iterable[tuple[str | None, Definition, str, Alike | None]]) -> tuple[Told, ...]:
    """By place, questionnaire and segment, the first score of each; those of one verdict together."""
    seen: set[tuple[str | None, str, str]] = set()
    told: dict[tuple[str, str], Told] = {}
    for touchpoint, definition, segment, alike in found:
        key = (touchpoint, definition.instrument, segment)
        if alike is None or key in seen:
            continue
        seen.add(key)
        place = touchpoint or "The journey as a whole"
        sentence = _verdict(alike, phrases.questionnaire(definition))
        own = told.get((place, sentence))
        n = f" (n = {alike.inside:,}, others {alike.outside:,})" if alike.tested_at else ""
        names = (*(own.segments if own else ()), f"{phrases.named(segment)}{n}")
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
