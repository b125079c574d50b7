"""Statements that run again and again: compiled once, after which they cost what the database costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement


class Statement:
    """A statement compiled for one database.

    SQLAlchemy prepares parameters and types anew for every execution; for the few rows of one
    submission that takes several times what SQLite takes for storing them. Defaults of columns are
    not filled in: ``rows`` name every column that they mean, the same in all of them.
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
        self._types = {
            name: processor
            for name, bound in compiled.binds.items()
            if (processor := bound.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        self._order: Sequence[str] | None = compiled.positiontup if compiled.positional else None

    def run(self, connection: Connection, row: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute it once; what it returns comes as the driver gives it."""
        return connection.exec_driver_sql(self._text, self._bound(row))

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it for each row."""
        connection.exec_driver_sql(self._text, [self._bound(row) for row in rows])

    def rows(self, connection: Connection, row: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """What it selects, as the driver gives it: without a result object, whose description of
        thirty columns takes longer than asking for them.
        """
        driver = connection.dialect.loaded_dbapi
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self._text, self._bound(row))
            return list(cursor.fetchall())
        except driver.Error as error:
            raise DBAPIError.instance(
                self._text, None, error, driver.Error, dialect=connection.dialect
            ) from error
        finally:
            cursor.close()

    def _bound(self, row: Mapping[str, Any]) -> Any:
        values = {**self._constants, **row}
        for name, processor in self._types.items():
            values[name] = processor(values[name])
        if self._order is None:
            return values
        return tuple([values[name] for name in self._order])
