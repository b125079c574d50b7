"""Records of a sheet -> a table: which of them are headings, and cells for each of these."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from surveyapp.errors import Invalid
from surveyapp.tables.header_rows import MOST_HEADER_ROWS, header_rows
from surveyapp.tables.table import DataTable, Row

Records = Callable[[], Iterator[Row]]


@dataclass(frozen=True)
class _Below:
    """The rows below the headings, from the first each time they are iterated."""

    records: Records
    header_rows: int
    width: int

    def __iter__(self) -> Iterator[Row]:
        records, width = self.records(), self.width
        for _ in range(self.header_rows):
            next(records)
        for row in records:
            cells = row.cells
            if len(cells) == width or row.fault:
                if row.fault or any(cell.strip() for cell in cells):
                    yield row
            elif any(cell.strip() for cell in cells[width:]):
                fault = f"The row has {len(cells)} cells, but the header row names {width} columns."
                yield Row(row.number, [], fault, "Quote cells that contain the separator.")
            elif any(cell.strip() for cell in cells):
                yield Row(row.number, [*cells[:width], *[""] * (width - len(cells))])


def sheet_table(records: Records, **about: Any) -> DataTable:
    """The table whose headings are the first of the records, ``about`` being what else is known.

    Headings of known exports may be two or three records. Empty headings at the end are left out:
    what stands below them may only be empty. Raises Invalid for a sheet without headings.
    """
    first: list[list[str]] = []
    source = records()
    for row in source:
        if row.fault:
            if not first:
                raise Invalid(f"Row {row.number}: {row.fault} {row.cure}", field="file")
            break
        if not first and not any(cell.strip() for cell in row.cells):
            continue
        first.append(row.cells)
        if len(first) == MOST_HEADER_ROWS:
            break
    close = getattr(source, "close", None)
    if close is not None:
        close()  # before the file is read again
    if not first:
        raise Invalid("The file is empty; its first row must name the columns.", field="file")
    found = header_rows(first)
    below = _Below(partial(_from_headings, records), found.rows, len(found.headings))
    return DataTable(
        found.headings,
        below,
        header_rows=found.rows,
        program=found.program,
        texts=found.texts,
        time_zone=found.time_zone,
        **about,
    )


def _from_headings(records: Records) -> Iterator[Row]:
    """The records without those blank ones that stand before the headings."""
    source = records()
    for row in source:
        if row.fault or any(cell.strip() for cell in row.cells):
            yield row
            break
    yield from source
