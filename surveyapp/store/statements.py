"""Statements that run again and again: compiled once, after which they cost what the database costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.dml import ValuesBase

from surveyapp.store.statement_clock import watched

_AT_ONCE = 32  # rows of an insert; up to as many texts of it are kept


class DatabaseConnection(Protocol):
    """What leads to the database: a SQLAlchemy connection, or a ``Glance``."""

    @property
    def connection(self) -> Any: ...

    @property
    def dialect(self) -> Dialect: ...


class RawConnection(NamedTuple):
    """A driver's connection in no transaction, to be read from by statements."""

    connection: Any
    dialect: Dialect


def translated(error: Exception, dialect: Dialect, statement: str | None = None) -> BaseException:
    """A driver's error as SQLAlchemy would raise it, but without parameters: they may hold answers."""
    base = dialect.loaded_dbapi.Error
    return DBAPIError.instance(statement, None, error, base, dialect=dialect)


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
        order = compiled.positiontup if compiled.positional else list(compiled.params)
        self._names = order
        # A list of one name would make it give the value instead of a tuple.
        self._chosen = itemgetter(*order) if len(order) > 1 else None
        self._processed = [(at, p) for at, name in enumerate(order) if (p := processors[name])]
        self._positional: bool = compiled.positional

    def run(self, at: DatabaseConnection, row: Mapping[str, Any]) -> None:
        """Execute it once."""
        self._executed(at, self._bound(row)).close()

    def scalar(self, at: DatabaseConnection, row: Mapping[str, Any]) -> Any:
        """The first value of the only row that it returns; None when it returns none."""
        rows = self.rows(at, row)
        return rows[0][0] if rows else None

    def rows(self, at: DatabaseConnection, row: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """What it selects or returns."""
        cursor = self._executed(at, self._bound(row))
        rows = list(cursor.fetchall())
        cursor.close()
        return rows

    def _executed(self, at: DatabaseConnection, bound: Any, text: str = "") -> Any:
        text = text or self._text
        cursor = at.connection.cursor()
        try:
            with watched(at.dialect.name, text):
                cursor.execute(text, bound)
        except at.dialect.loaded_dbapi.Error as error:
            cursor.close()
            raise translated(error, at.dialect, text) from error
        return cursor

    def _bound(self, row: Mapping[str, Any]) -> Any:
        values = {**self._constants, **row} if self._constants else row
        bound = list(self._chosen(values)) if self._chosen else [values[n] for n in self._names]
        for at, processor in self._processed:
            bound[at] = processor(bound[at])
        return bound if self._positional else dict(zip(self._names, bound, strict=True))


class Insertion(Statement):
    """An insert of rows, some dozens of them in one go.

    A driver lets go of the interpreter at each row of an ``executemany``; where other threads wait for
    it, taking it back costs more than the row.
    """

    def __init__(
        self, clause: ValuesBase, dialect: Dialect, *, columns: Sequence[str] | None = None
    ) -> None:
        super().__init__(clause, dialect, columns=columns)
        self._clause, self._dialect = clause, dialect
        self._texts: dict[int, str] = {}

    def run_all(self, at: DatabaseConnection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert all rows, in their order."""
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            bound = self._bound_all(some)
            if self._positional:
                values: Any = [value for each in bound for value in each]
            else:
                values = {f"{n}_m{k}": each[n] for k, each in enumerate(bound) for n in each}
            self._executed(at, values, self._text_of(len(some))).close()

    def run_values(self, at: DatabaseConnection, rows: Sequence[Sequence[Any]]) -> None:
        """Insert all rows: values in the order of the table's columns, to be told apart by hashing. For
        the rollups of an answer this takes half of what mappings take.
        """
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            values = [value for row in some for value in row]
            for place, processor in self._processed:
                known: dict[Any, Any] = {}
                for each in range(place, len(values), len(self._names)):
                    value = values[each]
                    if value not in known:
                        known[value] = processor(value)
                    values[each] = known[value]
            text = self._text_of(len(some))
            if self._positional:
                self._executed(at, values, text).close()
            else:
                names = (f"{name}_m{k}" for k in range(len(some)) for name in self._names)
                self._executed(at, dict(zip(names, values, strict=True)), text).close()

    def _bound_all(self, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """The parameters of rows; a value that the row before has, too, is prepared once: of an import
        each row has the same documents but its answers.
        """
        if not self._chosen or not self._positional or self._constants:
            return [self._bound(row) for row in rows]
        bound = [list(self._chosen(row)) for row in rows]
        for at, processor in self._processed:
            given, made = object(), None
            for values in bound:
                if values[at] is not given:
                    given = values[at]
                    made = processor(given)
                values[at] = made
        return bound

    def _text_of(self, count: int) -> str:
        """The insert of so many rows; its parameters are named as SQLAlchemy names them."""
        if count not in self._texts:
            blank = dict.fromkeys(self._names)
            several = self._clause.values([blank] * count)
            self._texts[count] = str(several.compile(dialect=self._dialect))
        return self._texts[count]
