"""The emotion line as the places of its points, bars and marks in a drawing over the map's columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from surveyapp.results.maps.emotion_line import HIGHEST, LOWEST, EmotionLine, Feeling
from surveyapp.results.maps.emotion_phrases import assumed, measured, mismatch
from surveyapp.results.maps.grid import MapGrid

# The widths of the columns in the stylesheet, in sixteenths of the size of its letters.
POINT, LAST = 152.0, 64.0
HEIGHT, _TOP, _BOTTOM = 140.0, 12.0, 12.0


@dataclass(frozen=True)
class Bead:
    """A touchpoint's place; ``y`` None without a number, ``assumed`` where nobody said."""

    x: float
    y: float | None
    low: float | None
    high: float | None
    assumed: float | None
    mismatch: bool
    said: str


@dataclass(frozen=True)
class Drawing:
    """``lines`` join neighbours that are both measured, from (x, y) to (x, y), ``weighted`` those with
    weights; ``turned``: the first touchpoint stands at the right.
    """

    width: float
    height: float
    beads: tuple[Bead, ...]
    lines: tuple[tuple[float, float, float, float], ...]
    ticks: tuple[tuple[float, str], ...]
    zero: float
    turned: bool = False
    weighted: tuple[tuple[float, float, float, float], ...] = ()


def drawing(grid: MapGrid, *, few: int) -> Drawing | None:
    """The line over the columns of the grid; None where there is neither a number nor an assumption."""
    beads, x = _beads(grid, grid.line, few)
    if not any(each.y is not None or each.assumed is not None for each in beads):
        return None
    weighted = _beads(grid, grid.line.weighted, few)[0] if grid.line.weighted else []
    ticks = tuple((_up(value), text) for value, text in _TICKS)
    return Drawing(
        *(x, HEIGHT, tuple(beads), _lines(beads), ticks, _up(0), grid.from_right),
        weighted=_lines(weighted),
    )


def _beads(grid: MapGrid, line: EmotionLine, few: int) -> tuple[list[Bead], float]:
    """The places of the line's touchpoints, and how wide they are together."""
    feelings = {each.place_id: each for each in line.points}
    beads, x = [], 0.0
    for stage in grid.stages:
        for point in stage.points:
            beads.append(_bead(feelings[point.id], x + POINT / 2, few))
            x += POINT
        x += LAST
    if grid.from_right:
        beads = [replace(each, x=x - each.x) for each in beads]
    return beads, x


_TICKS = ((2.0, "+2"), (0.0, "0"), (-2.0, "\N{MINUS SIGN}2"))


def _bead(feeling: Feeling, x: float, few: int) -> Bead:
    said = f"{feeling.name}: {measured(feeling, few=few)}, assumed {assumed(feeling.assumed)}"
    wrong = mismatch(feeling)
    return Bead(
        x=x,
        y=_placed(feeling.estimate),
        low=_placed(feeling.low),
        high=_placed(feeling.high),
        assumed=_placed(feeling.assumed),
        mismatch=bool(wrong),
        said=f"{said}. {wrong}" if wrong else said,
    )


def _placed(value: float | None) -> float | None:
    return None if value is None else _up(value)


def _lines(beads: Sequence[Bead]) -> tuple[tuple[float, float, float, float], ...]:
    return tuple(
        (before.x, before.y, later.x, later.y)
        for before, later in pairwise(beads)
        if before.y is not None and later.y is not None
    )


def _up(value: float) -> float:
    part = (value - LOWEST) / (HIGHEST - LOWEST)
    return round(HEIGHT - _BOTTOM - part * (HEIGHT - _TOP - _BOTTOM), 1)
