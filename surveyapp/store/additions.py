"""Adding to rows by their key, which are made where they are not there: how counts are kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Table

from surveyapp.store.inserts import insert
from surveyapp.store.row_documents import of_document, send_rows
from surveyapp.store.statements import DatabaseConnection, Insertion


def add(
    at: DatabaseConnection, table: Table, sums: Collection[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Add to the columns ``sums`` of these rows, in their order; each has a value for every column."""
    if at.dialect.name != "postgresql":
        _insertion(at.dialect, table, tuple(sums)).run_values(at, rows)
        return
    adding = of_document(at.dialect, table, _adding(table, tuple(sums)))
    send_rows(at, adding, rows)


@lru_cache(maxsize=16)
def _insertion(dialect: Dialect, table: Table, sums: tuple[str, ...]) -> Insertion:
    statement = insert(table, dialect.name)
    adding = statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={name: table.c[name] + statement.excluded[name] for name in sums},
    )
    return Insertion(adding, dialect)


@lru_cache(maxsize=16)
def _adding(table: Table, sums: tuple[str, ...]) -> str:
    key = ", ".join(column.name for column in table.primary_key)
    added = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in sums)
    return f"ON CONFLICT ({key}) DO UPDATE SET {added}"
