"""What a database's files still hold of values that were encrypted, or of keys that were destroyed.

A changed row's old bytes stay in the file until its page is written anew, and in the write-ahead log.
An upgrade that encrypts plain rows notes in ``counters`` that they are to be overwritten.
"""

from __future__ import annotations

import logging

from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from surveyapp.store.models import Counter
from surveyapp.store.statements import translated

log = logging.getLogger(__name__)

NOTE = "plain copies"
_NOTED = select(Counter.value).where(Counter.name == NOTE)
# The tables that the upgrade to encryption changes.
TABLES = (
    *("alerts", "case_notes", "comment_originals", "contacts", "draw_entries", "erasures"),
    "outgoing_messages",
)


def left(session: Session) -> bool:
    """Whether plain copies may be left of what was encrypted."""
    return session.scalar(_NOTED) is not None


def remove_noted(engine: Engine) -> None:
    """``remove`` them if an upgrade has noted them. Where that cannot be, the note stays, and is logged."""
    with engine.connect() as connection:
        noted = connection.scalar(_NOTED) is not None
    if noted:
        try:
            remove(engine)
        except SQLAlchemyError as error:
            log.warning(
                "Plain copies of encrypted names and addresses may be left in freed pages (%s);"
                " `surveyapp encryption clean` tries again.",
                str(error).partition("\n")[0],
            )


def remove(engine: Engine) -> None:
    """Write the database's pages anew without what is not used any more. Nobody else can write meanwhile.

    Raises SQLAlchemyError: a disk without room for a copy, somebody else's lock.
    """
    if engine.dialect.name == "sqlite":
        _outside_transactions(engine, "VACUUM")
    else:
        _outside_transactions(engine, f"VACUUM (FULL) {', '.join(TABLES)}")
    with engine.begin() as connection:
        connection.execute(delete(Counter).where(Counter.name == NOTE))
    empty_log(engine)


def empty_log(engine: Engine) -> None:
    """Empty SQLite's write-ahead log as far as nobody reads it. PostgreSQL reuses its own in time."""
    if engine.dialect.name == "sqlite":
        _outside_transactions(engine, "PRAGMA wal_checkpoint(TRUNCATE)")


def _outside_transactions(engine: Engine, statement: str) -> None:
    if engine.dialect.name == "sqlite":
        _by_driver(engine, statement)  # which begins nothing by itself
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)


def _by_driver(engine: Engine, statement: str) -> None:
    opened = engine.raw_connection()
    try:
        opened.cursor().execute(statement)
    except engine.dialect.loaded_dbapi.Error as error:
        raise translated(error, engine.dialect, statement) from error
    finally:
        opened.close()
