"""Turn the tables that grow on a PostgreSQL into partitioned ones, all in one transaction.

Every row is copied into the table's partitions and compared with what was there. Constraints, indexes
and defaults are read from the database, so that the tables are those of whatever schema it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Damaged
from surveyapp.store.audit import record
from surveyapp.store.db import Store
from surveyapp.store.key_tables import key_table
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
)
from surveyapp.store.table_shape import Index, indexes_of, references_of, references_to, triggers_of
from surveyapp.store.upgrade_lock import alone

_MOST_MONTHS = 120  # of the past that get partitions of their own
BEFORE = "_before"  # the end of the old table's name until its rows have been copied
PATIENT = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SET LOCAL timezone = 'UTC'",
)
SEQUENCE = text("SELECT pg_get_serial_sequence(:named, 'id')")
# Sixty bits of each row's digest, added up: the order of the rows does not matter.
_SUMMED = "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0) FROM {} AS t"

Progress = Callable[[int, str], None]


def partition(
    store: Store, by: By, *, parts: int, now: datetime, progress: Progress
) -> dict[str, int]:
    """Partition the growing tables by month, with partitions for ``MONTHS_AHEAD`` more, or by hash into
    so many ``parts``; rows by table. Nobody else reads or writes them meanwhile.

    Raises Conflict where they are partitioned already or it is SQLite, Damaged for rows that are not the
    same afterwards; then nothing has changed.
    """
    if store.is_sqlite:
        raise Conflict("SQLite has no partitions. Move to PostgreSQL by `surveyapp db move` first.")
    names = ", ".join(each.name for each in GROWING)
    with alone(store.engine), store.engine.begin() as connection:
        known = partitioned_by(connection)
        if known is not None:
            raise Conflict(f"The database is partitioned by {known} already.")
        for statement in PATIENT:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
        moved = {}
        for number, each in enumerate(GROWING):
            progress(100 * number // len(GROWING), each.name)
            moved[each.name] = _convert(connection, each, by, parts=parts, now=now)
        with Session(connection) as session, session.begin():  # within the connection's transaction
            record(session, None, "partition database", f"by {by}")
    autocommit = store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    with autocommit as connection:
        connection.exec_driver_sql(f"ANALYZE {names}")  # nothing is known of the new tables yet
    progress(100, "done")
    return moved


def _convert(
    connection: Connection, each: GrowingTable, by: By, *, parts: int, now: datetime
) -> int:
    run = connection.exec_driver_sql
    old, column = each.name + BEFORE, each.column(by)
    indexes = indexes_of(connection, each.name)
    outward = references_of(connection, each.name)
    inward = references_to(connection, each.name)
    triggers = triggers_of(connection, each.name)
    order = next(index for index in indexes if index.is_primary).columns
    sequence = (
        connection.execute(SEQUENCE, {"named": each.name}).scalar() if "id" in order else None
    )
    run(f"ALTER TABLE {each.name} RENAME TO {old}")
    for statement in _parted(connection, each, by, old, parts=parts, now=now):
        run(statement)
    copied = copy_rows(connection, old, each.name, order)
    for reference in inward:
        run(f"ALTER TABLE {reference.referring} DROP CONSTRAINT {reference.name}")
    if sequence:
        run(f"ALTER SEQUENCE {sequence} OWNED BY {each.name}.id")
    run(f"DROP TABLE {old}")
    for statement in _indexed(each.name, column, indexes):
        run(statement)
    for reference in outward:
        run(f"ALTER TABLE {each.name} ADD CONSTRAINT {reference.name} {reference.definition}")
    broken = [index for index in indexes if _breaks(index, column)]
    if inward or any(not index.is_primary for index in broken):
        schema = str(run("SELECT current_schema()").scalar_one())
        for statement in key_table(each, schema, broken, inward):
            run(statement)
    for statement in triggers:
        run(statement)
    return copied


def copy_rows(connection: Connection, old: str, new: str, order: Sequence[str]) -> int:
    """Copy all rows from one table to another and compare what arrived with what was sent; how many.

    Raises Damaged where they are not the same.
    """
    run = connection.exec_driver_sql
    # By their numbers: the order in which they came may tell of an anonymous answer.
    run(f"INSERT INTO {new} SELECT * FROM {old} ORDER BY {', '.join(order)}")  # noqa: S608
    sent, arrived = (run(_SUMMED.format(name)).one() for name in (old, new))
    if tuple(sent) != tuple(arrived):
        raise Damaged(
            f"{new}: {sent[0]:,} rows were copied, {arrived[0]:,} arrived, and they are not the"
            " same. Nothing was changed. Tell us, with the version of PostgreSQL."
        )
    return int(sent[0])


def _breaks(index: Index, column: str) -> bool:
    """Whether partitions by this column cannot keep the index unique."""
    return index.is_unique and column not in index.columns


def _parted(
    connection: Connection, each: GrowingTable, by: By, old: str, *, parts: int, now: datetime
) -> Iterator[str]:
    """The statements that make the table anew with its partitions, without a row or an index."""
    kind, column = each.by(by), each.column(by)
    like = f"LIKE {old} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE"
    strategy = "RANGE" if kind == By.MONTH else "HASH"
    yield f"CREATE TABLE {each.name} ({like}) PARTITION BY {strategy} ({column})"
    if kind == By.HASH:
        for part in range(parts):
            values = f"WITH (MODULUS {parts}, REMAINDER {part})"
            yield f"CREATE TABLE {each.name}_{part} PARTITION OF {each.name} FOR VALUES {values}"
        return
    yield f"CREATE TABLE {each.name}_{DEFAULT} PARTITION OF {each.name} DEFAULT"
    first = connection.exec_driver_sql(f"SELECT min({column}) FROM {old}").scalar()  # noqa: S608
    last = later(month_of(now), MONTHS_AHEAD)
    month = max(month_of(first or now), later(month_of(now), -_MOST_MONTHS))
    while month <= last:
        begin, end = bounds(month)
        yield (
            f"CREATE TABLE {named(each.name, month)} PARTITION OF {each.name}"
            f" FOR VALUES FROM ('{begin}') TO ('{end}')"
        )
        month = later(month, 1)


def _indexed(table: str, column: str, indexes: Sequence[Index]) -> Iterator[str]:
    """The table's indexes under their names; those that partitions cannot keep unique find rows still."""
    for index in indexes:
        columns = ", ".join(index.columns)
        if index.is_primary:
            added = "" if column in index.columns else f", {column}"
            yield f"ALTER TABLE {table} ADD CONSTRAINT {index.name} PRIMARY KEY ({columns}{added})"
        elif _breaks(index, column):
            yield index.definition.replace("CREATE UNIQUE INDEX", "CREATE INDEX", 1)
        elif index.is_constraint:
            yield f"ALTER TABLE {table} ADD CONSTRAINT {index.name} UNIQUE ({columns})"
        else:
            yield index.definition
