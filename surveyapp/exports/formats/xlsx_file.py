"""XLSX for Excel: the responses, what each column means, and notes, a sheet each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from surveyapp.errors import Invalid
from surveyapp.exports.table import Table, without
from surveyapp.exports.variable import Cell, Kind, Variable

_MOST_COLUMNS = 16_384
_LONGEST = 32_767
_WIDTHS = {Kind.INTEGER: 10, Kind.NUMBER: 10, Kind.TEXT: 18, Kind.MOMENT: 19, Kind.DAY: 11}


def write(table: Table, path: Path) -> tuple[str, ...]:
    """The table, row by row: memory does not grow with their number.

    Every text is written as a text, so that none of them is a formula or a link. Times are UTC, as
    Excel knows no zones. Raises Invalid for more columns or longer texts than the format holds.
    """
    if len(table.variables) > _MOST_COLUMNS:
        raise Invalid(
            f"XLSX files hold {_MOST_COLUMNS:,} columns, these are {len(table.variables):,}; choose one"
            " survey, or CSV.",
            field="format",
        )
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(str(path), options)
    try:
        _responses(book, table)
        _variables(book, table.variables)
        _notes(book, table)
    finally:
        book.close()
    return tuple(table.notes)


def _responses(book: Any, table: Table) -> None:
    sheet = book.add_worksheet("Responses")
    head = book.add_format({"bold": True, "bottom": 1})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for column, variable in enumerate(table.variables):
        sheet.set_column(column, column, _WIDTHS[variable.kind])
        sheet.write_string(0, column, variable.name, head)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(table.count, 1), max(len(table.variables) - 1, 0))
    for number, row in enumerate(_rows(table), start=1):
        for column, value in enumerate(row):
            if value is None or value == "":
                continue
            if isinstance(value, str):
                _write_text(sheet, number, column, value, table.variables[column])
            elif isinstance(value, datetime):
                sheet.write_datetime(number, column, value.replace(tzinfo=None), moment)
            elif isinstance(value, date):
                sheet.write_datetime(number, column, value, day)
            else:
                sheet.write_number(number, column, value)


def _rows(table: Table) -> Iterator[Sequence[Cell]]:
    for columns in table.blocks():
        answered = map(without, (each.missing for each in table.variables), columns)
        yield from zip(*answered, strict=True)


def _write_text(sheet: Any, row: int, column: int, value: str, variable: Variable) -> None:
    if len(value) > _LONGEST:
        raise Invalid(
            f"The text in {variable.name}, row {row + 1}, has {len(value):,} characters; XLSX files"
            f" hold {_LONGEST:,}. Use CSV, JSON Lines or Parquet.",
            field="format",
        )
    sheet.write_string(row, column, value)


def _variables(book: Any, variables: Sequence[Variable]) -> None:
    sheet = book.add_worksheet("Variables")
    head = book.add_format({"bold": True, "bottom": 1})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    for column, (text, width) in enumerate(
        (("Column", 28), ("Label", 60), ("Type", 10), ("Measure", 10), ("Values", 60))
    ):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, text, head)
    sheet.freeze_panes(1, 0)
    for row, variable in enumerate(variables, start=1):
        values = "\n".join(f"{value} = {text}" for value, text in variable.labels.items())
        texts: Sequence[Cell] = (
            *(variable.name, variable.label, variable.kind.value, variable.measure.value),
            values,
        )
        for column, said in enumerate(texts):
            sheet.write_string(row, column, str(said)[:_LONGEST], wrap)


def _notes(book: Any, table: Table) -> None:
    sheet = book.add_worksheet("Notes")
    sheet.set_column(0, 0, 100, book.add_format({"text_wrap": True}))
    own = (f"Responses: {table.count}.", "Times are in UTC.", *table.notes)
    for row, text in enumerate(own):
        sheet.write_string(row, 0, text)
