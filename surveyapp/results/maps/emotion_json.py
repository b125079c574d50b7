"""The emotion line for programs."""

from __future__ import annotations

from typing import Any

from surveyapp.results.maps.emotion_line import EmotionLine, Feeling
from surveyapp.results.maps.emotion_phrases import shape


def emotion_line_to_json(line: EmotionLine, *, few: int) -> dict[str, Any]:
    """The line by touchpoint and stage; no number stands where none is shown."""
    return {
        "scale": line.definition.scale if line.definition else None,
        "scales": [each.scale for each in line.choices],
        "touchpoints": [_feeling(each) for each in line.points],
        "stages": [_feeling(each) for each in line.stages],
        "shapes": [
            {"shape": each.shape.value, "touchpoints": list(each.names), "text": shape(each)}
            for each in line.shapes
        ],
        "compared": line.compared,
        "weighted": emotion_line_to_json(line.weighted, few=few) if line.weighted else None,
        "minimum_cell": few,
    }


def _feeling(each: Feeling) -> dict[str, Any]:
    return {
        "name": each.name,
        "state": each.state.value,
        "feeling": each.estimate,
        "low": each.low,
        "high": each.high,
        "n": each.n,
        "assumed": each.assumed,
        "mismatch": each.mismatch.value or None,
    }
