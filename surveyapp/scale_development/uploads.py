"""The columns of an uploaded file that a pilot can use: those of numbers."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

from surveyapp.errors import Invalid
from surveyapp.results.tables import read_stream
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
