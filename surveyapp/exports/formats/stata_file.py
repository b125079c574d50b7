"""Stata .dta (version 14 and later): labels, value labels, extended missing values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyreadstat

from surveyapp.errors import Invalid
from surveyapp.exports.formats.labelled import Limits, labelled, value_labels
from surveyapp.exports.formats.names import short_names
from surveyapp.exports.table import Table

_LIMITS = Limits(label=80, value_label=32_000, in_bytes=False)
_LONGEST_NAME = (
    28  # of 32: the library names a set of value labels after its column and the place of it
)
_LONGEST_TEXT = 2045  # bytes; the format's strL is not written by the library
_RESERVED = (
    *("_ALL", "_B", "BYTE", "_COEF", "_CONS", "DOUBLE", "FLOAT", "IF", "IN", "INT", "LONG", "_N"),
    *("_PI", "_PRED", "_RC", "_SKIP", "STRL", "USING", "WITH"),
)
_NOT_APPLICABLE = "a"  # the extended missing value .a


def write(table: Table, path: Path) -> tuple[str, ...]:
    """Write the file; the notes on what its format could not hold.

    "Not applicable" is the extended missing value .a. Raises Invalid for a text that is too long.
    """
    names = short_names(table.headings, most=_LONGEST_NAME, allowed="_", reserved=_RESERVED)
    made = labelled(table, names, _LIMITS)
    frame = made.frame
    labels: dict[str, dict[Any, str]] = {}
    marked = {}
    for variable in table.variables:
        name = names[variable.name]
        if frame[name].dtype == object:
            _refuse_long(
                variable.name, max((len(text.encode()) for text in frame[name]), default=0)
            )
            continue  # the format labels numbers only; the codes of choices say it themselves
        if frame[name].isin(list(variable.missing)).any():
            column = frame[name].astype(object)
            frame[name] = column.where(~frame[name].isin(list(variable.missing)), _NOT_APPLICABLE)
            marked[name] = [_NOT_APPLICABLE]
        labels[name] = {
            _NOT_APPLICABLE if value in variable.missing else value: text
            for value, text in value_labels(variable, _LIMITS).items()
            if name in marked or value not in variable.missing
        }
    pyreadstat.write_dta(
        frame,
        str(path),
        file_label="surveyapp",
        column_labels=dict(made.labels),
        version=15,
        variable_value_labels={name: kept for name, kept in labels.items() if kept},
        missing_user_values=marked,
    )
    return made.notes


def _refuse_long(name: str, longest: int) -> None:
    if longest > _LONGEST_TEXT:
        raise Invalid(
            f"A text in {name} has {longest:,} bytes; Stata files hold {_LONGEST_TEXT:,} here. Use"
            " SPSS, CSV or Parquet.",
            field="format",
        )
