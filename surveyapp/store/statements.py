"""Statements that run again and again: compiled once, after which they cost what the database costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement


class Statement:
    """A statement compiled for one database.

    SQLAlchemy prepares parameters, types and a description of the result anew for every execution;
    for the few rows of one submission that takes several times what SQLite takes for storing them.
    So parameters go to the driver, in the caller's transaction, and what comes back is as the driver
    gives it. Defaults of columns are not filled in: ``rows`` name every column that they mean, the
    same in all of them.
    """

    def __init__(
        self, clause: ClauseElement, dialect: Dialect, *, columns: Sequence[str] | None = None
    ) -> None:
        """``columns`` are those that an insert or update sets; all of the table's by default."""
        compiled: Any = clause.compile(
            dialect=dialect, column_keys=None if columns is None else list(columns)
        )
        self._text = str(compiled)
        self._constants = {k: v for k, v in compiled.params.items() if v is not None}
        processors = {
            name: bound.type.dialect_impl(dialect).bind_processor(dialect)
            for name, bound in compiled.binds.items()
        }
        order = compiled.positiontup if compiled.positional else list(processors)
        self._slots = [(name, processors[name]) for name in order]
        self._positional: bool = compiled.positional

    def run(self, connection: Connection, row: Mapping[str, Any]) -> None:
        """Execute it once."""
        self._executed(connection, self._bound(row)).close()

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it for each row."""
        bound = [self._bound(row) for row in rows]
        self._executed(connection, bound, many=True).close()

    def scalar(self, connection: Connection, row: Mapping[str, Any]) -> Any:
        """The first value of the only row that it returns; None when it returns none."""
        rows = self.rows(connection, row)
        return rows[0][0] if rows else None

    def rows(self, connection: Connection, row: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """What it selects or returns."""
        cursor = self._executed(connection, self._bound(row))
        rows = list(cursor.fetchall())
        cursor.close()
        return rows

    def _executed(self, connection: Connection, bound: Any, *, many: bool = False) -> Any:
        cursor = connection.connection.cursor()
        try:
            (cursor.executemany if many else cursor.execute)(self._text, bound)
        except connection.dialect.loaded_dbapi.Error as error:
            cursor.close()
            # As SQLAlchemy would raise it, but without the parameters: they may hold answers.
            base = connection.dialect.loaded_dbapi.Error
            raise DBAPIError.instance(
                self._text, None, error, base, dialect=connection.dialect
            ) from error
        return cursor

    def _bound(self, row: Mapping[str, Any]) -> Any:
        values = {**self._constants, **row} if self._constants else row
        if self._positional:
            return tuple([p(values[n]) if p else values[n] for n, p in self._slots])
        return {n: p(values[n]) if p else values[n] for n, p in self._slots}
