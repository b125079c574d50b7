"""Whether a score means the same over time in words, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.results import phrases
from surveyapp.results.invariance.comparability import Verdicts
from surveyapp.results.invariance.comparability_phrases import released_items
from surveyapp.results.view_models import JourneyOverview, OverTime

_SAID: Mapping[Verdicts, str] = {
    Verdicts.SCALAR: msg(
        "{name} measures the same from the same level in {quarters} (scalar invariance)."
    ),
    Verdicts.PARTIAL_SCALAR: msg(
        "{name} measures the same in {quarters} except for {released} (partial scalar invariance): small"
        " changes may be due to what differs."
    ),
    Verdicts.METRIC: msg(
        "{name} measures the same in {quarters}, but not from the same level (metric invariance only):"
        " changes between them are shown, and none is called significant."
    ),
    Verdicts.NONE: msg(
        "{name} does not measure the same in {quarters} (no measurement invariance): changes between them"
        " are shown, and none is called significant."
    ),
    Verdicts.TOO_FEW: msg(
        "{name} needs two quarters with {needed} complete answers each to be tested: changes are compared"
        " without a test."
    ),
    Verdicts.FAILED: msg("{name} could not be tested: changes are compared without a test."),
}

METHOD = (
    "A score of several questions can change because customers have come to understand a question"
    " differently, or because other customers answer. The test compares the six newest quarters in steps from the same"
    " structure (configural) to equal loadings (metric) and equal intercepts (scalar). A change is not"
    " called significant where it says that the score means something else in the months compared. Answers"
    " with a question left out, and flagged ones, are not used."
)


def over_time_sentence(found: OverTime, short: str, words: Words = ENGLISH) -> str:
    """What the test says, when it was made, and whether it is old; no day where it could not be made."""
    said = words.say(
        _SAID[found.verdict],
        name=words.name(short),
        quarters=words.listed(found.quarters),
        released=released_items(found.released, words),
        needed=words.number(found.needed),
    )
    if found.verdict in (Verdicts.TOO_FEW, Verdicts.FAILED):
        return said
    day = words.day(found.tested_at.date())
    if found.stale:
        tested = words.say("Tested on {day}; the answers have changed a lot since.", day=day)
    else:
        tested = words.say("Tested on {day}.", day=day)
    return f"{said} {tested}"


def barred_over_time(overview: JourneyOverview) -> tuple[tuple[str, str], ...]:
    """The place and the sentence of each test that keeps a change of these figures from being called
    significant.
    """
    places = [
        ("The journey as a whole", overview.end),
        *((point.name, point.figures) for point in overview.touchpoints),
    ]
    told = {
        (place, each.definition.instrument): over_time_sentence(
            each.change.barring, phrases.questionnaire(each.definition)
        )
        for place, figures in places
        for each in figures
        if each.change is not None and each.change.barring is not None
    }
    return tuple((place, sentence) for (place, _), sentence in told.items())


def over_time_to_json(found: OverTime | None, short: str) -> dict[str, Any] | None:
    """The verdict with what it rests on; None where there is none."""
    if found is None:
        return None
    return {
        "verdict": found.verdict,
        "comparable": found.allows,
        "sentence": over_time_sentence(found, short),
        "quarters": list(found.quarters),
        "released": list(found.released),
        "needed": found.needed or None,
        "tested_at": found.tested_at,
        "stale": found.stale,
    }
