"""CSV that a spreadsheet shows and never runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from surveyapp.tables.guard import are_harmless, guarded

_BATCH_ROWS = 500
_NUMBERS = frozenset({int, float, type(None)})  # None is an empty cell
_TEXTS = frozenset({str, type(None)})
_QUOTED = re.compile(r'[,"\r\n]')


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
        self._begun = False

    def of(self, columns: Sequence[Sequence[Any]]) -> str:
        """The next rows, given by column: what ``csv.writer`` makes of them, in half its time, as most
        columns hold the same in every row, or nothing that needs quotes.
        """
        texts = [_texts(_safe_column(column)) for column in columns]
        if len(texts) == 1:  # a row of one empty cell would be an empty line, which is no row
            texts = [[text or '""' for text in texts[0]]]
        mark, self._begun = "" if self._begun else "\ufeff", True
        return "".join([mark, *(f"{row}\r\n" for row in map(",".join, zip(*texts, strict=True)))])


def _texts(column: Sequence[Any]) -> Sequence[str]:
    """Safe cells as they stand in a row, in quotes where they need them."""
    if not column:
        return ()
    kinds = set(map(type, column))
    if len(kinds) == 1 and column.count(column[0]) == len(column):
        return [_quoted(_text(column[0]))] * len(column)
    if kinds <= _NUMBERS:  # never in need of quotes
        if type(None) not in kinds:
            return list(map(str, column))
        return ["" if cell is None else str(cell) for cell in column]
    texts = [_text(cell) for cell in column]
    if _QUOTED.search("".join(texts)) is None:
        return texts
    return [_quoted(text) for text in texts]


def _text(cell: Any) -> str:
    return cell if type(cell) is str else "" if cell is None else str(cell)


def _quoted(text: str) -> str:
    if _QUOTED.search(text) is None:
        return text
    return '"' + text.replace('"', '""') + '"'


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
