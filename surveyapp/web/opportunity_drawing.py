"""The matrix of effort and impact as the places of its points in a drawing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from surveyapp.store.models import Opportunity

CELL, LEFT, TOP, BOTTOM = 84, 48, 10, 44
# Where the points of a cell lie, the first in its middle.
_PLACES = ((0, 0), (-1, -1), (1, -1), (-1, 1), (1, 1), (0, -1), (0, 1), (-1, 0), (1, 0))
_STEP = 24


@dataclass(frozen=True)
class Mark:
    """An opportunity; ``number`` stands in the point and before its row in the table."""

    number: int
    x: float
    y: float
    said: str
    ended: bool


@dataclass(frozen=True)
class Matrix:
    """What a template draws: effort to the right and impact up, each from 1 to 5."""

    marks: tuple[Mark, ...]
    lines_x: tuple[float, ...]
    lines_y: tuple[float, ...]
    width: int = LEFT + 5 * CELL + 10
    height: int = TOP + 5 * CELL + BOTTOM
    left: int = LEFT
    top: int = TOP
    right: int = LEFT + 5 * CELL
    bottom: int = TOP + 5 * CELL


def matrix(rows: Sequence[Opportunity], ended: Sequence[str]) -> Matrix | None:
    """The opportunities in their cells, those of one cell beside each other; None without any."""
    if not rows:
        return None
    cells: dict[tuple[int, int], int] = defaultdict(int)
    marks = []
    for number, row in enumerate(rows, 1):
        cell = (row.effort, row.impact)
        place, cells[cell] = cells[cell], cells[cell] + 1
        across, down = _PLACES[place % len(_PLACES)]
        x = LEFT + (row.effort - 1) * CELL + CELL / 2 + across * _STEP
        y = TOP + (5 - row.impact) * CELL + CELL / 2 + down * _STEP
        said = f"{number}. {row.title}: effort {row.effort}, impact {row.impact}"
        marks.append(Mark(number, x, y, said, row.state in ended))
    return Matrix(
        tuple(marks),
        tuple(float(LEFT + k * CELL) for k in range(6)),
        tuple(float(TOP + k * CELL) for k in range(6)),
    )
