"""Files of answers to frames: CSV with any usual separator, and SPSS .sav."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from surveyapp.errors import Invalid, NotFound
from surveyapp.results.text_files import encoding_of, no_text


def read_table(path: Path) -> pd.DataFrame:
    """The table in a CSV or .sav file, one row a respondent; empty cells are missing.

    Raises NotFound or Invalid with the file's name and what was found.
    """
    if not path.is_file():
        raise NotFound(f"{path}: no such file")
    if path.suffix.lower() == ".sav":
        return _read_sav(path)
    encoding = encoding_of(path)
    try:
        separator = _separator(path, encoding)
        frame = pd.read_csv(path, sep=separator, encoding=encoding, skipinitialspace=True)
    except UnicodeError as error:
        raise no_text(path, encoding, error, kind="CSV ") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise Invalid(f"{path}: cannot be read as a table: {_line(error)}") from error
    if frame.empty:
        raise Invalid(f"{path}: has a header but no rows")
    frame.columns = [str(name).strip() for name in frame.columns]
    return frame


def _separator(path: Path, encoding: str) -> str:
    """The most frequent of comma, semicolon and tab in the header; pandas guesses letters too."""
    with path.open(encoding=encoding) as file:
        header = file.readline()
    if "\x00" in header:
        raise Invalid(f"{path}: not a text file (it contains zero bytes); save it as CSV UTF-8")
    return max(",;\t", key=header.count)


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
