"""CSV for spreadsheets and every other program; nothing in a cell is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from surveyapp.exports.cells import csv_chunks
from surveyapp.exports.table import Table
from surveyapp.exports.variable import Cell, Variable


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
        self._missing = [variable.missing for variable in variables]

    def cells(self, row: Sequence[Cell]) -> list[Any]:
        return [
            None
            if missing and value in missing
            else value.isoformat(timespec="seconds")
            if isinstance(value, datetime)
            else value
            for value, missing in zip(row, self._missing, strict=True)
        ]
