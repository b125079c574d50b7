"""Parquet for data frames and databases: typed columns, labels in the metadata of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from surveyapp.exports.table import BLOCK_ROWS, Table, without
from surveyapp.exports.variable import Kind, Variable

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
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batches in _groups(_batches(table, schema)):
            writer.write_table(pa.Table.from_batches(batches, schema))
    return tuple(table.notes)


def _batches(table: Table, schema: Any) -> Iterator[Any]:
    for columns in table.blocks():
        cells = map(without, (each.missing for each in table.variables), columns)
        arrays = [pa.array(own, kind) for own, kind in zip(cells, schema.types, strict=True)]
        yield pa.record_batch(arrays, schema=schema)


def _groups(batches: Iterator[Any]) -> Iterator[list[Any]]:
    while group := list(islice(batches, _GROUP_ROWS // BLOCK_ROWS)):
        yield group


def _field(variable: Variable) -> Any:
    labels = {str(value): text for value, text in variable.labels.items()}
    about = {"label": variable.label, "measure": variable.measure.value}
    if labels:
        about["labels"] = json.dumps(labels, ensure_ascii=False)
    return pa.field(variable.name, _TYPES[variable.kind], metadata=about)
