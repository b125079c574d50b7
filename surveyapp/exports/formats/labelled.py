"""A table as SPSS and Stata take it: whole, with short names, and notes on what had to be shortened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from surveyapp.exports.formats.names import cut
from surveyapp.exports.table import Table
from surveyapp.exports.variable import Cell, Kind, Variable


@dataclass(frozen=True)
class Limits:
    """What a format holds: characters of a label, or bytes where ``in_bytes``."""

    label: int
    value_label: int
    in_bytes: bool


@dataclass(frozen=True)
class Labelled:
    """Columns by their short names, labels by short name, and what was shortened."""

    frame: pd.DataFrame
    names: Mapping[str, str]  # short name by the name in every other format
    labels: Mapping[str, str]
    notes: tuple[str, ...]


def labelled(table: Table, names: Mapping[str, str], limits: Limits) -> Labelled:
    """The table read to its end. Times lose their zone, which is UTC; the labels say so."""
    columns: list[list[Cell]] = [[] for _ in table.variables]
    for block in table.blocks():
        for column, cells in zip(columns, block, strict=True):
            column.extend(cells)
    data = {
        names[variable.name]: _series(variable, column)
        for variable, column in zip(table.variables, columns, strict=True)
    }
    labels = {
        names[variable.name]: cut(variable.label, limits.label, in_bytes=limits.in_bytes)
        for variable in table.variables
    }
    notes = (
        *(f"{name} is called {short} here." for name, short in names.items() if name != short),
        *(
            f"The label of {names[v.name]} was shortened; whole: {v.label}"
            for v in table.variables
            if labels[names[v.name]] != v.label
        ),
        *table.notes,
    )
    return Labelled(pd.DataFrame(data), names, labels, notes)


def value_labels(variable: Variable, limits: Limits) -> dict[Any, str]:
    """The labels of its values, of those that stand for no answer too."""
    every: dict[Any, str] = {**variable.labels, **variable.missing}
    return {
        value: cut(text, limits.value_label, in_bytes=limits.in_bytes)
        for value, text in every.items()
    }


def _series(variable: Variable, column: Sequence[Any]) -> pd.Series[Any]:
    if variable.kind is Kind.TEXT:
        return pd.Series(["" if value is None else str(value) for value in column], dtype="object")
    values = pd.Series(list(column), dtype="object")
    if variable.kind is Kind.MOMENT:
        return pd.Series(pd.to_datetime(values, utc=True)).dt.tz_localize(None)
    return pd.Series(pd.to_numeric(values), dtype="float64")
