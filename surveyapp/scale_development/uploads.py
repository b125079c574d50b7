"""The columns of an uploaded file that a pilot can use, those of numbers, and the rows of judges."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

from surveyapp.errors import Invalid
from surveyapp.results.analyses.tables import read_stream
from surveyapp.scale_development.judged_files import MOST_JUDGES
from surveyapp.scale_development.pilots import MOST_ROWS
from surveyapp.tables.options import ReadOptions


def numeric_columns(
    file: BinaryIO, name: str, options: ReadOptions
) -> dict[str, list[float | None]]:
    """Every column of numbers by its heading, None where a number is missing.

    Raises Invalid at the field ``file`` for what cannot be read, and for more rows than a pilot takes.
    """
    try:
        frame = read_stream(file, Path(name), options).frame
    except Invalid as error:
        raise Invalid(str(error), field="file") from error
    if len(frame) > MOST_ROWS:
        raise Invalid(
            f"The file has {len(frame):,} rows; a pilot takes at most {MOST_ROWS:,}.", field="file"
        )
    found: dict[str, list[float | None]] = {}
    for heading in frame.columns:
        column = frame[heading]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            values = column.to_numpy(dtype=float)
            found[str(heading)] = [None if np.isnan(each) else float(each) for each in values]
    return found


def judged_rows_of(
    file: BinaryIO, name: str, options: ReadOptions, items: Sequence[str]
) -> tuple[list[dict[str, object]], list[str]]:
    """A row a judge with the cells of these items, None where nothing stands, and what is to be said.

    Raises Invalid at the field ``file`` for what cannot be read, and for an item without a column.
    """
    try:
        table = read_stream(file, Path(name), options).named(list(items))
    except Invalid as error:
        raise Invalid(str(error), field="file") from error
    frame = table.frame
    absent = [name for name in items if name not in frame.columns]
    if absent:
        raise Invalid(f"{', '.join(absent[:10])}: the file has no such column.", field="items")
    if len(frame) > MOST_JUDGES:
        raise Invalid(
            f"The file has {len(frame):,} rows; each is a judge, and at most {MOST_JUDGES} are taken.",
            field="file",
        )
    said = list(table.notes)
    others = [str(each) for each in frame.columns if each not in items]
    if others:
        more = f" and {len(others) - 10} more" if len(others) > 10 else ""
        said.append(f"columns that are no items were not used: {', '.join(others[:10])}{more}")
    rows = frame[list(items)].astype(object)
    return [
        {str(heading): None if pd.isna(cell) else _cell(cell) for heading, cell in row.items()}
        for row in rows.to_dict("records")
    ], said


def _cell(value: object) -> object:
    return float(value) if isinstance(value, (int, float, np.number)) else str(value)
