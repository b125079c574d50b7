"""CSV for spreadsheets and every other program; nothing in a cell is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from surveyapp.exports.cells import csv_chunks
from surveyapp.exports.table import Table
from surveyapp.exports.variable import Cell, Kind, Variable


def chunks(table: Table) -> Iterator[str]:
    """The table as text, some hundred rows at a time: headings first, "no answer" as empty cells."""

    def rows() -> Iterator[Sequence[Any]]:
        yield table.headings
        kept = _Plain(table.variables)
        for row in table.rows:
            yield kept.cells(row)

    return csv_chunks(rows())


def write(table: Table, path: Path) -> tuple[str, ...]:
    with path.open("w", encoding="utf-8", newline="") as out:
        for chunk in chunks(table):
            out.write(chunk)
    return tuple(table.notes)


class _Plain:
    """Cells as text can hold them."""

    def __init__(self, variables: Sequence[Variable]) -> None:
        self._missing = [
            (place, each.missing) for place, each in enumerate(variables) if each.missing
        ]
        self._moments = [place for place, each in enumerate(variables) if each.kind is Kind.MOMENT]

    def cells(self, row: Sequence[Cell]) -> list[Any]:
        cells: list[Any] = list(row)
        for place in self._moments:
            if cells[place] is not None:
                cells[place] = cells[place].isoformat(timespec="seconds")
        for place, missing in self._missing:
            if cells[place] in missing:
                cells[place] = None
        return cells
