"""A persona's assumed emotion line with its segment's scores, as places in a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from surveyapp.results.maps.persona_scores import StageEmotion

_COLUMN, _LEFT, _TOP, _HEIGHT = 120, 70, 14, 160


@dataclass(frozen=True)
class Point:
    """A stage: where its assumed level and its score lie; None where there is none."""

    x: float
    name: str
    assumed: float | None
    measured: float | None
    low: float | None
    high: float | None
    contradicted: bool


@dataclass(frozen=True)
class EmotionDrawing:
    """What a template draws."""

    points: tuple[Point, ...]
    width: int
    height: int = _TOP + _HEIGHT + 30
    left: int = _LEFT
    top: int = _TOP
    middle: float = _TOP + _HEIGHT / 2
    bottom: int = _TOP + _HEIGHT

    @property
    def line(self) -> str:
        """The assumed line, as the points of a polyline."""
        there = ((p.x, p.assumed) for p in self.points if p.assumed is not None)
        return " ".join(f"{x},{y}" for x, y in there)


def emotion_drawing(stages: Sequence[StageEmotion]) -> EmotionDrawing | None:
    """The stages from left to right; None without any."""
    if not stages:
        return None
    points = []
    for place, each in enumerate(stages):
        found = each.measured
        ends = (None, None, None)
        if found is not None:
            ends = tuple(
                None if value is None else _scored(value, found.definition.axis)
                for value in (found.estimate, found.low, found.high)
            )  # type: ignore[assignment]
        assumed = None if each.assumed is None else _at((each.assumed + 2) / 4)
        name = each.stage if len(each.stage) <= 16 else f"{each.stage[:15]}…"
        x = _LEFT + _COLUMN * (place + 0.5)
        points.append(Point(x, name, assumed, *ends, each.contradicted))
    return EmotionDrawing(tuple(points), _LEFT + _COLUMN * len(stages) + 10)


def _scored(value: float, axis: tuple[float, float]) -> float:
    return _at((value - axis[0]) / (axis[1] - axis[0]))


def _at(share: float) -> float:
    return round(_TOP + _HEIGHT * (1 - share), 1)
