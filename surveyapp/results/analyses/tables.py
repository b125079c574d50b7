"""Files of answers as frames: any kind of file, its numbers as numbers, its texts as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from instruments.schema import Instrument
from surveyapp.errors import Invalid, NotFound
from surveyapp.tables.missing import MissingCodes, UserMissing, is_word
from surveyapp.tables.numbers import Signs, decimal_of, number_in, signs_of
from surveyapp.tables.opened import open_table
from surveyapp.tables.options import ReadOptions
from surveyapp.tables.table import DataTable, refuse_unclear

_TRUTHS = {"true": True, "false": False}


@dataclass(frozen=True)
class AnswerFile:
    """A file's rows as a frame, one a respondent, and where in the file each of them stands.

    ``notes`` say how the file was understood, and what was taken as missing.
    """

    path: Path
    frame: pd.DataFrame
    table: DataTable
    rows: tuple[int, ...]
    notes: tuple[str, ...]

    def cell(self, column: str, place: int) -> str:
        """Where a value of the frame stands in the file: ``B7``."""
        return self.table.place(self.rows[place], list(self.frame.columns).index(column))

    def named(self, names: Sequence[str]) -> AnswerFile:
        """The same with the columns under these names that are meant by them; others stay as they are.

        A column is meant by its heading; else where capitals differ; else by what follows the
        instrument in a heading of our own export: ``sjq.per3`` is ``per3``, and the other way round.
        Raises Invalid where two columns are meant by one name.
        """
        renamed: dict[str, str] = {}
        for name in names:
            heading = _meant(name, [str(heading) for heading in self.frame.columns])
            if heading is not None and heading != name:
                renamed[heading] = name
        return replace(self, frame=self.frame.rename(columns=renamed)) if renamed else self


@dataclass(frozen=True)
class Limits:
    """How much of a table is taken: more is refused while it is read."""

    rows: int
    columns: int
    cells: int


def read_table(
    path: Path, options: ReadOptions | None = None, *, instruments: Sequence[Instrument] = ()
) -> AnswerFile:
    """The answers in a file of any kind that ``tables.opened`` knows.

    The ``instruments``' own codes for no answer are missing in the columns of their items.

    A column in which every cell is a number is one of numbers; what stands for a missing number there
    (NA, NULL) is missing and counted. In a column of texts only the empty cell is missing. Raises
    NotFound or Invalid with the file's name and what was found.
    """
    if not path.is_file():
        raise NotFound(f"{path}: no such file")
    with path.open("rb") as file:
        return read_stream(file, path, options, instruments=instruments)


def read_stream(
    file: BinaryIO,
    path: Path,
    options: ReadOptions | None = None,
    *,
    instruments: Sequence[Instrument] = (),
    limits: Limits | None = None,
) -> AnswerFile:
    """As ``read_table`` from an open file, which ``path`` names; of at most ``limits``."""
    options = options or ReadOptions()
    try:
        table = open_table(file, path.name, options)
        table = table.declaring(_missing_codes(table, instruments))
        return _read(path, table, options, limits)
    except Invalid as error:
        raise Invalid(f"{path}: {error}", field=error.field) from error


def _missing_codes(table: DataTable, instruments: Sequence[Instrument]) -> dict[int, UserMissing]:
    places = {heading.casefold(): place for place, heading in enumerate(table.headings)}
    return {
        places[name]: UserMissing.of(instrument.missing_codes)
        for instrument in instruments
        if instrument.missing_codes
        for item in instrument.items
        for name in item_headings(instrument, item.code)
        if name in places
    }


def item_headings(instrument: Instrument, item: str) -> tuple[str, str, str]:
    """What an item's column may be called, in small letters."""
    inside = f"{instrument.code}_".replace("-", "_")
    found = (item, f"{instrument.code}.{item}", f"{inside}{item}")
    return found[0].casefold(), found[1].casefold(), found[2].casefold()


def _read(
    path: Path, table: DataTable, options: ReadOptions, limits: Limits | None = None
) -> AnswerFile:
    refuse_unclear(table.headings)
    width = len(table.headings)
    most = None if limits is None else min(limits.rows, limits.cells // max(width, 1))
    if limits is not None and width > limits.columns:
        raise Invalid(f"has {width:,} columns; at most {limits.columns:,} are taken")
    missing = MissingCodes(options.missing, table.user_missing)
    rows: list[int] = []
    records: list[list[str]] = []
    for row in table.rows:
        if row.fault:
            raise Invalid(f"{table.place(row.number)}: {row.fault} {row.cure}")
        if most is not None and len(rows) == most:
            raise Invalid(
                f"has more than {most:,} rows, as many as are taken of {width:,} columns; leave out"
                " rows, or columns that are not needed"
            )
        rows.append(row.number)
        records.append(missing.emptied(row.cells) if missing else row.cells)
    if not rows:
        raise Invalid("has a header but no rows")
    headings = [
        heading or f"column {place}"  # R's names of rows
        for place, heading in enumerate(table.headings, start=1)
    ]
    columns = list(zip(*records, strict=True))
    signs = [signs_of(set(cells)) for cells in columns]
    numbers = {
        heading: own for heading, own in zip(headings, signs, strict=True) if own is not None
    }
    decimal = decimal_of(numbers, separator=table.separator, chosen=table.decimal)
    frame = pd.DataFrame(
        {
            heading: _column(place, cells, own, decimal, missing)
            for place, (heading, cells, own) in enumerate(
                zip(headings, columns, signs, strict=True)
            )
        }
    )
    told = [*table.notes, *missing.notes(headings, table.value_labels)]
    said = table.said(decimal if any(own.example for own in numbers.values()) else "")
    return AnswerFile(path, frame, table, tuple(rows), (said, *told))


def _column(
    place: int, cells: Sequence[str], signs: Signs | None, decimal: str, missing: MissingCodes
) -> Any:
    """The cells as numbers, truth values or texts, whichever all of them are."""
    distinct = set(cells)
    if signs is not None and signs.is_number(decimal):
        if not any(_keeps_zeros(cell.strip()) for cell in distinct):
            return _numbers(place, cells, distinct, decimal, missing)
    elif {cell.strip().casefold() for cell in distinct} - {""} <= set(_TRUTHS):
        truths = [_TRUTHS.get(cell.strip().casefold()) for cell in cells]
        return pd.Series(truths, dtype=object if None in truths else bool)
    return pd.Series([cell.strip() or None for cell in cells])


def _numbers(
    place: int, cells: Sequence[str], distinct: set[str], decimal: str, missing: MissingCodes
) -> np.ndarray:
    written = {cell: number_in(cell, decimal) for cell in distinct}
    for cell in distinct:
        if is_word(cell):
            for _ in range(cells.count(cell)):
                missing.count(place, cell.strip())
    if all(number is not None and number.lstrip("+-").isdigit() for number in written.values()):
        whole = {cell: int(number) for cell, number in written.items() if number is not None}
        if max(map(abs, whole.values())) < 2**53:
            return np.array([whole[cell] for cell in cells], dtype=np.int64)
    floats = {cell: float(number) if number else np.nan for cell, number in written.items()}
    return np.array([floats[cell] for cell in cells], dtype=np.float64)


def _keeps_zeros(cell: str) -> bool:
    """Whether somebody meant the zeros before a number, as in a postal code."""
    return len(cell) > 1 and cell[0] == "0" and cell.isdigit()


def _meant(name: str, headings: Sequence[str]) -> str | None:
    if name in headings:
        return name
    wanted, short = name.casefold(), name.casefold().rpartition(".")[2]
    folded = [(heading.casefold(), heading) for heading in headings]
    is_own = {"response", "response_id"} <= {key for key, _ in folded}
    for fitting in (
        [heading for key, heading in folded if key == wanted],
        [heading for key, heading in folded if key.rpartition(".")[2] == wanted],
        [heading for key, heading in folded if key == short],
        # Our own export where its format takes no point in a name: sjq_per3.
        [heading for key, heading in folded if is_own and key.endswith(f"_{wanted}")],
    ):
        if len(fitting) > 1:
            raise Invalid(f"{name} may be {' or '.join(fitting)}; name the column whole.")
        if fitting:
            return fitting[0]
    return None


def item_columns(answers: AnswerFile, instrument: Instrument, items: Sequence[str]) -> pd.DataFrame:
    """The instrument's items as columns under their own codes; absent ones are left out.

    A column fits as ``item``, ``instrument.item`` or ``instrument_item``, in any case. Raises Invalid where two columns
    hold one item, and for an answer outside its item's range, with its cell.
    """
    headings = {str(name).casefold(): str(name) for name in answers.frame.columns}
    found = {}
    for code in items:
        fitting = [headings[name] for name in item_headings(instrument, code) if name in headings]
        if len(fitting) > 1:
            raise Invalid(
                f"{answers.path}: two columns hold {code}: {' and '.join(fitting)}; keep one of them"
            )
        if fitting:
            _check_range(answers, fitting[0], instrument, code)
            found[code] = answers.frame[fitting[0]]
    return pd.DataFrame(found)


def _check_range(answers: AnswerFile, column: str, instrument: Instrument, code: str) -> None:
    item = instrument.item(code)
    if item is None or item.scale is None:
        return
    values = pd.to_numeric(answers.frame[column], errors="coerce").to_numpy(
        dtype=float, na_value=np.nan
    )
    low, high = item.scale.minimum, item.scale.maximum
    wrong = np.flatnonzero((values < low) | (values > high))
    if not wrong.size:
        return
    shown = f"{values[wrong[0]]:g}"
    raise Invalid(
        f"{answers.path}: {code}: {shown} in {answers.cell(column, int(wrong[0]))} is outside {low}"
        f" to {high} ({wrong.size} such {'cell' if wrong.size == 1 else 'cells'}); correct them, or"
        f" pass --missing {shown} if {shown} stands for a missing answer"
    )
