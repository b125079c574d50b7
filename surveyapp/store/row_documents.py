"""Rows that go to PostgreSQL as one document: its driver takes longer to prepare a parameter than the
database to store a row, and reads the text of a statement anew that has more than fifty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Dialect, Table, text
from sqlalchemy import insert as plain_insert

from surveyapp.store.statements import DatabaseConnection, Insertion, Statement

_AT_ONCE = 1000  # rows in one document


class TableRows(NamedTuple):
    """Rows for a table, with values in the order of its columns, and what happens to one that is there."""

    table: Table
    rows: Sequence[Sequence[Any]]
    conflict: str = ""


def insert_rows(at: DatabaseConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, in their order; each has a value for every column. Documents, bytes and what is
    encrypted are for an ``Insertion``.
    """
    if at.dialect.name != "postgresql":
        _inserting(at.dialect, table).run_all(at, rows)
        return
    send_in_turn(at, [_of_mappings(table, rows)])


def insert_in_turn(
    at: DatabaseConnection, parts: Sequence[tuple[Table, Sequence[Mapping[str, Any]]]]
) -> None:
    """The same for several tables, one after the other; on PostgreSQL in one statement."""
    if at.dialect.name != "postgresql":
        for table, rows in parts:
            _inserting(at.dialect, table).run_all(at, rows)
        return
    send_in_turn(at, [_of_mappings(table, rows) for table, rows in parts])


def send_in_turn(at: DatabaseConnection, parts: Sequence[TableRows]) -> None:
    """Insert rows on PostgreSQL, one table after the other and in their order. A customer's few go in one
    statement: each that is sent waits for the server, and then for the interpreter's other threads.
    """
    parts = [part for part in parts if part.rows]
    if not parts:
        return
    if max(len(part.rows) for part in parts) <= _AT_ONCE:
        sending = _sending(at.dialect, tuple((part.table, part.conflict) for part in parts))
        sending.run(at, {f"rows_{k}": _document(part.rows) for k, part in enumerate(parts)})
        return
    for table, rows, conflict in parts:
        for start in range(0, len(rows), _AT_ONCE):
            document = _document(rows[start : start + _AT_ONCE])
            _sending(at.dialect, ((table, conflict),)).run(at, {"rows_0": document})


def _of_mappings(table: Table, rows: Sequence[Mapping[str, Any]]) -> TableRows:
    names = [column.name for column in table.columns]
    return TableRows(table, [[row[name] for name in names] for row in rows])


def _document(rows: Sequence[Sequence[Any]]) -> str:
    return orjson.dumps(rows, default=str).decode()


@lru_cache(maxsize=32)
def _sending(dialect: Dialect, parts: tuple[tuple[Table, str], ...]) -> Statement:
    inserts = [
        _of_document(dialect, table, place, conflict)
        for place, (table, conflict) in enumerate(parts)
    ]
    *before, last = inserts
    if not before:
        return Statement(text(last), dialect)
    listed = ", ".join(f"part_{k} AS ({each} RETURNING 1)" for k, each in enumerate(before))
    return Statement(text(f"WITH {listed} {last}"), dialect)


def _of_document(dialect: Dialect, table: Table, place: int, conflict: str) -> str:
    """The insert of the rows in a document, after those of the part before: who counts that part's rows
    has it done first, and two transactions lock the rows of two tables in the same order.
    """
    values = ", ".join(
        f"CAST(listed ->> {at} AS {column.type.compile(dialect)})"
        for at, column in enumerate(table.columns)
    )
    names = ", ".join(column.name for column in table.columns)
    after = f" WHERE (SELECT count(*) FROM part_{place - 1}) >= 0" if place else ""  # noqa: S608 - our own number
    return (
        f"INSERT INTO {table.name} ({names}) SELECT {values}"  # noqa: S608 - our own names
        f" FROM json_array_elements(CAST(:rows_{place} AS json)) AS lists (listed){after} {conflict}"
    )


@lru_cache(maxsize=8)
def _inserting(dialect: Dialect, table: Table) -> Insertion:
    return Insertion(plain_insert(table), dialect)
