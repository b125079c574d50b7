"""Parquet for data frames and databases: typed columns, labels in the metadata of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from surveyapp.exports.table import Table
from surveyapp.exports.variable import Cell, Kind, Variable

_GROUP_ROWS = 20_000
_TYPES = {
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.TEXT: pa.string(),
    Kind.MOMENT: pa.timestamp("ms", tz="UTC"),
    Kind.DAY: pa.date32(),
}


def write(table: Table, path: Path) -> tuple[str, ...]:
    """The table in groups of rows: memory does not grow with their number."""
    schema = pa.schema([_field(variable) for variable in table.variables])
    missing = [variable.missing for variable in table.variables]
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in _groups(table.rows):
            columns = [
                pa.array(
                    [None if reasons and value in reasons else value for value in column], type=kind
                )
                for column, reasons, kind in zip(
                    zip(*rows, strict=True), missing, schema.types, strict=True
                )
            ]
            writer.write_table(pa.table(columns, schema=schema))
    return tuple(table.notes)


def _groups(rows: Iterator[Sequence[Cell]]) -> Iterator[list[Sequence[Cell]]]:
    while group := list(islice(rows, _GROUP_ROWS)):
        yield group


def _field(variable: Variable) -> Any:
    labels = {str(value): text for value, text in variable.labels.items()}
    about = {"label": variable.label, "measure": variable.measure.value}
    if labels:
        about["labels"] = json.dumps(labels, ensure_ascii=False)
    return pa.field(variable.name, _TYPES[variable.kind], metadata=about)
