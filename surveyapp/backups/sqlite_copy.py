"""An SQLite database copied while others write to it, checked, and put back.

The copy is one of all pages at one moment (SQLite's backup API in a single step): in WAL mode a
reader keeps nobody from writing, and smaller steps would begin anew at each write of somebody else.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from surveyapp.backups.manifest import TableContent
from surveyapp.backups.snapshot import NAMED_FILES, SCHEMA, Snapshot
from surveyapp.errors import Damaged
from surveyapp.store import private

FILE = "database.sqlite3"
_LOCK_SECONDS = 30
_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    " ORDER BY name"
)


def copy(database: Path, to: Path) -> Snapshot:
    """Copy the database into a new file, which needs no log beside it; what it holds."""
    private.make_file(to)
    with (
        closing(sqlite3.connect(database, timeout=_LOCK_SECONDS)) as source,
        closing(sqlite3.connect(to)) as target,
    ):
        target.execute("PRAGMA synchronous = OFF")  # written through once, at the end
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    sync(to)
    with _opened(to) as connection:
        return Snapshot(
            schema=connection.execute(SCHEMA).fetchone()[0],
            database_version=sqlite3.sqlite_version,
            tables=_tables(connection),
            files={row[0]: (row[1], row[2]) for row in connection.execute(NAMED_FILES)},
        )


def check(path: Path, tables: Mapping[str, TableContent]) -> None:
    """Raise Damaged unless the copy is whole, its references lead somewhere and it has these rows."""
    with _opened(path) as connection:
        try:
            said = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if said != "ok":
                raise Damaged(f"{path} is damaged: {said}")
            lost = connection.execute("PRAGMA foreign_key_check").fetchone()
            if lost is not None:
                raise Damaged(f"{path}: a row of {lost[0]} refers to one of {lost[2]} that is gone")
            found = _tables(connection)
        except sqlite3.DatabaseError as error:
            raise Damaged(f"{path} is damaged: {error}") from error
    if found != tables:
        raise Damaged(f"{path} has other rows than its manifest says")


def sync(path: Path) -> None:
    """Have what was written to the file on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Read a copy, and make neither a log nor a lock beside it."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        yield connection


def _tables(connection: sqlite3.Connection) -> dict[str, TableContent]:
    names = [row[0] for row in connection.execute(_TABLES)]
    counted = (f'SELECT count(*) FROM "{name}"' for name in names)  # noqa: S608 - its own tables
    rows = (connection.execute(statement).fetchone()[0] for statement in counted)
    return {name: TableContent(count) for name, count in zip(names, rows, strict=True)}
