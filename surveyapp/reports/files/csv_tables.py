"""A table as CSV: every digit of its numbers, ends of intervals in columns of their own."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from surveyapp.i18n.words import msg
from surveyapp.reports.document import Cell, Estimate, Interval, Quantity, Table, Text, Value, plain
from surveyapp.tables.guard import guarded

_LOWER, _UPPER = msg("{name} lower"), msg("{name} upper")
_BESIDE = {Interval: (_LOWER, _UPPER), Estimate: ("", _LOWER, _UPPER)}
_DIRECTIONS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")


def csv_text(table: Table) -> str:
    """The table with a byte order mark, as the other CSV files.

    A number is unrounded and an undefined one empty; a hidden one is the words that hide it. Rows
    that head others become a first column, and a heading that stands twice names what it belongs to.
    """
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    for row in _rows(table):
        writer.writerow(["" if each is None else each for each in row])
    return buffer.getvalue()


def _rows(table: Table) -> Iterator[list[str | Value]]:
    kinds = [_kind(table, j) for j in range(len(table.columns))]
    group: list[str | Value] = [_text(table.words.say("Group"))] if table.groups else []
    yield [*group, *_headings(table, kinds)]
    for i, row in enumerate(table.cells):
        if i in table.groups:
            group = [_text(row[0])]
            continue
        yield [*group, *(v for cell, kind in zip(row, kinds, strict=True) for v in _values(cell, kind))]  # fmt: skip


def _kind(table: Table, column: int) -> type | None:
    """What the column's numbers are: single ones (None), intervals, or both."""
    values = (_value(row[column]) for row in table.cells)
    return next((type(v) for v in values if isinstance(v, Interval | Estimate)), None)


def _value(cell: Cell) -> Text | Value | Interval | Estimate:
    return cell.value if isinstance(cell, Quantity) else cell


def _values(cell: Cell, kind: type | None) -> list[str | Value]:
    found = _value(cell)
    width = len(_BESIDE[kind]) if kind else 1
    if isinstance(found, Estimate):
        return [found.value, found.low, found.high]
    if isinstance(found, Interval):
        return [found.low, found.high]
    first = _text(found) if isinstance(found, str | tuple) else found
    return [first, *[None] * (width - 1)]


def _text(cell: Cell) -> str:
    """Words without what arranges them on paper, as a spreadsheet may have them."""
    said = plain(cell) if isinstance(cell, str | tuple) else ""
    said = _DIRECTIONS.sub("", said).replace("\N{NO-BREAK SPACE}", " ").replace("\n", ", ")
    return guarded(said.strip())


def _headings(table: Table, kinds: Sequence[type | None]) -> Iterator[str]:
    names = [_text(column.name or column.head) for column in table.columns]
    of = ""
    for name, kind in zip(names, kinds, strict=True):
        if names.count(name) > 1:
            name = f"{of} {name}".strip()
        else:
            of = name
        for part in _BESIDE[kind] if kind else ("",):
            yield _text(table.words.say(part, name=name)) if part else name
