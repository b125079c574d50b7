"""What every page that shows a map hands to its template, whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from surveyapp.journeys.map_lanes import FEELINGS
from surveyapp.results.maps import emotion_phrases
from surveyapp.results.maps.grid import MapGrid
from surveyapp.web.emotion_drawing import drawing
from surveyapp.web.filters import dashboard_rules
from surveyapp.web.stages import OWNERSHIPS

FEELINGS_SAID = [
    (str(value), f"{value:+d} {word}" if value else f"0 {word}") for value, word in FEELINGS
]

# What choices and boxes of the map are called where they are compared.
_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "assumed_feeling": dict(FEELINGS_SAID),
        "ownership": dict(OWNERSHIPS),
        "moment_of_truth": {"yes": "yes"},
    }
)


def worded(field: str, text: str) -> str:
    """A text as the map shows it."""
    return _WORDS.get(field, {}).get(text, text)


def map_shown(grid: MapGrid) -> dict[str, Any]:
    """The grid, the drawing of its emotion line, and the words for both."""
    few = dashboard_rules()["minimum_cell"]
    return {
        "grid": grid,
        "drawing": drawing(grid, few=few),
        "emotions": emotion_phrases,
        "feelings": FEELINGS_SAID,
        "ownerships": OWNERSHIPS,
        "talks": {},  # what staff say to each other is for staff alone
    }
