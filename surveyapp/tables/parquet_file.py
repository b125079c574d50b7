"""Parquet files as tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from surveyapp.errors import Invalid
from surveyapp.tables.cells import text_of
from surveyapp.tables.numbers import POINT
from surveyapp.tables.table import DataTable, Row

SIGNATURE = b"PAR1"
_BATCH = 1000


def open_parquet(file: BinaryIO) -> DataTable:
    """The table in a Parquet file, read some rows at a time. Raises Invalid for what cannot be read."""
    import pyarrow as pa  # 0.2 s, and not of the pages that people answer
    import pyarrow.parquet as pq

    file.seek(0)
    try:
        source = pq.ParquetFile(file)
        headings = tuple(source.schema_arrow.names)
    except (pa.ArrowException, OSError) as error:
        raise Invalid(
            f"The file cannot be read as Parquet ({' '.join(str(error).split())[:200]}); write it again.",
            field="file",
        ) from error
    return DataTable(headings, _Rows(source), "Parquet", decimal=POINT, header_rows=0)


@dataclass(frozen=True)
class _Rows:
    source: Any

    def __iter__(self) -> Iterator[Row]:
        number = 0
        for batch in self.source.iter_batches(batch_size=_BATCH):
            columns = [column.to_pylist() for column in batch.columns]
            for values in zip(*columns, strict=True):
                number += 1
                yield Row(number, [text_of(value) for value in values])
