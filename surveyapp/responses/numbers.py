"""The numbers of responses: consecutive, and random where order would tell on somebody."""

from __future__ import annotations

import secrets
from typing import Any, cast

from sqlalchemy import Connection, Table, func, select, text

from surveyapp.store.models import Response

_RESPONSES = cast(Table, Response.__table__)
# Consecutive numbers lie below, random ones from here to 2**53, which a JSON reader still keeps.
_BORDER = 2**52
_HIGHEST = select(func.max(_RESPONSES.c.id)).where(_RESPONSES.c.id < _BORDER)
_NEXT_ON_SQLITE = (
    select(func.coalesce(func.max(_RESPONSES.c.id), 0) + 1)
    .where(_RESPONSES.c.id < _BORDER)
    .scalar_subquery()
)
_NEXT = text(
    "SELECT nextval(pg_get_serial_sequence('responses', 'id')) FROM generate_series(1, :count)"
)


def numbered(insertion: Any, dialect: str, *, anonymous: bool) -> Any:
    """An insert of one response that numbers it as ``allocate`` would, without asking beforehand.

    An anonymous one brings its ``random_number`` as ``id``.
    """
    if anonymous:
        return insertion
    # PostgreSQL numbers by its sequence. SQLite would go on after the highest, a random one perhaps.
    return insertion.values(id=_NEXT_ON_SQLITE) if dialect == "sqlite" else insertion


def allocate(connection: Connection, count: int, *, anonymous: bool) -> list[int]:
    """``count`` unused numbers for this transaction's responses.

    An anonymous deployment's responses get random ones, so that their order says nothing about who
    answered when. The others are consecutive, because a database appends cheaply and inserts dearly.
    """
    if anonymous:
        return [random_number() for _ in range(count)]
    if connection.dialect.name == "sqlite":
        # The transaction holds SQLite's only write lock, so nobody takes these in between.
        first = (connection.execute(_HIGHEST).scalar_one() or 0) + 1
        return list(range(first, first + count))
    return list(connection.execute(_NEXT, {"count": count}).scalars())


def random_number() -> int:
    """A number for one anonymous response."""
    return _BORDER + secrets.randbelow(_BORDER)
