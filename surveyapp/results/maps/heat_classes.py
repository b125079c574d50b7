"""Where a score lies on its own scale, as one of the classes that colours and shapes stand for."""

from __future__ import annotations

from surveyapp.design_tokens import HEATS
from surveyapp.results.view_models import Definition, Figure

_SHAPES = ("", "▼▼", "▼", "▽", "●", "△", "▲", "▲▲")  # colour alone must never say it


def heat_class(figure: Figure) -> int:
    """The class from 1 (the lowest seventh of the axis) to 7, 0 where nothing is shown."""
    if figure.estimate is None:
        return 0
    return min(HEATS, 1 + int(share_of_axis(figure.estimate, figure.definition) * HEATS))


def heat_shape(figure: Figure) -> str:
    """The shape that says the class; empty where nothing is shown."""
    return _SHAPES[heat_class(figure)]


def share_of_axis(value: float, definition: Definition) -> float:
    """Where a value lies between the ends of its axis, 0 to 1."""
    low, high = definition.axis
    return max(0.0, min(1.0, (value - low) / (high - low)))
