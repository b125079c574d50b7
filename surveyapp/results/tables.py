"""Files of answers to frames: CSV with any usual separator, and SPSS .sav."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from surveyapp.errors import Invalid, NotFound
from surveyapp.tables.dialect import Dialect, dialect_of


def read_table(path: Path) -> pd.DataFrame:
    """The table in a CSV or .sav file, one row a respondent; empty cells are missing.

    Raises NotFound or Invalid with the file's name and what was found.
    """
    if not path.is_file():
        raise NotFound(f"{path}: no such file")
    if path.suffix.lower() == ".sav":
        return _read_sav(path)
    try:
        with path.open("rb") as file:
            dialect = dialect_of(file)
            frame = _frame(file, dialect)
    except Invalid as error:
        raise Invalid(f"{path}: {error}") from error
    except pd.errors.ParserWarning as error:
        raise Invalid(
            f"{path}: rows have more cells than the {len(dialect.headings)} columns that the header"
            " row names; name every column, and quote cells that contain the separator"
        ) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise Invalid(f"{path}: cannot be read as a table: {_line(error)}") from error
    if frame.empty:
        raise Invalid(f"{path}: has a header but no rows")
    return frame


def _frame(file: BinaryIO, dialect: Dialect) -> pd.DataFrame:
    """The rows below the headings; a row with more cells than headings is refused, not cut."""
    named = [heading for heading in dialect.headings if heading]
    double = [heading for heading in named if named.count(heading) > 1]
    if double:
        raise Invalid(f"Two columns are named {double[0]}; rename one.")
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(
            file,
            sep=dialect.separator,
            encoding=dialect.encoding,
            header=dialect.skipped,
            names=[
                heading or f"column {place}"  # R's names of rows
                for place, heading in enumerate(dialect.headings, start=1)
            ],
            index_col=False,
            skipinitialspace=True,
        )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _read_sav(path: Path) -> pd.DataFrame:
    import pyreadstat

    try:
        frame, _ = pyreadstat.read_sav(path)
    except (pyreadstat.ReadstatError, UnicodeError) as error:
        raise Invalid(f"{path}: cannot be read as SPSS data: {_line(error)}") from error
    return pd.DataFrame(frame)


def matching_columns(frame: pd.DataFrame, instrument: str, items: tuple[str, ...]) -> pd.DataFrame:
    """The instrument's items as columns under their own codes.

    A column fits as ``item`` or ``instrument.item``, in any case; absent ones are left out.
    """
    by_name = {str(name).lower(): name for name in frame.columns}
    found = {}
    for item in items:
        for candidate in (item.lower(), f"{instrument}.{item}".lower()):
            if candidate in by_name:
                found[item] = frame[by_name[candidate]]
                break
    return pd.DataFrame(found)
