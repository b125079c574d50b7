"""One process at a time upgrades a database; the others wait for its end, however long it takes.

Three hosts that start a new version together would otherwise meet in the same migrations: on SQLite
two would fail at once, on PostgreSQL they would fail on tables that are there already.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

log = logging.getLogger(__name__)

_NUMBER = 7_236_412_358_001  # ours among the advisory locks of a database
_WAITING = "Another process is upgrading the database; waiting for its end."
# Whoever upgrades waits for nobody's patience, and the lock's transaction has nothing to do meanwhile.
_PATIENT = (
    "SET LOCAL lock_timeout = 0",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Hold the lock of the engine's database. It goes with the process that holds it."""
    if engine.dialect.name != "sqlite":
        with _by_advisory_lock(engine):
            yield
        return
    database = engine.url.database
    if not database or database == ":memory:":
        yield
        return
    with _by_folder(Path(database).parent):
        yield


@contextmanager
def _by_advisory_lock(engine: Engine) -> Iterator[None]:
    """In a transaction of its own, which a pooler in front keeps on one connection; not a session's lock."""
    with engine.connect() as connection, connection.begin():
        for statement in _PATIENT:
            connection.exec_driver_sql(statement)
        if not connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({_NUMBER})").scalar():
            log.warning(_WAITING)
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_NUMBER})")
        yield


@contextmanager
def _by_folder(folder: Path) -> Iterator[None]:
    """The folder is locked, not the database: closing a file that SQLite has open frees SQLite's locks."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.warning(_WAITING)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
