"""No number is given twice: not after its row is erased, nor after a vacuum, a backup or an upgrade."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, inspect, text
from sqlalchemy.types import Boolean, Date, DateTime, Float, Integer, String, Uuid

from surveyapp.responses.numbers import announce
from surveyapp.store.db import Store
from surveyapp.store.models import Base, Response
from surveyapp.store.public_ids import random_id
from surveyapp.store.schema import upgrade
from tests.conftest import MASTER
from tests.store.test_schema import empty_store

__all__ = ["empty_store"]  # a fixture

NUMBERED = [
    table
    for table in Base.metadata.sorted_tables
    if table.autoincrement_column is not None and table.name != "audit_entries"  # never deleted
]
# What other programs, addresses of pages and files call by number.
PUBLIC = {
    *("responses", "cases", "deliveries", "events", "invitations", "files", "jobs", "reports"),
    *("import_batches", "erasures", "alerts", "analyses", "journey_runs", "webhooks", "surveys"),
}
_MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_FIRST_CHOICE = re.compile(r"(\w+) IN \('(\w*)'")


def test_every_number_that_others_see_is_one_of_these():
    assert {table.name for table in NUMBERED} >= PUBLIC


def test_a_number_whose_row_is_erased_is_not_given_again(store: Store, tmp_path: Path):
    """Of every table, in the database itself and on SQLite in a backup of it, too."""
    erased = {}
    with _referring_to_nothing(store) as connection:
        for table in NUMBERED:
            first, newest = (_add(connection, table, n) for n in range(2))
            assert newest > first
            connection.execute(delete(table).where(_number(table) == newest))
            erased[table.name] = newest
    _assert_higher(store, erased, 2)
    if not store.is_sqlite:
        return
    with sqlite3.connect(str(store.engine.url.database)) as database:
        for table in NUMBERED:
            database.execute(f"DELETE FROM {table.name}")  # noqa: S608 - our own names
        database.commit()
        database.execute("VACUUM")
        copy = sqlite3.connect(tmp_path / "copy.db")
        database.backup(copy)
        copy.close()
    restored = Store(f"sqlite:///{tmp_path / 'copy.db'}", master_key=MASTER)
    _assert_higher(restored, {name: number + 1 for name, number in erased.items()}, 3)
    restored.close()


def test_an_upgrade_goes_on_after_the_numbers_that_were_given(empty_store: Store):
    """From the first schema that promised it; a table's newest rows had been erased before."""
    upgrade(empty_store.engine, "0005")
    numbered = [
        name
        for name in inspect(empty_store.engine).get_table_names()
        if name not in ("responses", "draw_entries", "audit_entries") and _counts(empty_store, name)
    ]
    assert len(numbered) > 20
    with empty_store.engine.begin() as connection:
        for place, name in enumerate([*numbered, "responses"]):
            _pretend(connection, name, 1000 + place)
    upgrade(empty_store.engine)
    known = {"deployments": "surveys"}
    given = {known.get(name, name): 1000 + place for place, name in enumerate(numbered)}
    given["responses"] = 1000 + len(numbered)
    gone = set(given) - {table.name for table in NUMBERED}
    assert gone == set()
    _assert_higher(empty_store, given, 0)


def _assert_higher(store: Store, given: dict[str, int], place: int) -> None:
    with _referring_to_nothing(store) as connection:
        for table in NUMBERED:
            if table.name in given:
                assert _add(connection, table, place) > given[table.name], table.name


@contextmanager
def _referring_to_nothing(store: Store) -> Iterator[Connection]:
    """A transaction in which rows of each table stand by themselves."""
    with store.engine.connect() as connection:
        pragma = connection.connection.cursor() if store.is_sqlite else None
        if pragma is not None:  # which is no statement of a transaction
            pragma.execute("PRAGMA foreign_keys = OFF")
        with connection.begin():
            if pragma is None:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection
        if pragma is not None:
            pragma.execute("PRAGMA foreign_keys = ON")


# Of columns of which one or the other may be empty.
_NEEDED = {
    "changed_places": ("stage_id",),
    "pain_point_evidence": ("response_id",),
    "map_evidence": ("response_id",),
}


def _add(connection: Connection, table: Table, place: int) -> int:
    """The number of a new row of which nothing matters."""
    row = {
        column.name: _value(table, column.name, place)
        for column in table.columns
        if column.name != _number(table).name
        and (not column.nullable or column.name in _NEEDED.get(table.name, ()))
    }
    if table is Response.__table__:
        numbers = announce(connection, 1)
        row |= {"id": numbers[0]} if numbers else {}
    found = connection.execute(insert(table).values(row).returning(_number(table)))
    return int(found.scalar_one())


def _number(table: Table) -> Any:
    return (
        table.c[table.autoincrement_column.name] if table.autoincrement_column is not None else None
    )


def _value(table: Table, name: str, place: int) -> Any:
    for check in table.constraints:
        listed = _FIRST_CHOICE.match(str(getattr(check, "sqltext", "")))
        if listed and listed[1] == name:
            return listed[2]
    kind = table.c[name].type
    kind = getattr(kind, "impl_instance", kind)
    if isinstance(kind, Uuid):
        return random_id()
    for known, value in (
        (Boolean, True),
        (Integer, place + 1),
        (Float, 1.0),
        (Date, date(2026, 3, 1 + place)),
        (String, f"{name[:8]}{place}"),
    ):
        if isinstance(kind, known):
            return value
    return _MOMENT if isinstance(kind, DateTime) else {}


def _counts(store: Store, name: str) -> bool:
    """Whether the database numbers this table's rows by itself."""
    with store.engine.connect() as connection:
        if store.is_sqlite:
            query = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
            return "AUTOINCREMENT" in str(connection.execute(query, {"name": name}).scalar())
        columns = {column["name"] for column in inspect(connection).get_columns(name)}
        query = text("SELECT pg_get_serial_sequence(:name, 'id')")
        return "id" in columns and connection.execute(query, {"name": name}).scalar() is not None


def _pretend(connection: Connection, name: str, number: int) -> None:
    """That this number was the last one given, and its row erased since."""
    if connection.dialect.name == "postgresql":
        query = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :number)")
        connection.execute(query, {"name": name, "number": number})
    elif name == "responses":
        query = text("UPDATE counters SET value = :number WHERE name = 'responses'")
        connection.execute(query, {"number": number})
    else:
        known = {"name": name, "number": number}
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
        connection.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :number)"), known)
