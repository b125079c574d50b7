"""CSV for spreadsheets and every other program; nothing in a cell is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from surveyapp.exports.cells import CsvText
from surveyapp.exports.table import Table, without
from surveyapp.exports.variable import Cell, Kind, Variable


def chunks(table: Table) -> Iterator[str]:
    """The table as text, some hundred rows at a time: headings first, "no answer" as empty cells."""
    text = CsvText()
    yield text.of([[heading] for heading in table.headings])
    for columns in table.blocks():
        yield text.of([*map(_plain, table.variables, columns)])


def write(table: Table, path: Path) -> tuple[str, ...]:
    with path.open("w", encoding="utf-8", newline="") as out:
        for chunk in chunks(table):
            out.write(chunk)
    return tuple(table.notes)


def _plain(variable: Variable, column: Sequence[Cell]) -> Sequence[Any]:
    """The cells as text can hold them."""
    if variable.kind is Kind.MOMENT:
        cells: Sequence[Any] = column
        return [None if cell is None else cell.isoformat(timespec="seconds") for cell in cells]
    return without(variable.missing, column)
