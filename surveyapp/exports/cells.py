"""CSV that a spreadsheet shows and never runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from surveyapp.tables.guard import are_harmless, guarded

_BATCH_ROWS = 500
_NUMBERS = frozenset({int, float, type(None)})  # as the library writes them: None as an empty cell
_TEXTS = frozenset({str, type(None)})


def safe(value: Any) -> Any:
    """A cell as a spreadsheet may have it: a text that would be a formula gets an apostrophe.

    Numbers stay numbers, -3 included; None becomes an empty cell.
    """
    kind = type(value)
    if kind is str:
        return guarded(value)
    if kind is int or kind is float:
        return value
    if value is None:
        return ""
    if kind is bool:
        return "true" if value else "false"
    return value if isinstance(value, int | float) else guarded(str(value))


def csv_chunks(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The rows as CSV text, some hundred rows at a time, so that no file is ever held whole.

    They are equally long. The text begins as that of ``CsvText`` does.
    """
    text, left = CsvText(), iter(rows)
    yield text.of(list(zip(*islice(left, _BATCH_ROWS), strict=True)))
    while batch := list(islice(left, _BATCH_ROWS)):
        yield text.of(list(zip(*batch, strict=True)))


class CsvText:
    """CSV text of one file, made in pieces.

    It begins with a byte order mark, without which Excel takes UTF-8 for another encoding.
    """

    def __init__(self) -> None:
        self._buffer = io.StringIO()
        self._buffer.write("\ufeff")
        self._writer = csv.writer(self._buffer)

    def of(self, columns: Sequence[Sequence[Any]]) -> str:
        """The next rows, given by column."""
        self._writer.writerows(zip(*map(_safe_column, columns), strict=True))
        piece = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return piece


def _safe_column(column: Sequence[Any]) -> Sequence[Any]:
    """``safe`` of each cell, None aside, which becomes an empty cell anyhow."""
    kinds = set(map(type, column))
    if kinds <= _NUMBERS:
        return column
    if not kinds <= _TEXTS:
        return [safe(value) for value in column]
    if are_harmless([text for text in column if text]):
        return column
    return [value and guarded(value) for value in column]
