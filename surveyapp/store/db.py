"""The engine, and the unit of work: one session, one transaction, opened by a door."""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from surveyapp.store import private
from surveyapp.store.json_text import read_json
from surveyapp.store.keyring import Keyring, attach
from surveyapp.store.poolers import is_pooled, prepare_nothing_through_poolers
from surveyapp.store.replica import CONNECT_SECONDS, Replica, ReplicaLost
from surveyapp.store.statement_clock import is_watching
from surveyapp.store.statements import DatabaseConnection, RawConnection, translated
from surveyapp.store.watched_statements import watch_statements

MOVED = (
    ".moved"  # the end of the name that a database gets when everything in it has gone elsewhere
)
LOCK_SECONDS = 30  # for somebody else's lock: commands and jobs have the time
_GIVE_WAY_SECONDS = 0.12
_TRY_AGAIN_SECONDS = 0.003  # of a customer's write for somebody else's lock on SQLite
_FRESH_SECONDS = 0.5  # after which a connection is asked whether the server is still there
MOST_CONNECTIONS = 32  # of a process; who comes then waits as long as for a lock
_OPEN = 8  # of them stay open
_MOST_KEPT = 12  # of the pool's connections: threads beyond count on the others for their pages
# Pages of the log at which a customer's commit copies them into the database. Everybody else does so at a
# thousand, SQLite's own number, so that customers find little to copy.
_CUSTOMERS_LOG = 4000
_BEGIN_UNAWAITED = "BEGIN; SET LOCAL synchronous_commit TO off"
# An error's text must not carry answers or hashes into a log, hence hide_parameters.
# Documents are read by a faster library, but written by Python's own: the text of what is stored and
# the fingerprints made of it stay what they were.
_POOL: dict[str, Any] = {
    "pool_size": _OPEN,
    "max_overflow": MOST_CONNECTIONS - _OPEN,
    "hide_parameters": True,
    "json_deserializer": read_json,
}


def make_engine(url: str, lock_seconds: int = LOCK_SECONDS) -> Engine:
    """An engine for SQLite (WAL, foreign keys, synchronous=FULL) or PostgreSQL.

    A transaction that waits for somebody else's lock for longer than ``lock_seconds`` fails with an
    OperationalError; so does a connection to a server that does not answer. With SQLAlchemy's TimeoutError
    fails who has waited for so long because every connection of the engine is in use.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return _server_engine(parsed, lock_seconds)
    if parsed.database and parsed.database != ":memory:":
        _make_private(Path(parsed.database))
    # isolation_level None hands BEGIN to us: sqlite3 would begin at the first write only, too
    # late for a consistent read before it.
    engine = create_engine(
        parsed,
        connect_args={"timeout": lock_seconds, "isolation_level": None},
        pool_timeout=lock_seconds,
        **_POOL,
    )
    event.listen(engine, "connect", _pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _server_engine(url: URL, lock_seconds: int) -> Engine:
    if "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": str(lock_seconds)})
    engine = create_engine(url, pool_pre_ping=True, pool_timeout=lock_seconds, **_POOL)
    event.listen(engine, "connect", prepare_nothing_through_poolers)
    if "lock_timeout" in str(url.query.get("options", "")):
        return engine

    # A statement, and no option of the connection: poolers between us and the server refuse those.
    def limited(connection: Any, _record: Any) -> None:
        if is_pooled(
            connection
        ):  # it would stay with the server's connection, for whoever gets that next
            return
        connection.execute(f"SET {_limit(lock_seconds)}")
        connection.commit()

    def limited_each(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        if is_pooled(driver) and not driver.autocommit:  # type: ignore[union-attr]
            driver.execute(f"SET LOCAL {_limit(lock_seconds)}")  # type: ignore[union-attr]

    event.listen(engine, "connect", limited)
    event.listen(engine, "begin", limited_each)
    return engine


def _limit(lock_seconds: int) -> str:
    return f"lock_timeout = '{lock_seconds}s'"


def _make_private(database: Path) -> None:
    """The file with what SQLite keeps beside it, closed to others; its folder only if it is made here.

    What cannot be a database is told by the first query.
    """
    if database.is_dir():
        return
    if not database.parent.exists():
        private.make_folder(database.parent)
    private.make_file(database)
    beside = (database.with_name(f"{database.name}-{end}") for end in ("wal", "shm"))
    private.close_to_others(path for path in beside if path.exists())


def _pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",  # an acknowledged answer is on the disk, not in its cache
        "foreign_keys = ON",
        "secure_delete = ON",  # what is erased is overwritten, too
        "cache_size = -32768",
        "temp_store = MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A deferred transaction that reads, then writes after someone else wrote, fails at once
    # however long the timeout; a writer therefore takes its place in the queue from the start.
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.connection.cursor().execute(f"BEGIN {mode}")


# What was read in a session's one snapshot, by whoever reads it again; absent in one that writes.
_SNAPSHOT = "snapshot"
_Read = TypeVar("_Read")
_FROM_REPLICA: ContextVar[bool] = ContextVar("from_replica", default=False)


def read_once(session: Session, key: Hashable, read: Callable[[], _Read]) -> _Read:
    """What ``read`` returns, called once for a key in a session that reads: all it sees is one snapshot.

    One that writes calls it each time. Whoever reads the value must not change it.
    """
    kept: dict[Hashable, _Read] | None = session.info.get(_SNAPSHOT)
    if kept is None:
        return read()
    if key not in kept:
        kept[key] = read()
    return kept[key]


def is_read(session: Session, key: Hashable) -> bool:
    """Whether ``read_once`` has a value of this key already."""
    return key in session.info.get(_SNAPSHOT, {})


class _Kept(NamedTuple):
    """A connection in which nothing is begun, and when it was used last."""

    connection: PoolProxiedConnection
    since: float


class Store:
    """The database as doors see it: transactions to read in and transactions to write in."""

    def __init__(
        self,
        url: str,
        lock_seconds: int = LOCK_SECONDS,
        *,
        master_key: str | None = None,
        read_url: str = "",
        most_lag: float = 0.0,
    ) -> None:
        """Names and addresses can be read and written with the ``master_key`` only. ``read_url`` is that of
        a replica, which is read from where it is asked for and no further than ``most_lag`` seconds behind.
        """
        self.engine = make_engine(url, lock_seconds)
        self._lock_seconds = lock_seconds
        self.replica: Replica | None = None
        if read_url:
            self.replica = Replica(make_engine(read_url, CONNECT_SECONDS), self.engine, most_lag)
        self.keyring = Keyring(master_key, self.engine) if master_key is not None else None
        if is_watching():
            for engine in (self.engine, *([self.replica.engine] if self.replica else ())):
                watch_statements(engine)
        if self.keyring is not None:
            attach(self.engine, self.keyring)
            if self.replica is not None:
                attach(self.replica.engine, self.keyring)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        # Kept from one use to the next.
        self._readers: deque[_Kept] = deque()
        self._writers: deque[_Kept] = deque() if self.is_sqlite else self._readers

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction that writes: committed at the end, rolled back by any exception."""
        _FROM_REPLICA.set(False)  # what is read after it has to show it
        with self._sessions() as session, session.begin():
            if self.is_sqlite:
                session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
            yield session

    @contextmanager
    def writing_rows(self, *, waits_for_disk: bool = True) -> Iterator[DatabaseConnection]:
        """``writing`` by a ``Statement`` alone, for what a customer waits for: a session costs as much
        again as storing an answer. On SQLite it comes before others who wait for the lock: it tries every
        few milliseconds where they sleep for up to 100.

        What nobody has been promised, as that a link was opened, need not wait for the disk: PostgreSQL
        commits it at once, and writes it with the next commit that waits or within a second. Only the
        end of the database's server between the two loses it.
        """
        with self._raw(self._writers) as connection:
            if self.is_sqlite:
                self._begin_before_others(connection.connection.cursor())
            elif is_pooled(connection.connection):
                connection.connection.cursor().execute(
                    f"BEGIN; SET LOCAL {_limit(self._lock_seconds)}"
                )
            else:
                # One command for the server. LOCAL: a pooler hands the connection on after the commit.
                beginning = "BEGIN" if waits_for_disk else _BEGIN_UNAWAITED
                connection.connection.cursor().execute(beginning, prepare=False)
            yield connection
            connection.connection.commit()  # else what was written is rolled back when it is closed

    def _begin_before_others(self, cursor: Any) -> None:
        deadline = time.monotonic() + self._lock_seconds
        while True:
            try:
                cursor.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY  # of any kind
                if not is_busy or time.monotonic() > deadline:
                    raise
            time.sleep(_TRY_AGAIN_SECONDS)

    def give_way(self, free_for: float = 0.0) -> None:
        """Let others write, between two transactions of somebody who writes many in a row and has
        written nothing for ``free_for`` seconds already.

        SQLite keeps no queue: who waits sleeps for up to 100 ms and tries again, and meanwhile whoever
        has just written begins the next transaction. A longer pause gives everybody one try at least.
        PostgreSQL has a queue.
        """
        if self.is_sqlite:
            time.sleep(max(0.0, _GIVE_WAY_SECONDS - free_for))

    @contextmanager
    def reading(self, *, may_use_replica: bool = True) -> Iterator[Session]:
        """One snapshot: every query sees what was committed when the first one ran, so that a total and
        its parts agree. Whatever was changed by mistake is rolled back.

        Inside ``reading_replica`` it is the replica's unless told otherwise, and raises ReplicaLost where
        that fails.
        """
        replica = self.replica if may_use_replica and _FROM_REPLICA.get() else None
        if replica is None:
            with self._reading(self._sessions) as session:
                yield session
            return
        try:
            with self._reading(replica.sessions) as session:
                yield session
        except DBAPIError as error:
            replica.lost(error)
            raise ReplicaLost from error

    @contextmanager
    def _reading(self, sessions: sessionmaker[Session]) -> Iterator[Session]:
        with sessions() as session:
            if not self.is_sqlite:  # there each statement would see another moment
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            session.info[_SNAPSHOT] = {}
            yield session

    @contextmanager
    def reading_replica(self, position: int) -> Iterator[bool]:
        """Let ``reading`` of this thread read from the replica, where there is one that has everything up to
        this ``position`` of the primary, until something is written; whether it may.
        """
        may = self.replica is not None and self.replica.may_show(position)
        before = _FROM_REPLICA.set(may)
        try:
            yield may
        finally:
            _FROM_REPLICA.reset(before)

    def raw_connection(self) -> AbstractContextManager[RawConnection]:
        """For single reads by a ``Statement``: each sees what is committed at its moment. Opening a
        connection of SQLAlchemy's takes longer than reading the row behind a link.
        """
        return self._raw(self._readers)

    @contextmanager
    def _raw(self, kept: deque[_Kept]) -> Iterator[RawConnection]:
        dialect = self.engine.dialect
        try:
            opened = self._unused(kept) or self._opened(kept)
            try:
                # The driver's own: each cursor of the pool's goes through it once more.
                yield RawConnection(opened.driver_connection, dialect)
            except BaseException:
                opened.invalidate()  # whatever was begun in it ends with it
                self._doubt(kept)
                raise
            self._keep(kept, opened)
        except dialect.loaded_dbapi.Error as error:
            raise translated(error, dialect) from error

    def _opened(self, kept: deque[_Kept]) -> PoolProxiedConnection:
        opened = self.engine.raw_connection()
        if not self.is_sqlite:
            # Nothing is begun for a single read, hence nothing rolled back after it: a rollback makes
            # the driver forget what it has prepared, and the server plan each statement anew, which
            # takes it five times as long as to look up what is behind a link.
            opened.driver_connection.autocommit = True  # type: ignore[union-attr]
        elif kept is self._writers:
            cursor = opened.cursor()
            cursor.execute(f"PRAGMA wal_autocheckpoint = {_CUSTOMERS_LOG}")
            cursor.execute("PRAGMA busy_timeout = 0")
        return opened

    def _unused(self, kept: deque[_Kept]) -> PoolProxiedConnection | None:
        """One that is kept and has not gone away; None where there is none."""
        while True:
            try:
                opened, since = kept.pop()
            except IndexError:
                return None
            if self.is_sqlite or time.monotonic() - since < _FRESH_SECONDS or self._answers(opened):
                return opened
            opened.invalidate()

    def _keep(self, kept: deque[_Kept], opened: PoolProxiedConnection) -> None:
        if len(kept) < _MOST_KEPT:
            kept.append(_Kept(opened, time.monotonic()))
        elif self.is_sqlite:
            opened.invalidate()  # a session is to know nothing of what was set for customers
        else:
            opened.driver_connection.autocommit = False  # type: ignore[union-attr]
            opened.close()

    def _doubt(self, kept: deque[_Kept]) -> None:
        """Let every kept connection be asked before its next use: what ended one may have ended all."""
        for _ in range(len(kept)):
            try:
                opened, _since = kept.popleft()
            except IndexError:  # others use them meanwhile
                return
            kept.append(_Kept(opened, -_FRESH_SECONDS))

    def _answers(self, opened: PoolProxiedConnection) -> bool:
        try:
            return self.engine.dialect.do_ping(opened.driver_connection)  # type: ignore[arg-type]
        except self.engine.dialect.loaded_dbapi.Error:
            return False

    def close(self) -> None:
        for kept in (self._readers, self._writers):
            while kept:
                kept.pop().connection.invalidate()
        self.engine.dispose()
        if self.replica is not None:
            self.replica.engine.dispose()
