"""The numbers of responses: consecutive, and random where order would tell on somebody.

Other programs page through a survey by number. So no number is given twice, and a reader is told
how far it may go: below that point no response can become visible any more.
"""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, func, literal_column, select, text
from sqlalchemy.orm import Session

from surveyapp.store.counters import take
from surveyapp.store.models import Response
from surveyapp.store.statements import DatabaseConnection, Statement

_COUNTER = "responses"
# Consecutive numbers lie below, random ones from here to 2**53, which a JSON reader still keeps.
_BORDER = 2**52
# PostgreSQL gives numbers before it commits. A transaction that will take some holds a lock that
# stops nobody and is called by the last number given before: whatever it inserts is higher.
_LOCKS = 0x5A31
_BITS = 40
_LAST = "last_value - (NOT is_called)::int"
_ANNOUNCE = (
    f"SELECT pg_advisory_xact_lock_shared({_LOCKS << _BITS} + {_LAST}) FROM responses_id_seq"  # noqa: S608
)
_GIVEN = text(f"SELECT {_LAST} FROM responses_id_seq")  # noqa: S608 - our own words
_ANNOUNCED = text(
    f"SELECT min(key & {(1 << _BITS) - 1}) FROM ("  # noqa: S608 - our own numbers
    " SELECT (classid::bigint << 32) | objid::bigint AS key FROM pg_locks"
    " WHERE locktype = 'advisory' AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    f") AS held WHERE key >> {_BITS} = {_LOCKS}"
)
_NEXT = text("SELECT nextval('responses_id_seq') FROM generate_series(1, :count)")


def announce(at: DatabaseConnection, count: int) -> list[int]:
    """Called before a transaction inserts ``count`` consecutive responses: their numbers.

    None on PostgreSQL, whose sequence numbers them as they are inserted.
    """
    if at.dialect.name != "sqlite":
        _announcing(at.dialect).run(at, {})
    return counted_up(at, count)


def counted_up(at: DatabaseConnection, count: int) -> list[int]:
    """The numbers alone, for whoever has announced them by ``announcing``."""
    if at.dialect.name != "sqlite":
        return []
    last = take(at, _COUNTER, count)
    return list(range(last - count + 1, last + 1))


def announcing(dialect: Dialect) -> list[ColumnElement[Any]]:
    """What announces as the last column of a query, which saves a statement; none on SQLite."""
    return [] if dialect.name == "sqlite" else [literal_column(f"({_ANNOUNCE})")]


@lru_cache(maxsize=8)
def _announcing(dialect: Dialect) -> Statement:
    return Statement(text(_ANNOUNCE), dialect)


def allocate(connection: Connection, count: int, *, anonymous: bool) -> list[int]:
    """``count`` unused numbers for this transaction's responses.

    An anonymous survey's responses get random ones, so that their order says nothing about who
    answered when. The others are consecutive, because a database appends cheaply and inserts dearly.
    """
    if anonymous:
        return [random_number() for _ in range(count)]
    numbers = announce(connection, count)
    return numbers or list(connection.execute(_NEXT, {"count": count}).scalars())


def random_number() -> int:
    """A number for one anonymous response."""
    return _BORDER + secrets.randbelow(_BORDER)


def settled(connection: Connection) -> int:
    """The number up to which every consecutive response is visible to whoever looks from now on.

    For a reader who looks in a transaction begun afterwards.
    """
    if connection.dialect.name == "sqlite":  # one transaction after the other gives numbers
        return _BORDER
    # In this order: who is not seen to hold a lock yet will take numbers after those given by now.
    given = int(connection.execute(_GIVEN).scalar_one())
    announced = connection.execute(_ANNOUNCED).scalar_one()
    return given if announced is None else min(given, int(announced))


def newest(session: Session) -> int:
    """The highest consecutive number that is visible; 0 where there is none."""
    return session.scalar(select(func.max(Response.id)).where(Response.id < _BORDER)) or 0


def newer_than(number: int) -> ColumnElement[bool]:
    """What holds for responses with a higher consecutive number."""
    return (Response.id > number) & (Response.id < _BORDER)
