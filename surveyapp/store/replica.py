"""A read replica: how far behind the primary it is, and whether it may be read from.

Lag is measured by positions in the write-ahead log, which any user may ask for: the primary's is noted
every second, and the replica is as far behind as the newest noted position that it has replayed is
old. A replica that has lost its primary believes itself up to date; measured this way it falls behind.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock, Thread
from time import monotonic, sleep

from sqlalchemy import Engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import sessionmaker

log = logging.getLogger(__name__)

CONNECT_SECONDS = 2  # a page waits no longer for a replica that is gone
_LOOK_SECONDS = 1.0
_STALE_SECONDS = 10.0  # after which what was seen of the replica is no longer believed
_NOTED = 3600  # positions: an hour's
_SERVER = "(SELECT system_identifier FROM pg_control_system())"
_AT_PRIMARY = text(f"SELECT {_SERVER}, pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
_AT_REPLICA = text(
    f"SELECT {_SERVER}, CASE WHEN pg_is_in_recovery()"
    " THEN pg_last_wal_replay_lsn() - '0/0'::pg_lsn END"
)


class ReplicaLost(Exception):
    """The replica broke off, or cannot do what was asked: to be asked of the primary."""


class _Unfit(Exception):
    """Why the replica cannot be read from, as the rest of a sentence."""


@dataclass(frozen=True)
class ReplicaState:
    """The replica as it was seen last. ``lag`` in seconds, None where it is not known; ``fault`` says why
    pages do not read from it, and is empty where they do.
    """

    place: str
    lag: float | None
    fault: str


class Replica:
    """The replica behind ``engine`` of the server behind ``primary``; at most ``most_lag`` seconds behind it
    is read from.
    """

    def __init__(
        self,
        engine: Engine,
        primary: Engine,
        most_lag: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.engine = engine
        self.sessions = sessionmaker(engine, expire_on_commit=False)
        self._primary, self._most_lag, self._clock = primary, most_lag, clock
        self._lock = Lock()
        self._noted: deque[tuple[float, int]] = deque(maxlen=_NOTED)  # (moment, position)
        self._replayed = 0
        self._lag: float | None = None
        self._fault = "it has not been looked at yet"
        self._looked_at = 0.0
        self._is_watched = False

    def watch(self) -> None:
        """Look at it every second from now on, until the process ends."""
        with self._lock:
            begins, self._is_watched = not self._is_watched, True
        if begins:
            Thread(target=self._watch, name="replica", daemon=True).start()

    def _watch(self) -> None:
        while True:
            self.look()
            sleep(_LOOK_SECONDS)

    def look(self) -> ReplicaState:
        """Ask both servers where they are."""
        lag, fault = None, ""
        try:
            server, position = self._asked_of(self._primary)
            self._noted.append((self._clock(), position))
            lag = self._lag_behind(server)
            if lag is None or lag > self._most_lag:
                fault = f"it is more than {self._most_lag:.0f} seconds behind"
        except _Unfit as error:
            fault = str(error)
        except SQLAlchemyError as error:
            fault = f"it does not respond: {type(error).__name__}"
        if fault != self._fault:
            log.warning("the read replica: %s", fault or "pages read from it")
        self._lag, self._fault, self._looked_at = lag, fault, self._clock()
        return self.state()

    def state(self) -> ReplicaState:
        """What was seen last."""
        fault = self._fault
        if not fault and self._clock() - self._looked_at > _STALE_SECONDS:
            fault = "nothing has been heard of it lately"
        return ReplicaState(_place(self.engine.url), self._lag, fault)

    def may_show(self, position: int) -> bool:
        """Whether it may be read from, and has everything that was written up to this position."""
        return not self.state().fault and self._replayed >= position

    def lost(self, error: Exception) -> None:
        """Read from it no more until it has been looked at again."""
        self._fault = f"it broke off: {type(error).__name__}"
        log.warning("the read replica: %s", self._fault)

    def _lag_behind(self, server: int) -> float | None:
        with self.engine.connect() as connection:
            theirs, replayed = connection.execute(_AT_REPLICA).one()
        if theirs != server:
            raise _Unfit("it is of another server than the primary")
        if replayed is None:
            raise _Unfit("it is no hot standby, and takes writes of its own")
        self._replayed = int(replayed)
        newest = self._noted[-1]
        if self._replayed >= newest[1]:
            return 0.0
        seen = [moment for moment, position in self._noted if position <= self._replayed]
        return self._clock() - seen[-1] if seen else None

    def _asked_of(self, primary: Engine) -> tuple[int, int]:
        try:
            with primary.connect() as connection:
                server, position = connection.execute(_AT_PRIMARY).one()
        except SQLAlchemyError as error:
            raise _Unfit(f"the primary does not respond: {type(error).__name__}") from error
        return int(server), int(position)


def _place(url: URL) -> str:
    """Host, port and database: neither user nor password, and no options."""
    host = url.host or str(url.query.get("host", "localhost"))
    return f"{host}{f':{url.port}' if url.port else ''}/{url.database}"


def position_of(primary: Engine) -> int:
    """Where the primary's write-ahead log is now: everything that is committed lies before it."""
    with primary.connect() as connection:
        return int(connection.execute(_AT_PRIMARY).one()[1])
