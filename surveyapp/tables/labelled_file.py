"""Files of SPSS (.sav, .zsav, .por) and Stata (.dta) as tables: codes with their labels beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, BinaryIO

from surveyapp.errors import Invalid
from surveyapp.tables.cells import text_of
from surveyapp.tables.missing import UserMissing
from surveyapp.tables.numbers import POINT
from surveyapp.tables.options import ReadOptions
from surveyapp.tables.table import DataTable, Row

SPSS, STATA, PORTABLE = "SPSS", "Stata", "SPSS portable"
_PORTABLE = b"SPSS PORT FILE"


def kind_of(head: bytes, name: str) -> str:
    """Which of these programs wrote a file that begins so; empty for none of them."""
    if head.startswith((b"$FL2", b"$FL3")):
        return SPSS
    if head.startswith(b"<stata_dta>"):
        return STATA
    suffix = PurePath(name).suffix.lower()
    if suffix == ".dta" and head[:1] in {
        b"\x68",
        b"\x69",
        b"\x6c",
        b"\x6e",
        b"\x71",
        b"\x72",
        b"\x73",
    }:
        return STATA  # before version 13 it begins with its number
    return PORTABLE if _PORTABLE in head or suffix == ".por" else ""


def open_labelled(file: BinaryIO, kind: str, options: ReadOptions | None = None) -> DataTable:
    """The table in a file of SPSS or Stata. Its cells are codes; labels, and the codes that the file
    declares to be missing, stand beside them. Raises Invalid for what cannot be read.
    """
    import pyreadstat  # not of the pages that people answer

    options = options or ReadOptions()
    read: dict[str, Callable[..., Any]] = {
        SPSS: pyreadstat.read_sav,
        STATA: pyreadstat.read_dta,
        PORTABLE: pyreadstat.read_por,
    }
    how: dict[str, Any] = {"output_format": "dict"}
    if kind != PORTABLE:
        how["user_missing"] = True
    if options.encoding:
        how["encoding"] = options.encoding
    file.seek(0)
    try:
        columns, about = read[kind](file, **how)
    except (pyreadstat.ReadstatError, UnicodeError, ValueError, OverflowError) as error:
        raise Invalid(
            f"The file cannot be read as {kind} data ({' '.join(str(error).split())[:200]}); save it"
            " again, or name its encoding (--encoding).",
            field="file",
        ) from error
    headings = tuple(str(name) for name in columns)
    letters = _stata_letters(about, headings)
    values = [
        _Column(list(columns[name]), letters.get(place, frozenset()))
        for place, name in enumerate(headings)
    ]
    return DataTable(
        headings,
        _Cases(values),
        kind,
        decimal=POINT,
        header_rows=0,
        texts=tuple(about.column_names_to_labels.get(name) or "" for name in headings),
        value_labels=_labels(about, headings, letters),
        user_missing=_missing(about, headings, letters),
    )


@dataclass(frozen=True)
class _Column:
    """A column's values; Stata's missing values are among its numbers as these letters."""

    values: Sequence[Any]
    letters: frozenset[str]

    def text(self, place: int) -> str:
        value = self.values[place]
        return f".{value}" if value in self.letters else text_of(value)


@dataclass(frozen=True)
class _Cases:
    columns: Sequence[_Column]

    def __iter__(self) -> Iterator[Row]:
        count = len(self.columns[0].values) if self.columns else 0
        for place in range(count):
            yield Row(place + 1, [column.text(place) for column in self.columns])


def _stata_letters(about: Any, headings: Sequence[str]) -> dict[int, frozenset[str]]:
    told = about.missing_user_values
    return {place: frozenset(told[name]) for place, name in enumerate(headings) if name in told}


def _missing(
    about: Any, headings: Sequence[str], letters: Mapping[int, frozenset[str]]
) -> dict[int, UserMissing]:
    found = {
        place: UserMissing(codes=frozenset(f".{letter}" for letter in own))
        for place, own in letters.items()
    }
    for place, name in enumerate(headings):
        ranges = about.missing_ranges.get(name, ())
        if ranges:
            numbers = [(r["lo"], r["hi"]) for r in ranges if not isinstance(r["lo"], str)]
            texts = frozenset(str(r["lo"]) for r in ranges if isinstance(r["lo"], str))
            found[place] = UserMissing(tuple(numbers), texts)
    return found


def _labels(
    about: Any, headings: Sequence[str], letters: Mapping[int, frozenset[str]]
) -> dict[int, dict[str, str]]:
    return {
        place: {
            f".{code}" if code in letters.get(place, ()) else text_of(code): str(label)
            for code, label in about.variable_value_labels[name].items()
        }
        for place, name in enumerate(headings)
        if name in about.variable_value_labels
    }
