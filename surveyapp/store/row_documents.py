"""Rows that go to PostgreSQL as one document: its driver takes longer to prepare a parameter than the
database to store a row, and reads the text of a statement anew that has more than fifty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Dialect, Table, text
from sqlalchemy import insert as plain_insert

from surveyapp.store.statements import DatabaseConnection, Insertion, Statement

_AT_ONCE = 1000  # rows in one document


def insert_rows(at: DatabaseConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, in their order; each has a value for every column. Documents, bytes and what is
    encrypted are for an ``Insertion``.
    """
    if at.dialect.name != "postgresql":
        _inserting(at.dialect, table).run_all(at, rows)
        return
    names = [column.name for column in table.columns]
    send_rows(at, of_document(at.dialect, table), [[row[n] for n in names] for row in rows])


def send_rows(at: DatabaseConnection, statement: Statement, rows: Sequence[Sequence[Any]]) -> None:
    """Run a statement that takes its rows from a document; values in the order of the table's columns."""
    for start in range(0, len(rows), _AT_ONCE):
        document = orjson.dumps(rows[start : start + _AT_ONCE], default=str)
        statement.run(at, {"rows": document.decode()})


@lru_cache(maxsize=16)
def of_document(dialect: Dialect, table: Table, conflict: str = "") -> Statement:
    """PostgreSQL's insert of the rows in a document, and what happens to a row that is there."""
    values = ", ".join(
        f"CAST(listed ->> {place} AS {column.type.compile(dialect)})"
        for place, column in enumerate(table.columns)
    )
    names = ", ".join(column.name for column in table.columns)
    return Statement(
        text(
            f"INSERT INTO {table.name} ({names}) SELECT {values}"  # noqa: S608 - our own names
            f" FROM json_array_elements(CAST(:rows AS json)) AS lists (listed) {conflict}"
        ),
        dialect,
    )


@lru_cache(maxsize=8)
def _inserting(dialect: Dialect, table: Table) -> Insertion:
    return Insertion(plain_insert(table), dialect)
