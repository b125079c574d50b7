"""Numbers that are given once, in the order in which they become visible."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from sqlalchemy import Connection, Dialect, Table, select

from surveyapp.store.inserts import insert
from surveyapp.store.models import Counter
from surveyapp.store.statements import DatabaseConnection, Statement

_COUNTERS = cast(Table, Counter.__table__)


def take(at: DatabaseConnection, name: str, count: int = 1) -> int:
    """The last of ``count`` numbers that follow those given before under this name.

    Whoever wants one too waits until the caller's transaction is over; so take it as late as can be.
    """
    return int(_taking(at.dialect).scalar(at, {"name": name, "value": count}))


@lru_cache(maxsize=8)
def _taking(dialect: Dialect) -> Statement:
    first = insert(_COUNTERS, dialect.name)
    again = {"value": _COUNTERS.c.value + first.excluded.value}
    counted = first.on_conflict_do_update(index_elements=[_COUNTERS.c.name], set_=again)
    return Statement(counted.returning(_COUNTERS.c.value), dialect, columns=("name", "value"))


def last(connection: Connection, name: str) -> int:
    """The last number that was given under this name; -1 for none."""
    own = _COUNTERS.c
    value = connection.execute(select(own.value).where(own.name == name)).scalar()
    return -1 if value is None else int(value)


def advance(connection: Connection, name: str, value: int) -> bool:
    """Go on to ``value``; False where this or a higher number was given already."""
    first = insert(_COUNTERS, connection.dialect.name).values(name=name, value=value)
    further = first.on_conflict_do_update(
        index_elements=[_COUNTERS.c.name],
        set_={"value": first.excluded.value},
        where=_COUNTERS.c.value < first.excluded.value,
    )
    return connection.execute(further.returning(_COUNTERS.c.value)).first() is not None
