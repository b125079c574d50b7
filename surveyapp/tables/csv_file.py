"""CSV files as tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from surveyapp.tables.dialect import SEPARATORS, Dialect, dialect_of
from surveyapp.tables.encoding import TITLES
from surveyapp.tables.table import DataTable, Row

_LONGEST_CELL = 131_072  # the csv module's own limit, named in the reason


def open_csv(file: BinaryIO) -> DataTable:
    """The table in a CSV file, read as it is asked for: memory does not grow with the file.

    Rows that end early have empty cells at their end, as Excel writes them; more cells than headings
    are a fault of the row unless they are empty. Raises Invalid for what is no such file.
    """
    dialect = dialect_of(file)
    text = io.TextIOWrapper(file, encoding=dialect.encoding, newline="")
    reader = csv.reader(text, delimiter=dialect.separator)
    for _ in range(dialect.skipped + 1):
        next(reader)
    return DataTable(
        dialect.headings,
        _rows(reader, text, dialect),
        TITLES[dialect.encoding],
        SEPARATORS[dialect.separator],
    )


def _rows(reader: Any, text: io.TextIOWrapper, dialect: Dialect) -> Iterator[Row]:
    width = len(dialect.headings)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            text.detach()  # or the wrapper would close the caller's file when it is forgotten
            return
        except csv.Error as error:
            fault = f"The line cannot be read ({error}; cells hold {_LONGEST_CELL})."
            yield Row(line, [], fault, "Correct the line.")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[width:]):
            fault = f"The line has {len(cells)} cells, but the header row names {width} columns."
            yield Row(line, [], fault, "Quote cells that contain the separator.")
        else:
            yield Row(line, [*cells[:width], *[""] * (width - len(cells))])
