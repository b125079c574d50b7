"""Poolers such as PgBouncer, which give each transaction another of the server's connections.

What is set, prepared or listened for outside of a transaction would stay with that connection, for
whoever gets it next.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine

_TRIES = 5  # somebody else may take the connection that was given back, and give it back in time
_SERVING = "SELECT pg_backend_pid()"


def prepare_nothing_through_poolers(connection: Any, _record: Any) -> None:
    """A pooler is told by the number of the process that serves us: it names one of its own. What was
    prepared before may not be there.
    """
    serving = connection.execute(_SERVING).fetchone()[0]
    connection.commit()
    if serving != connection.info.backend_pid:
        connection.prepare_threshold = None


def is_pooled(connection: Any) -> bool:
    """Whether a connection of psycopg's that was looked at when it was made leads to a pooler."""
    return connection.prepare_threshold is None


def has_pooler(engine: Engine) -> bool:
    """Whether the engine's connections to PostgreSQL lead to a pooler, of whatever mode."""
    with engine.connect() as connection:
        return is_pooled(connection.connection.driver_connection)


def pools_transactions(engine: Engine) -> bool:
    """Whether a pooler gives each transaction another connection: not one in session mode."""
    if not has_pooler(engine):
        return False
    with engine.connect() as asking, engine.connect() as holding:
        for _ in range(_TRIES):
            before = _process(asking)
            asking.rollback()
            _process(holding)  # in a transaction that keeps what was given back
            after = _process(asking)
            asking.rollback()
            holding.rollback()
            if after != before:
                return True
    return False


def waits_without_limit(engine: Engine) -> bool:
    """Whether what is read outside of a transaction waits for ever for somebody else's lock: a limit that
    we set would stay with the server's connection.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return bool(connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "0")


def _process(connection: Connection) -> int:
    return int(connection.exec_driver_sql(_SERVING).scalar_one())
