"""SPSS .sav: labels, value labels, level of measurement, user-missing values."""

from __future__ import annotations

from pathlib import Path

import pyreadstat

from surveyapp.exports.formats.labelled import Limits, labelled, value_labels
from surveyapp.exports.formats.names import short_names
from surveyapp.exports.table import Table
from surveyapp.exports.variable import Kind

_LIMITS = Limits(label=256, value_label=120, in_bytes=True)
_LONGEST_NAME = 64
_RESERVED = ("ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH")
_LONGEST_NOTE = 80  # a line of the file's document


def write(table: Table, path: Path) -> tuple[str, ...]:
    """Write the file; the notes on what its format could not hold, which stand in it too.

    "Not applicable" is a user-missing value; no answer at all is system-missing.
    """
    names = short_names(table.headings, most=_LONGEST_NAME, allowed="_.", reserved=_RESERVED)
    made = labelled(table, names, _LIMITS)
    labels = {names[v.name]: value_labels(v, _LIMITS) for v in table.variables}
    pyreadstat.write_sav(
        made.frame,
        str(path),
        file_label="surveyapp",
        column_labels=dict(made.labels),
        row_compress=True,
        note=[line for note in made.notes for line in _lines(note)] or None,
        variable_value_labels={name: kept for name, kept in labels.items() if kept},
        missing_ranges={names[v.name]: list(v.missing) for v in table.variables if v.missing},
        variable_measure={names[v.name]: v.measure.value for v in table.variables},
        variable_format={names[v.name]: "F8.0" for v in table.variables if v.kind is Kind.INTEGER},
    )
    return made.notes


def _lines(note: str) -> list[str]:
    """The note in lines of the format's length, counted in bytes."""
    found: list[str] = []
    line = ""
    for word in note.split():
        longer = f"{line} {word}".strip()
        if len(longer.encode()) > _LONGEST_NOTE and line:
            found.append(line)
            longer = word
        line = longer
    return [*found, line] if line else found
