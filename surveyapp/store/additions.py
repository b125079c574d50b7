"""Adding to rows by their key, which are made where they are not there: how counts are kept."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Table, text

from surveyapp.store.inserts import insert
from surveyapp.store.statements import DatabaseConnection, Insertion, Statement

_AT_ONCE = 1000  # rows in one document


def add(
    at: DatabaseConnection, table: Table, sums: Collection[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Add to the columns ``sums`` of these rows, in their order; each has a value for every column.

    PostgreSQL gets the rows as one document: its driver takes longer to prepare a parameter than the
    database to store a row.
    """
    if at.dialect.name != "postgresql":
        _insertion(at.dialect, table, tuple(sums)).run_values(at, rows)
        return
    statement = _of_document(at.dialect, table, tuple(sums))
    for start in range(0, len(rows), _AT_ONCE):
        document = json.dumps(rows[start : start + _AT_ONCE], default=str)
        statement.run(at, {"rows": document})


@lru_cache(maxsize=16)
def _insertion(dialect: Dialect, table: Table, sums: tuple[str, ...]) -> Insertion:
    statement = insert(table, dialect.name)
    adding = statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={name: table.c[name] + statement.excluded[name] for name in sums},
    )
    return Insertion(adding, dialect)


@lru_cache(maxsize=16)
def _of_document(dialect: Dialect, table: Table, sums: tuple[str, ...]) -> Statement:
    key = ", ".join(column.name for column in table.primary_key)
    values = ", ".join(
        f"CAST(listed ->> {place} AS {column.type.compile(dialect)})"
        for place, column in enumerate(table.columns)
    )
    added = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in sums)
    names = ", ".join(column.name for column in table.columns)
    return Statement(
        text(
            f"INSERT INTO {table.name} ({names}) SELECT {values}"  # noqa: S608 - our own names
            " FROM json_array_elements(CAST(:rows AS json)) AS lists (listed)"
            f" ON CONFLICT ({key}) DO UPDATE SET {added}"
        ),
        dialect,
    )
