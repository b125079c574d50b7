"""Partitions of coming months, made before the first row of the month comes.

What no month's partition takes lies in the default one. Rows of a month whose partition was not made in
time are moved into it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from surveyapp.store.db import Store
from surveyapp.store.partitions import (
    DEFAULT,
    GROWING,
    MONTHS_AHEAD,
    By,
    GrowingTable,
    bounds,
    later,
    month_of,
    named,
    partitioned_by,
    partitions_of,
)

# Who waits for a lock on a table holds up everybody who comes after; a later round tries again.
_BRIEF = "SET LOCAL lock_timeout = '2s'"


def make_months(store: Store, now: datetime) -> int:
    """Make what is missing of this month's partitions and those of ``MONTHS_AHEAD`` more; how many."""
    if store.is_sqlite:
        return 0
    with store.engine.connect() as connection:
        if partitioned_by(connection) != By.MONTH:
            return 0
        missing = [
            (each, month)
            for each in GROWING
            if each.by(By.MONTH) == By.MONTH
            for known in [set(partitions_of(connection, each.name))]
            for month in (later(month_of(now), ahead) for ahead in range(MONTHS_AHEAD + 1))
            if named(each.name, month) not in known
        ]
    for each, month in missing:
        with store.engine.begin() as connection:
            _make(connection, each, month)
    return len(missing)


def _make(connection: Connection, each: GrowingTable, month: tuple[int, int]) -> None:
    run = connection.exec_driver_sql
    run(_BRIEF)
    run(f"LOCK TABLE {each.name} IN SHARE UPDATE EXCLUSIVE MODE")  # one worker of several
    made, default = named(each.name, month), f"{each.name}_{DEFAULT}"
    if made in partitions_of(connection, each.name):
        return
    begin, end = bounds(month)
    theirs = f"{each.moment} >= '{begin}' AND {each.moment} < '{end}'"
    run(f"CREATE TABLE {made} (LIKE {each.name} INCLUDING ALL)")
    late = run(f"SELECT EXISTS (SELECT FROM {default} WHERE {theirs})").scalar()  # noqa: S608
    if late:
        # Rows leave the table for a moment in which nobody sees it, and without its triggers, which
        # would give their keys back.
        run(f"ALTER TABLE {each.name} DETACH PARTITION {default}")
        run(f"INSERT INTO {made} SELECT * FROM {default} WHERE {theirs}")  # noqa: S608
        run(f"DELETE FROM {default} WHERE {theirs}")  # noqa: S608
    run(f"ALTER TABLE {each.name} ATTACH PARTITION {made} FOR VALUES FROM ('{begin}') TO ('{end}')")
    if late:
        run(f"ALTER TABLE {each.name} ATTACH PARTITION {default} DEFAULT")
