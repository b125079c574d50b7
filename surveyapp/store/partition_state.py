"""How the database's growing tables are partitioned now, and how many months are made ahead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from surveyapp.store.partitions import (
    GROWING,
    MONTHS_AHEAD,
    By,
    later,
    month_of,
    named,
    partitioned_by,
    partitions_of,
)


@dataclass(frozen=True)
class PartitionedTable:
    """A table, what places its rows, and its partitions; of one by month, how many months after the
    present one have theirs in a row, None where the present one lacks its own.
    """

    name: str
    by: By
    parts: int
    months_ahead: int | None

    @property
    def is_behind(self) -> bool:
        """Whether rows of this month or of the next would lie in the default partition."""
        return self.by == By.MONTH and not self.months_ahead


@dataclass(frozen=True)
class PartitionState:
    by: By
    tables: tuple[PartitionedTable, ...]

    @property
    def behind(self) -> tuple[PartitionedTable, ...]:
        return tuple(each for each in self.tables if each.is_behind)


def partition_state(connection: Connection, now: datetime) -> PartitionState | None:
    """None where nothing is partitioned."""
    chosen = partitioned_by(connection)
    if chosen is None:
        return None
    tables = []
    for each in GROWING:
        parts, by = partitions_of(connection, each.name), each.by(chosen)
        ahead = _ahead(each.name, parts, now) if by == By.MONTH else None
        tables.append(PartitionedTable(each.name, by, len(parts), ahead))
    return PartitionState(chosen, tuple(tables))


def _ahead(table: str, parts: list[str], now: datetime) -> int | None:
    made = [
        named(table, later(month_of(now), months)) in parts for months in range(MONTHS_AHEAD + 1)
    ]
    return [*made, False].index(False) - 1 if made[0] else None
