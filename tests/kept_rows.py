"""The rows that a fixture writes, made once and copied into the next empty database."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import psycopg

from surveyapp.installation import Installation
from surveyapp.store.models import Base

OLDEST_SECONDS = 300  # rows hold the moment they were written at, which tests take for the present
_TABLES = tuple(each.name for each in Base.metadata.sorted_tables)
_WRITTEN_BY_MIGRATIONS = {"counters", "rollup_facets"}
_SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences"
Made = TypeVar("Made")


@dataclass(frozen=True)
class Kept(Generic[Made]):
    """What was made, the rows that it wrote by their tables, and its files."""

    made: Made
    before: dict[str, Any]
    rows: dict[str, Any]
    numbers: list[tuple[str, int]]  # the last ids
    files: Path
    written: float


class KeptRows(Generic[Made]):
    """Calls ``make`` for the first database of each kind and copies what it wrote into all others.

    A database whose tables are not as ``make`` found them is filled by ``make``.
    """

    def __init__(self, make: Callable[[Installation], Made], folder: Path) -> None:
        self._make, self._folder = make, folder
        self._kept: dict[bool, Kept[Made]] = {}

    def fill(self, installation: Installation) -> Made:
        kept = self._kept.get(installation.store.is_sqlite)
        if kept is None or time.monotonic() - kept.written > OLDEST_SECONDS:
            kept = self._first(installation)
            if {name for name, rows in kept.before.items() if rows} <= _WRITTEN_BY_MIGRATIONS:
                self._kept[installation.store.is_sqlite] = kept
            return kept.made
        with _database(installation) as database:
            is_same = _is_as(database, kept.before)
            if is_same:
                database.write(kept)
        if not is_same:
            return self._make(installation)
        if kept.files.exists():
            shutil.copytree(kept.files, installation.settings.files_path, dirs_exist_ok=True)
        return kept.made

    def _first(self, installation: Installation) -> Kept[Made]:
        with _database(installation) as database:
            before = {name: database.read(name) for name in _TABLES}
        made = self._make(installation)
        with _database(installation) as database:
            after = {name: database.read(name) for name in _TABLES}
            numbers = database.numbers()
        changed = {name: rows for name, rows in after.items() if rows != before[name]}
        before = {name: before[name] for name in changed}
        files = self._folder / str(time.monotonic_ns())
        if installation.settings.files_path.exists():
            shutil.copytree(installation.settings.files_path, files)
        return Kept(made, before, changed, numbers, files, time.monotonic())


@contextmanager
def _database(installation: Installation) -> Iterator[_Sqlite | _Postgresql]:
    engine = installation.store.engine
    if installation.store.is_sqlite:
        with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as connection:
            yield _Sqlite(connection)
    else:
        with engine.connect() as opened:
            connection = opened.connection.driver_connection
            assert isinstance(connection, psycopg.Connection)
            yield _Postgresql(connection)
            connection.commit()


def _are_filled(tables: Iterable[str]) -> str:
    exist = (f"EXISTS (SELECT 1 FROM {name})" for name in tables)  # noqa: S608
    return f"SELECT {' OR '.join(exist)}"


def _is_as(database: _Sqlite | _Postgresql, before: dict[str, Any]) -> bool:
    (is_filled,) = database.one(_are_filled(name for name, rows in before.items() if not rows))
    return not is_filled and all(
        database.read(name) == rows for name, rows in before.items() if rows
    )


@dataclass(frozen=True)
class _Sqlite:
    connection: sqlite3.Connection

    def one(self, query: str) -> Any:
        return self.connection.execute(query).fetchone()

    def read(self, table: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608

    def numbers(self) -> list[tuple[str, int]]:
        return self.connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall()

    def write(self, kept: Kept[Any]) -> None:
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.execute("BEGIN IMMEDIATE")
        for table, values in kept.rows.items():
            holders = ", ".join("?" * len(values[0]))
            if kept.before[table]:
                self.connection.execute(f"DELETE FROM {table}")  # noqa: S608
            self.connection.executemany(f"INSERT INTO {table} VALUES ({holders})", values)  # noqa: S608
        self.connection.execute("DELETE FROM sqlite_sequence")
        self.connection.executemany("INSERT INTO sqlite_sequence VALUES (?, ?)", kept.numbers)
        self.connection.execute("COMMIT")


@dataclass(frozen=True)
class _Postgresql:
    connection: psycopg.Connection

    def one(self, query: str) -> Any:
        return self.connection.execute(query.encode()).fetchone()

    def read(self, table: str) -> bytes:
        with self.connection.cursor().copy(
            f"COPY (SELECT * FROM {table}) TO STDOUT".encode()  # noqa: S608
        ) as copy:
            return b"".join(bytes(each) for each in copy)

    def numbers(self) -> list[tuple[str, int]]:
        return self.connection.execute(
            f"{_SEQUENCES} WHERE last_value IS NOT NULL".encode()
        ).fetchall()

    def write(self, kept: Kept[Any]) -> None:
        self.connection.execute("SET LOCAL session_replication_role = replica")  # in any order
        for table, values in kept.rows.items():
            if kept.before[table]:
                self.connection.execute(f"DELETE FROM {table}".encode())  # noqa: S608
            with self.connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
                copy.write(values)
        self.connection.execute(
            "; ".join(f"SELECT setval('{name}', {last})" for name, last in kept.numbers).encode()
        )
