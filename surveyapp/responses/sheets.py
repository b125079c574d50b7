"""Files of answers as rows of text: CSV of any usual kind, and SPSS .sav."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from surveyapp.errors import Invalid

_CHUNK = 1 << 20
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
_LONGEST_CELL = 131_072  # the csv module's own limit, named in the reason


@dataclass(frozen=True)
class Row:
    """One record and the line that it begins on. ``fault`` says why it could not be read."""

    line: int
    cells: list[str]
    fault: str = ""


@dataclass(frozen=True)
class Sheet:
    """Headings, rows as they are read, and how the file was understood, for people to check."""

    headings: tuple[str, ...]
    rows: Iterator[Row]
    encoding: str
    separator: str


def open_csv(file: BinaryIO) -> Sheet:
    """The sheet in a CSV file, read as it is asked for: memory does not grow with the file.

    UTF-8 with or without a byte order mark, else Latin-1; comma, semicolon or tab, whichever the
    first line has most of. Raises Invalid for what is no such file.
    """
    encoding = _encoding(file)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    first = text.readline(_CHUNK)
    if not first.strip():
        raise Invalid("The file is empty; its first line must name the columns.", field="file")
    separator = max(_SEPARATORS, key=_unquoted(first).count)
    text.seek(0)
    reader = csv.reader(text, delimiter=separator)
    try:
        headings = tuple(heading.strip() for heading in next(reader))
    except csv.Error as error:
        raise Invalid(f"Line 1: {error}; the first line must name the columns.") from error
    said = "UTF-8" if encoding.startswith("utf-8") else "Latin-1"
    return Sheet(headings, _csv_rows(reader, text), said, _SEPARATORS[separator])


def open_sav(path: Path, *, keep_codes: frozenset[str]) -> Sheet:
    """The sheet in an SPSS file. Value labels replace codes, but for the columns in ``keep_codes``
    (small letters), whose codes are the answers. Raises Invalid for what is no SPSS file.
    """
    import pyreadstat  # it brings pandas, which the web process must not load

    try:
        frame, about = pyreadstat.read_sav(str(path))
    except (pyreadstat.ReadstatError, UnicodeDecodeError) as error:
        raise Invalid(f"The file cannot be read as SPSS data: {error}.", field="file") from error
    labels = {
        name: {str(_plain(code)): str(label) for code, label in codes.items()}
        for name, codes in about.variable_value_labels.items()
        if name.lower() not in keep_codes
    }
    headings = tuple(str(name) for name in frame.columns)
    return Sheet(headings, _sav_rows(frame, headings, labels), "SPSS", "none")


def _encoding(file: BinaryIO) -> str:
    head = file.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Invalid("The file is in UTF-16; save it as CSV UTF-8.", field="file")
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Invalid("The file is a workbook; save its sheet as CSV UTF-8.", field="file")
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding = "utf-8-sig"
    chunk = head
    while True:
        if b"\x00" in chunk:
            raise Invalid("The file is no text; save the answers as CSV UTF-8.", field="file")
        if encoding != "latin-1":
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError:
                encoding = "latin-1"
        if not chunk:
            break
        chunk = file.read(_CHUNK)
    file.seek(0)
    return encoding


def _unquoted(line: str) -> str:
    """The line without what stands in quotes, where separators separate nothing."""
    return "".join(part for place, part in enumerate(line.split('"')) if place % 2 == 0)


def _csv_rows(reader: Any, text: io.TextIOWrapper) -> Iterator[Row]:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            text.detach()  # or the wrapper would close the caller's file when it is forgotten
            return
        except csv.Error as error:
            yield Row(line, [], f"The line cannot be read ({error}; cells hold {_LONGEST_CELL}).")
            continue
        if any(cell.strip() for cell in cells):
            yield Row(line, cells)


def _sav_rows(frame: Any, headings: tuple[str, ...], labels: Any) -> Iterator[Row]:
    for place, values in enumerate(frame.itertuples(index=False, name=None), start=1):
        cells = ["" if value is None or value != value else str(_plain(value)) for value in values]
        yield Row(
            place,
            [
                labels.get(name, {}).get(cell, cell)
                for name, cell in zip(headings, cells, strict=True)
            ],
        )


def _plain(value: Any) -> Any:
    """SPSS keeps every number as a float; a whole one is written without its point."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
