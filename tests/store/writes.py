"""What transactions write: counted on the real database, as they are committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from surveyapp.store.db import Store


@contextmanager
def counted_writes(store: Store) -> Iterator[list[int]]:
    """How many rows each transaction has written, in the order of their commits; those that wrote
    nothing are left out.

    SQLite tells itself; PostgreSQL tells statement by statement, and those that go to the driver past
    SQLAlchemy are not seen.
    """
    finished: list[int] = []
    begun: dict[int, int] = {}  # SQLite's count at the beginning, by connection
    written = 0

    def began(connection: Any) -> None:
        nonlocal written
        written = 0
        driver = connection.connection.dbapi_connection
        begun[id(driver)] = getattr(driver, "total_changes", 0)

    def executed(_conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        nonlocal written
        if statement.split(maxsplit=1)[0].upper() in {"INSERT", "UPDATE", "DELETE"}:
            written += max(0, cursor.rowcount)

    def committed(connection: Any) -> None:
        driver = connection.connection.dbapi_connection
        count = driver.total_changes - begun[id(driver)] if store.is_sqlite else written
        if count:
            finished.append(count)

    listeners = {"begin": began, "after_cursor_execute": executed, "commit": committed}
    for name, listener in listeners.items():
        event.listen(store.engine, name, listener)
    try:
        yield finished
    finally:
        for name, listener in listeners.items():
            event.remove(store.engine, name, listener)
