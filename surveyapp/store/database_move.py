"""Everything that an SQLite database holds, moved into an empty PostgreSQL database.

Values are moved as they are stored: what is encrypted stays under the same keys, and the home folder
with its files, keys and keys of epochs stays where it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    MetaData,
    Table,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeDecorator

from surveyapp.errors import Conflict, Damaged
from surveyapp.store.audit import record
from surveyapp.store.columns import UtcDateTime
from surveyapp.store.db import MOVED, Store
from surveyapp.store.json_text import read_json
from surveyapp.store.models import Base
from surveyapp.store.row_digests import RowDigest
from surveyapp.store.schema import upgrade_in
from surveyapp.store.upgrade_lock import alone

_BATCH = 2_000  # rows held in memory at a time
_LOCK_SECONDS = 2
FILLED_BY_TRIGGERS = ("invitation_changes", "decision_changes")

Progress = Callable[[int, str], None]


def move(source: URL, target: Store, *, progress: Progress) -> dict[str, int]:
    """Move all rows in one transaction and compare them with what has arrived; rows by table.

    The old file then gets another name, so that no process takes answers into it again. Raises Conflict
    where a process has the old database open or the new one has tables, Damaged for rows that PostgreSQL
    refuses or that are not the same there; then nothing has changed.
    """
    with _held(source) as old, alone(target.engine):
        tables = inspect(target.engine).get_table_names()
        if tables:
            raise Conflict(
                f"The target is not empty: it has {len(tables)} tables, such as {tables[0]}. Move into an"
                " empty database."
            )
        with target.engine.begin() as new:
            upgrade_in(new)
            moved = _move_rows(old, new, progress)
            _set_sequences(old, new)
            with Session(new) as session, session.begin():  # within the connection's transaction
                record(session, None, "move database", "from SQLite to PostgreSQL")
    path = Path(str(source.database))
    path.rename(path.with_name(path.name + MOVED))
    return moved


def _move_rows(old: Connection, new: Connection, progress: Progress) -> dict[str, int]:
    tables = _as_stored()
    for table in reversed(tables):  # what the migrations write themselves
        if new.scalar(select(func.count()).select_from(table)):
            new.execute(table.delete())
    counts = {table: old.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
    whole, done = max(1, 2 * sum(counts.values())), 0
    for table in tables:
        sent, arrived = RowDigest(), RowDigest()
        if table.name in FILLED_BY_TRIGGERS:  # for the rows that have been put
            new.execute(table.delete())
        for rows in _batches(old, table):
            _put(new, table, rows)
            sent.add(row.values() for row in rows)
            done += len(rows)
            progress(100 * done // whole, table.name)
        for rows in _batches(new, table):
            arrived.add(row.values() for row in rows)
            done += len(rows)
            progress(100 * done // whole, table.name)
        if sent != arrived:
            raise Damaged(
                f"{table.name}: {sent.rows:,} rows were sent, {arrived.rows:,} arrived, and they are not"
                " the same. Nothing was moved. Tell us, with the versions of SQLite and PostgreSQL."
            )
    return {table.name: count for table, count in counts.items()}


def _put(new: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    try:
        new.execute(insert(table), rows)
    except DBAPIError as error:
        said = getattr(getattr(error.orig, "diag", None), "message_primary", None) or error.orig
        keys = [[row[column.name] for column in table.primary_key] for row in (rows[0], rows[-1])]
        raise Damaged(
            f"{table.name}: PostgreSQL refuses a row between {keys[0]} and {keys[1]}: {said}. Nothing was"
            " moved."
        ) from error


def _batches(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """The table's rows in the order of its key: the order in which they came goes with the old file."""
    ordered = select(table).order_by(*table.primary_key).execution_options(yield_per=_BATCH)
    for rows in connection.execute(ordered).mappings().partitions():
        yield [dict(row) for row in rows]


def _as_stored() -> list[Table]:
    """The tables in the order of their references, those that triggers write to last, without what encrypts
    and decrypts on the way.
    """
    copied = MetaData()
    for table in Base.metadata.sorted_tables:
        for column in table.to_metadata(copied).columns:
            if isinstance(column.type, TypeDecorator) and not isinstance(column.type, UtcDateTime):
                column.type = column.type.impl_instance
    return sorted(copied.sorted_tables, key=lambda table: table.name in FILLED_BY_TRIGGERS)


def _set_sequences(old: Connection, new: Connection) -> None:
    """A number that was given is never given again, also where its row is gone."""
    rows = old.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")
    given: dict[str, int] = {row.name: row.seq for row in rows}
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        last = max(given.get(table.name, 0), old.scalar(select(func.max(column))) or 0)
        if last:
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            new.execute(select(func.setval(sequence, last)))


@contextmanager
def _held(source: URL) -> Iterator[Connection]:
    """The old database, which nobody else can open meanwhile. Raises Conflict where somebody has."""
    engine = _exclusive(source)
    try:
        with engine.connect() as connection:
            yield connection
    except OperationalError as error:
        if not isinstance(error.orig, sqlite3.OperationalError) or "locked" not in str(error.orig):
            raise
        raise Conflict(
            "Another process has the database open. Stop web server and workers first: what they stored"
            " during the move would be lost."
        ) from error
    finally:
        engine.dispose()


def _exclusive(source: URL) -> Engine:
    engine = create_engine(
        source,
        poolclass=NullPool,
        connect_args={"timeout": _LOCK_SECONDS, "isolation_level": None},
        json_deserializer=read_json,
        hide_parameters=True,
    )

    def connected(connection: Any, _record: Any) -> None:
        # Before anything is read, or the log's index would be shared: then others could come in.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine
