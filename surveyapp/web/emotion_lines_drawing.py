"""Several emotion lines as the places of their points and bars in one drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from surveyapp.results.maps.emotion_line import HIGHEST, LOWEST, Feeling
from surveyapp.results.maps.emotion_phrases import measured
from surveyapp.results.maps.persona_lines import PersonaLine

_COLUMN, _LEFT, _TOP, _HEIGHT = 130.0, 34.0, 14.0, 220.0
_APART = 19.0  # between the points of neighbouring lines at one touchpoint
_LONGEST = 17  # letters of a touchpoint's name


@dataclass(frozen=True)
class LinePoint:
    """A measured touchpoint of a line; ``low`` and ``high`` None of a single answer."""

    x: float
    y: float
    low: float | None
    high: float | None
    said: str


@dataclass(frozen=True)
class DrawnLine:
    """``runs`` join neighbours that are both measured, from (x, y) to (x, y)."""

    name: str
    number: int
    points: tuple[LinePoint, ...]
    runs: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True)
class LinesDrawing:
    lines: tuple[DrawnLine, ...]
    names: tuple[tuple[float, str], ...]
    ticks: tuple[tuple[float, str], ...]
    width: float
    height: float
    left: float = _LEFT


def lines_drawing(lines: Sequence[PersonaLine], *, few: int) -> LinesDrawing | None:
    """The lines over the touchpoints; None where nothing is measured."""
    drawn = tuple(_line(each, at, len(lines), few) for at, each in enumerate(lines))
    if not any(each.points for each in drawn):
        return None
    places = lines[0].line.points
    names = tuple((_middle(at), _short(each.name)) for at, each in enumerate(places))
    ticks = tuple(
        (_up(value), text) for value, text in ((2.0, "+2"), (0.0, "0"), (-2.0, "\N{MINUS SIGN}2"))
    )
    width = _LEFT + _COLUMN * len(places)
    return LinesDrawing(drawn, names, ticks, width, _TOP + _HEIGHT + 26)


def _line(of: PersonaLine, number: int, count: int, few: int) -> DrawnLine:
    aside = (number - (count - 1) / 2) * _APART
    found = [
        _point(each, _middle(at) + aside, of.name, few) for at, each in enumerate(of.line.points)
    ]
    return DrawnLine(
        of.name, number + 1, tuple(each for each in found if each is not None), tuple(_runs(found))
    )


def _point(feeling: Feeling, x: float, name: str, few: int) -> LinePoint | None:
    if feeling.estimate is None:
        return None
    low, high = (None if each is None else _up(each) for each in (feeling.low, feeling.high))
    said = f"{name}, {feeling.name}: {measured(feeling, few=few)}"
    return LinePoint(x, _up(feeling.estimate), low, high, said)


def _runs(points: Sequence[LinePoint | None]) -> Iterator[tuple[float, float, float, float]]:
    for before, later in pairwise(points):
        if before is not None and later is not None:
            yield before.x, before.y, later.x, later.y


def _middle(at: int) -> float:
    return _LEFT + _COLUMN * (at + 0.5)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _up(value: float) -> float:
    part = (value - LOWEST) / (HIGHEST - LOWEST)
    return round(_TOP + _HEIGHT * (1 - part), 1)
