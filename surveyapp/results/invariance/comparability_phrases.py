"""The verdict between journeys in words, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.comparability import FEWEST
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.results import phrases
from surveyapp.results.invariance.comparability import Comparability, Verdicts

UNTESTED = (
    "Differences are not shown: whether these questions measure the same in all of them has not been"
    " tested (measurement invariance)."
)

_SAID: Mapping[Verdicts, str] = {
    Verdicts.SCALAR: (
        "{name} measures the same from the same level in these journeys (scalar invariance), so that"
        " its scores may be compared."
    ),
    Verdicts.PARTIAL_SCALAR: (
        "{name} measures the same in these journeys except for {released} (partial scalar"
        " invariance): its scores may be compared, and small differences may be due to what differs."
    ),
    Verdicts.METRIC: (
        "Differences of {name} are not shown: its questions measure the same in these journeys, but not"
        " from the same level (metric invariance only)."
    ),
    Verdicts.NONE: (
        "Differences of {name} are not shown: its questions do not measure the same in all of these"
        " journeys (no measurement invariance)."
    ),
    Verdicts.TOO_FEW: (
        "Differences of {name} are not shown: measurement invariance is tested with at least"
        f" {FEWEST} complete answers in each of two journeys."
    ),
    Verdicts.FAILED: (
        "Differences of {name} are not shown: whether its questions measure the same in these journeys"
        " could not be tested (measurement invariance)."
    ),
    Verdicts.NOT_TESTED: (
        "Differences of {name} are not shown: whether its questions measure the same in these journeys"
        " has not been tested (measurement invariance)."
    ),
}


def verdict_sentence(found: Comparability, short: str) -> str:
    """What the test says, when it was made, and whether it is old."""
    said = _SAID[found.verdict].format(name=short, released=released_items(found.released))
    if found.tested_at is not None:
        said += f" Tested on {phrases.day(found.tested_at.date())}"
        said += "; the answers have changed a lot since." if found.stale else "."
    if found.running:
        said += " A test is running."
    return said


def ranks_sentence(found: Comparability, short: str) -> str:
    """The same about ranks instead of differences."""
    return verdict_sentence(found, short).replace(
        f"Differences of {short} are not shown", f"Ranks of {short} are not shown"
    )


def verdict_to_json(found: Comparability | None, short: str) -> dict[str, Any] | None:
    """The verdict with what it rests on; None where there is nothing to compare."""
    if found is None:
        return None
    return {
        "instrument": found.instrument,
        "verdict": found.verdict,
        "comparable": found.allows,
        "sentence": verdict_sentence(found, short),
        "journeys": sorted(found.covered),
        "released": list(found.released),
        "test": found.test_id,
        "tested_at": found.tested_at,
        "stale": found.stale,
        "running": found.running,
    }


def item_codes(released: Sequence[str]) -> list[str]:
    """The items of parameters, each once: "sea4" of the intercept "sea4~1" and the loading "f=~sea4"."""
    codes = (name.rpartition("=~")[2].removesuffix("~1").rstrip("|") for name in released)
    return list(dict.fromkeys(codes))


def released_items(released: Sequence[str], words: Words = ENGLISH) -> str:
    """Parameters by their items: "the question sea4" for the intercept "sea4~1" and the loading "f=~sea4"."""
    items = item_codes(released)
    listed = words.listed(items)
    if len(items) == 1:
        return words.say("the question {items}", items=listed)
    return words.say("the questions {items}", items=listed)
