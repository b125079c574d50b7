"""Turn the partitioned tables of a PostgreSQL into plain ones again, all in one transaction.

Every row is copied and compared as when partitions were made. Indexes and references are read from the
database; which of them are keys of the table itself, the models tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, UniqueConstraint
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict
from surveyapp.store.audit import record
from surveyapp.store.db import Store
from surveyapp.store.key_tables import trigger_names, without_key_table
from surveyapp.store.models import Base
from surveyapp.store.partitioning import BEFORE, PATIENT, SEQUENCE, Progress, copy_rows
from surveyapp.store.partitions import GROWING, GrowingTable, partitioned_by
from surveyapp.store.table_shape import Index, indexes_of, references_of, references_to, triggers_of
from surveyapp.store.upgrade_lock import alone


def unpartition(store: Store, *, progress: Progress) -> dict[str, int]:
    """Make one table of each growing table's partitions; rows by table. Nobody else reads or writes them
    meanwhile.

    Raises Conflict where nothing is partitioned, Damaged for rows that are not the same afterwards; then
    nothing has changed.
    """
    names = ", ".join(each.name for each in GROWING)
    with alone(store.engine), store.engine.begin() as connection:
        if partitioned_by(connection) is None:
            raise Conflict("The database has no partitions.")
        for statement in PATIENT:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
        moved = {}
        for number, each in enumerate(GROWING):
            progress(100 * number // len(GROWING), each.name)
            moved[each.name] = _convert(connection, each)
        with Session(connection) as session, session.begin():  # within the connection's transaction
            record(session, None, "partition database", "back")
    autocommit = store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    with autocommit as connection:
        connection.exec_driver_sql(f"ANALYZE {names}")
    progress(100, "done")
    return moved


def _convert(connection: Connection, each: GrowingTable) -> int:
    run = connection.exec_driver_sql
    old = each.name + BEFORE
    primary = [column.name for column in Base.metadata.tables[each.name].primary_key.columns]
    indexes = indexes_of(connection, each.name)
    outward = references_of(connection, each.name)
    has_keys = bool(each.keys) and run(f"SELECT to_regclass('{each.keys}')").scalar() is not None
    inward = references_to(connection, each.keys) if has_keys else []
    sequence = (
        connection.execute(SEQUENCE, {"named": each.name}).scalar() if "id" in primary else None
    )
    # Those that keep the keys go with their table; the name is the third word of the statement.
    of_keys = trigger_names(each)
    triggers = [one for one in triggers_of(connection, each.name) if one.split()[2] not in of_keys]
    run(f"ALTER TABLE {each.name} RENAME TO {old}")
    like = f"LIKE {old} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE"
    run(f"CREATE TABLE {each.name} ({like})")
    copied = copy_rows(connection, old, each.name, primary)
    if sequence:
        run(f"ALTER SEQUENCE {sequence} OWNED BY {each.name}.id")
    run(f"DROP TABLE {old}")
    for statement in _indexed(each.name, primary, indexes):
        run(statement)
    for reference in outward:
        run(f"ALTER TABLE {each.name} ADD CONSTRAINT {reference.name} {reference.definition}")
    for statement in without_key_table(each, inward) if has_keys else ():
        run(statement)
    for statement in triggers:
        run(statement)
    return copied


def _indexed(table: str, primary: Sequence[str], indexes: Sequence[Index]) -> Iterator[str]:
    """The table's indexes under their names; those are unique again that partitions could not keep so."""
    model = Base.metadata.tables[table]
    keys = {each.name for each in model.constraints if isinstance(each, UniqueConstraint)}
    unique = {each.name for each in model.indexes if each.unique}
    for index in indexes:
        if index.is_primary:
            yield f"ALTER TABLE {table} ADD CONSTRAINT {index.name} PRIMARY KEY ({', '.join(primary)})"
        elif index.name in keys:
            columns = ", ".join(index.columns)
            yield f"ALTER TABLE {table} ADD CONSTRAINT {index.name} UNIQUE ({columns})"
        else:
            made = index.definition.replace(" ON ONLY ", " ON ", 1)
            if index.name in unique and not index.is_unique:
                made = made.replace("CREATE INDEX", "CREATE UNIQUE INDEX", 1)
            yield made
