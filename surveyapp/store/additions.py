"""Adding to rows by their key, which are made where they are not there: how counts are kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Table

from surveyapp.store.inserts import insert
from surveyapp.store.row_documents import TableRows, send_in_turn
from surveyapp.store.statements import DatabaseConnection, Insertion


class Addition(NamedTuple):
    """What is added to the columns ``sums`` of a table's rows; without any, rows that are there stay. Each
    row has a value for every column.
    """

    table: Table
    sums: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


def add(
    at: DatabaseConnection, table: Table, sums: Collection[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Add to the columns ``sums`` of these rows, in their order; each has a value for every column."""
    add_in_turn(at, [Addition(table, tuple(sums), rows)])


def add_in_turn(at: DatabaseConnection, additions: Sequence[Addition]) -> None:
    """Add to several tables, one after the other; on PostgreSQL in one statement where rows are few."""
    if at.dialect.name != "postgresql":
        for table, sums, rows in additions:
            _insertion(at.dialect, table, sums).run_values(at, rows)
        return
    send_in_turn(at, [TableRows(t, rows, _adding(t, sums)) for t, sums, rows in additions])


@lru_cache(maxsize=16)
def _insertion(dialect: Dialect, table: Table, sums: tuple[str, ...]) -> Insertion:
    statement, key = insert(table, dialect.name), list(table.primary_key)
    if not sums:
        return Insertion(statement.on_conflict_do_nothing(index_elements=key), dialect)
    adding = statement.on_conflict_do_update(
        index_elements=key,
        set_={name: table.c[name] + statement.excluded[name] for name in sums},
    )
    return Insertion(adding, dialect)


@lru_cache(maxsize=16)
def _adding(table: Table, sums: tuple[str, ...]) -> str:
    key = ", ".join(column.name for column in table.primary_key)
    if not sums:
        return f"ON CONFLICT ({key}) DO NOTHING"
    added = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in sums)
    return f"ON CONFLICT ({key}) DO UPDATE SET {added}"
