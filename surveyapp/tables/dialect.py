"""How a CSV file is written: its encoding, its separator, and where its headings stand."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import BinaryIO

from surveyapp.errors import Invalid
from surveyapp.tables.encoding import encoding_of
from surveyapp.tables.table import heading_of

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
_LONGEST_HEADINGS = 1 << 20  # characters
_SAID = "sep="  # by which Excel is told the separator, in a line before the headings


@dataclass(frozen=True)
class Dialect:
    """``skipped`` lines stand before the headings. Empty headings at the end are left out: what stands
    below them may only be empty.
    """

    encoding: str
    separator: str
    skipped: int
    headings: tuple[str, ...]


def dialect_of(file: BinaryIO) -> Dialect:
    """The dialect of a CSV file that stands at its beginning, before and after.

    The separator is what a first line ``sep=;`` says, else comma, semicolon or tab, whichever the
    headings have most of outside quotes. Raises Invalid for an empty file, or one that is no text.
    """
    encoding = encoding_of(file)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        first, skipped = _record(text), 0
        said = first.strip().lower()
        separator = ""
        if said.startswith(_SAID) and len(first.strip("\r\n")) == len(_SAID) + 1:
            separator, skipped = first[len(_SAID)], 1
            if separator not in SEPARATORS:
                raise Invalid(
                    f"The first line names the separator {separator!r}; use comma, semicolon or tab.",
                    field="file",
                )
            first = _record(text)
        if not first.strip():
            raise Invalid("The file is empty; its first line must name the columns.", field="file")
        separator = separator or max(SEPARATORS, key=_unquoted(first).count)
        headings = _headings(first, separator)
    finally:
        text.detach()  # or the wrapper would close the caller's file
        file.seek(0)
    return Dialect(encoding, separator, skipped, headings)


def _record(text: io.TextIOWrapper) -> str:
    """The first line, and those after it while it ends within quotes."""
    record = text.readline(_LONGEST_HEADINGS)
    while record.count('"') % 2 and len(record) < _LONGEST_HEADINGS:
        line = text.readline(_LONGEST_HEADINGS)
        if not line:
            break
        record += line
    return record


def _headings(record: str, separator: str) -> tuple[str, ...]:
    try:
        cells = next(csv.reader(io.StringIO(record), delimiter=separator))
    except csv.Error as error:
        raise Invalid(f"Line 1: {error}; the first line must name the columns.") from error
    headings = [heading_of(cell) for cell in cells]
    while headings and not headings[-1]:
        headings.pop()
    return tuple(headings)


def _unquoted(line: str) -> str:
    """The line without what stands in quotes, where separators separate nothing."""
    return "".join(part for place, part in enumerate(line.split('"')) if place % 2 == 0)
