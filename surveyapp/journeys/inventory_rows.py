"""An inventory that comes in: the rows of a file as the export writes it, before anything is looked up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from surveyapp.errors import Invalid
from surveyapp.tables.guard import unguarded
from surveyapp.tables.opened import open_table
from surveyapp.tables.options import ReadOptions
from surveyapp.tables.table import DataTable, column_letters, refuse_unclear

MOST_ROWS = 5000
PLACES = ("journey_code", "journey", "stage_code", "stage", "touchpoint_code")
# What is said of a touchpoint: by the column's heading, the name of the field.
SAID: Mapping[str, str] = {
    "touchpoint": "name",
    "channel": "channel",
    "ownership": "ownership",
    "partner": "partner",
    "moment_of_truth": "moment_of_truth",
}
# Columns of the export that are counted; a file may have them, and nothing is read from them.
COUNTED = ("coverage", "surveys", "responses", "responses_hidden", "last_month")
COLUMNS = (*PLACES, *SAID)
_LARGEST = 2**31  # of a row's number and a column's place


@dataclass(frozen=True)
class InventoryRow:
    """A row by the number that a spreadsheet shows; ``cells`` by column, only of columns in the file.

    ``fault`` says why it could not be read, ``cure`` what to do.
    """

    number: int
    cells: Mapping[str, str]
    fault: str = ""
    cure: str = ""

    def of(self, column: str) -> str:
        """The cell; empty also where the file has no such column."""
        return self.cells.get(column, "")


@dataclass(frozen=True)
class InventorySheet:
    """What was read; ``columns`` are the places of the columns, ``notes`` how the file was understood.

    ``is_list``: it came as a list and not as a sheet, so that its rows are entries without letters.
    """

    columns: Mapping[str, int]
    rows: Sequence[InventoryRow]
    notes: Sequence[str] = field(default_factory=tuple)
    is_list: bool = False

    def place(self, row: int, column: str = "") -> str:
        """Where something stands: ``F7``, or ``row 7``."""
        if self.is_list:
            return f"entry {row}" + (f", {column}" if column else "")
        if column not in self.columns:
            return f"row {row}"
        return f"{column_letters(self.columns[column])}{row}"

    def of_rows(self, numbers: Iterable[int]) -> InventorySheet:
        """The same with these rows only."""
        wanted = set(numbers)
        chosen = [each for each in self.rows if each.number in wanted]
        return InventorySheet(self.columns, chosen, self.notes, self.is_list)

    def text(self) -> str:
        """The sheet as a page carries it from its preview to the answer."""
        names = list(self.columns)
        rows = [
            [each.number, [each.cells.get(name) for name in names], each.fault, each.cure]
            for each in self.rows
        ]
        said = {
            "columns": names,
            "at": list(self.columns.values()),
            "rows": rows,
            "is_list": self.is_list,
        }
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def sheet_from_text(text: str) -> InventorySheet:
    """What ``InventorySheet.text`` wrote. Raises Invalid for anything else."""
    try:
        said = json.loads(text)
        names = [str(name) for name in said["columns"]]
        columns = {name: int(at) for name, at in zip(names, said["at"], strict=True)}
        rows = [_row(names, each) for each in said["rows"]]
        is_list = bool(said["is_list"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise Invalid("The preview did not come back whole; upload the file again.") from None
    counted = [*columns.values(), *(each.number for each in rows)]
    if (
        not set(columns) <= set(COLUMNS)
        or len(rows) > MOST_ROWS
        or not all(0 <= each < _LARGEST for each in counted)
    ):
        raise Invalid("The preview did not come back whole; upload the file again.")
    return InventorySheet(columns, rows, is_list=is_list)


def read_inventory(
    file: BinaryIO, *, name: str = "", options: ReadOptions | None = None
) -> InventorySheet:
    """The rows of a file of any kind that holds a table.

    Raises Invalid for a file that cannot be read as a whole, has a column of another name, names no
    touchpoint, or has more than ``MOST_ROWS`` rows.
    """
    options = options or ReadOptions()
    table = open_table(file, name, options)
    columns = _columns(table.headings)
    rows: list[InventoryRow] = []
    for row in table.rows:
        if len(rows) == MOST_ROWS:
            raise Invalid(
                f"The file has more than {MOST_ROWS:,} rows; import it in parts, such as one journey at"
                " a time.",
                field="file",
            )
        cells = {} if row.fault else _cells(table, columns, row.cells, options.missing)
        rows.append(InventoryRow(row.number, cells, row.fault, row.cure))
    return InventorySheet(columns, rows, (table.said(), *table.notes))


def _row(names: Sequence[str], said: Any) -> InventoryRow:
    number, cells, fault, cure = said
    found = {name: str(cell) for name, cell in zip(names, cells, strict=True) if cell is not None}
    return InventoryRow(int(number), found, str(fault), str(cure))


def _columns(headings: Sequence[str]) -> dict[str, int]:
    refuse_unclear(headings)
    found = {}
    for at, heading in enumerate(headings):
        name = heading.strip().lower()
        if name in COLUMNS:
            found[name] = at
        elif name and name not in COUNTED:
            raise Invalid(
                f"The column {heading[:60]!r} is not used. Take it out of the file; columns are"
                f" {', '.join(COLUMNS)}.",
                field="file",
            )
    for either in (PLACES[0:2], PLACES[2:4], ("touchpoint_code", "touchpoint")):
        if not set(either) & set(found):
            raise Invalid(
                f"The file has neither a column {either[0]} nor {either[1]}; it has"
                f" {', '.join(headings)[:300]}.",
                field="file",
            )
    return found


def _cells(
    table: DataTable, columns: Mapping[str, int], cells: Sequence[str], missing: Sequence[str]
) -> dict[str, str]:
    """A row's cells as they were before our own export guarded them; only text files are guarded."""
    found = {}
    for name, at in columns.items():
        cell = cells[at]
        if "'" in cell and table.separator != "none":
            cell = unguarded(cell)
        found[name] = "" if cell in missing else cell
    return found
