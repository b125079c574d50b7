"""How a CSV file is written: its encoding, its separator, and the lines before its headings."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from surveyapp.errors import Invalid
from surveyapp.tables.encoding import encoding_of

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
_LONGEST_HEADINGS = 1 << 20  # characters
_SAID = "sep="  # by which Excel is told the separator, in a line before the headings
_LOOKED_AT = 100  # rows, where the headings do not settle the separator


@dataclass(frozen=True)
class Dialect:
    """``skipped`` lines end with the one that tells Excel the separator; it shows none of them."""

    encoding: str
    separator: str
    skipped: int


def dialect_of(file: BinaryIO, *, encoding: str = "", separator: str = "") -> Dialect:
    """The dialect of a CSV file that stands at its beginning, before and after.

    The separator is the given one, else what a first line ``sep=;`` says, else comma, semicolon or
    tab, whichever the headings have most of outside quotes. Raises Invalid for an empty file, for one
    that is no text, and where two separators are as likely.
    """
    encoding = encoding_of(file, encoding)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        (first, blank), skipped = _first_record(text), 0
        said = first.strip().lower()
        if said.startswith(_SAID) and len(first.strip("\r\n")) == len(_SAID) + 1:
            named = first[len(_SAID)]
            if named not in SEPARATORS:
                raise Invalid(
                    f"The first line names the separator {named!r}; use comma, semicolon or tab.",
                    field="file",
                )
            separator = separator or named
            skipped = blank + 1
            first, _ = _first_record(text)
        if not first.strip():
            raise Invalid("The file is empty; its first line must name the columns.", field="file")
        separator = separator or _separator(first, text)
    finally:
        text.detach()  # or the wrapper would close the caller's file
        file.seek(0)
    return Dialect(encoding, separator, skipped)


def csv_reader(lines: Any, separator: str) -> Any:
    """The csv module's reader: quotes end where they should, or the line is a fault."""
    return csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)


def _first_record(text: io.TextIOWrapper) -> tuple[str, int]:
    """The first line that is not blank, with those after it while it ends within quotes; and how many
    blank lines stand before it.
    """
    blank = 0
    record = text.readline(_LONGEST_HEADINGS)
    while record and not record.strip(" \t\r\n\ufeff"):
        blank += 1
        record = text.readline(_LONGEST_HEADINGS)
    while record.count('"') % 2 and len(record) < _LONGEST_HEADINGS:
        line = text.readline(_LONGEST_HEADINGS)
        if not line:
            break
        record += line
    return record.removeprefix("\ufeff"), blank


def _separator(headings: str, text: io.TextIOWrapper) -> str:
    """What separates the headings; where two are as many, what separates the rows alike."""
    counts = {sign: _unquoted(headings).count(sign) for sign in SEPARATORS}
    most = max(counts.values())
    likely = [sign for sign, count in counts.items() if count == most]
    if not most or len(likely) == 1:
        return likely[0]
    lines = list(islice(text, _LOOKED_AT))
    fitting = [sign for sign in likely if _fits(lines, sign, most + 1)]
    if len(fitting) == 1:
        return fitting[0]
    names = " and ".join(SEPARATORS[sign] for sign in likely)
    raise Invalid(
        f"The headings {headings.strip()[:60]!r} may be separated by {names};"
        " choose the delimiter (--delimiter).",
        field="delimiter",
    )


def _fits(lines: Sequence[str], separator: str, width: int) -> bool:
    """Whether each of these rows has a cell for each heading."""
    widths = [len(cells) for cells in _cells(lines, separator) if any(cells)]
    return bool(widths) and all(found == width for found in widths)


def _cells(lines: Sequence[str], separator: str) -> Iterator[list[str]]:
    try:
        yield from csv_reader(lines, separator)
    except csv.Error:
        return


def _unquoted(line: str) -> str:
    """The line without what stands in quotes, where separators separate nothing."""
    return "".join(part for place, part in enumerate(line.split('"')) if place % 2 == 0)
