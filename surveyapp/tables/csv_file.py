"""CSV files as tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from surveyapp.tables.dialect import SEPARATORS, Dialect, csv_reader, dialect_of
from surveyapp.tables.encoding import title_of
from surveyapp.tables.options import ReadOptions
from surveyapp.tables.sheet import sheet_table
from surveyapp.tables.table import DataTable, Row

_LONGEST_CELL = 131_072  # the csv module's own limit, named in the reason


def open_csv(file: BinaryIO, options: ReadOptions | None = None) -> DataTable:
    """The table in a CSV file, read as it is asked for: memory does not grow with the file.

    Rows that end early have empty cells at their end, as Excel writes them; more cells than headings
    are a fault of the row unless they are empty. Raises Invalid for what is no such file.
    """
    options = options or ReadOptions()
    size = max(1, file.seek(0, 2))
    file.seek(0)
    dialect = dialect_of(file, encoding=options.encoding, separator=options.delimiter)
    return sheet_table(
        lambda: _records(file, dialect),
        encoding=title_of(dialect.encoding),
        separator=SEPARATORS[dialect.separator],
        decimal=options.decimal,
        percent=lambda: 100 * file.tell() // size,
    )


def _records(file: BinaryIO, dialect: Dialect) -> Iterator[Row]:
    """The file's records, the headings first; blank lines count as the rows that Excel shows."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=dialect.encoding, newline="")
    try:
        for _ in range(dialect.skipped):
            text.readline()
        reader = csv_reader(text, dialect.separator)
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                fault = (
                    f"The row cannot be read ({error}; cells hold {_LONGEST_CELL:,} characters)."
                )
                cure = "Close each quotation mark, and double those within a quoted cell."
                yield Row(number, [], fault, cure)
                continue
            if number == 1 and cells:
                cells[0] = cells[0].removeprefix("\ufeff")
            if any(cells):
                yield Row(number, cells)
    finally:
        text.detach()  # or the wrapper would close the caller's file when it is forgotten
