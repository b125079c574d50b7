"""SPSS files as tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from surveyapp.errors import Invalid
from surveyapp.tables.table import DataTable, Row


def open_sav(path: Path, *, keep_codes: frozenset[str]) -> DataTable:
    """The table in an SPSS file. Value labels replace codes, but for the columns in ``keep_codes``
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
    return DataTable(headings, _sav_rows(frame, headings, labels), "SPSS", "none")


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
