"""CSV that a spreadsheet shows and never runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from surveyapp.tables.guard import guarded

_BATCH_ROWS = 500


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

    It begins with a byte order mark, without which Excel takes UTF-8 for another encoding.
    """
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    for count, row in enumerate(rows, start=1):
        writer.writerow([safe(value) for value in row])
        if count % _BATCH_ROWS == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    if buffer.tell():
        yield buffer.getvalue()
