"""The importance-performance map as the places of its points, lines and ticks in a drawing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from surveyapp.results.drivers.priority_map import PriorityMap
from surveyapp.results.view_models import Figure

WIDTH, HEIGHT = 480, 360
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 40
_STEP = 10.0


@dataclass(frozen=True)
class Mark:
    """A point with its two bars; ``number`` stands beside it and before its row in the table."""

    number: int
    x: float
    y: float
    left: float
    right: float
    top: float
    bottom: float
    undecided: bool
    said: str


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Drawing:
    """What a template draws; all places are in the units of ``WIDTH`` and ``HEIGHT``."""

    marks: tuple[Mark, ...]
    line_x: float
    line_y: float
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def drawing(found: PriorityMap) -> Drawing | None:
    """The map of these scores; None without a point. Importance runs to the right, the score up."""
    points = [point for point in found.ordered if point.performance.shown]
    if not points:
        return None
    importance = _axis([point.importance for point in points], least=0.0)
    score = _axis([point.performance for point in points])
    marks = []
    for number, point in enumerate(points, 1):
        x, left, right = (_across(value, importance) for value in _ends(point.importance))
        y, bottom, top = (_up(value, score) for value in _ends(point.performance))
        said = f"{number}. {point.label}: importance {point.importance.estimate:.0f}%, score {point.performance.estimate:.0f}"
        undecided = "undecided" in found.sides(point)
        marks.append(Mark(number, x, y, left, right, top, bottom, undecided, said))
    line_x, line_y = found.lines
    return Drawing(
        tuple(marks),
        _across(line_x, importance),
        _up(line_y, score),
        tuple(Tick(_across(at, importance), f"{at:.0f}%") for at in _ticks(importance)),
        tuple(Tick(_up(at, score), f"{at:.0f}") for at in _ticks(score)),
    )


def _ends(figure: Figure) -> tuple[float, float, float]:
    value = figure.estimate or 0.0
    low = value if figure.low is None else figure.low
    high = value if figure.high is None else figure.high
    return value, low, high


def _axis(figures: list[Figure], *, least: float | None = None) -> tuple[float, float]:
    """Round ends beyond every interval."""
    ends = [end for each in figures for end in _ends(each)]
    low = _STEP * math.floor(min(ends) / _STEP) if least is None else least
    return low, max(low + _STEP, _STEP * math.ceil(max(ends) / _STEP))


def _ticks(axis: tuple[float, float]) -> list[float]:
    low, high = axis
    step = _STEP if high - low <= 6 * _STEP else 2 * _STEP
    return [low + step * k for k in range(int((high - low) / step) + 1)]


def _across(value: float, axis: tuple[float, float]) -> float:
    share = (value - axis[0]) / (axis[1] - axis[0])
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _up(value: float, axis: tuple[float, float]) -> float:
    share = (value - axis[0]) / (axis[1] - axis[0])
    return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)
