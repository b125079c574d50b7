"""Every table of a database filled with rows of awkward values, and what a database holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
    delete,
    insert,
    select,
)

from surveyapp.store.db import Store
from surveyapp.store.encrypted_columns import OfRow
from surveyapp.store.models import Base

_IN = re.compile(r"^(\w+) IN \((.+)\)$")
_MOMENT = datetime(2026, 3, 29, 0, 59, 59, 123456, tzinfo=UTC)
_MADE_BEFORE = ("encryption_keys", "key_fingerprints", "rollup_facets")
_MADE_BY_TRIGGERS = ("invitation_changes", "decision_changes")
# Where a check of the table allows less than its columns do.
_CHECKED: dict[str, dict[str, Any]] = {
    "schedule_recipients": {"user_id": None},
    "changed_places": {"stage_id": None},
    "pain_point_evidence": {"case_id": None},
    "persona_emotions": {"level": 1},
    "map_evidence": {"file_id": None},
}
ODD = "Zoë, 'quoted' \"twice\"\t\\ \n漢字 \U0001f600"


def fill(store: Store, rows: int = 3) -> None:
    """``rows`` rows in every table, each referring to one of the same number."""
    with store.engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name in (*_MADE_BEFORE, *_MADE_BY_TRIGGERS):
                continue
            if table.name == "counters":
                connection.execute(delete(table))
            connection.execute(insert(table), [_row(table, n) for n in range(1, rows + 1)])
        if not store.is_sqlite:
            _count_on(connection, rows)


def contents(store: Store) -> dict[str, list[str]]:
    """Every row of every table as the database has it, whatever a model makes of it."""
    found = MetaData()
    with store.engine.connect() as connection:
        found.reflect(connection)
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            for table in found.sorted_tables
        }


def _count_on(connection: Any, rows: int) -> None:
    for table in Base.metadata.sorted_tables:
        counted = (*_MADE_BEFORE, *_MADE_BY_TRIGGERS)
        if table.autoincrement_column is not None and table.name not in counted:
            place = f"pg_get_serial_sequence('{table.name}', '{table.autoincrement_column.name}')"
            connection.exec_driver_sql(f"SELECT setval({place}, {rows}) WHERE {place} IS NOT NULL")


def _row(table: Table, number: int) -> dict[str, Any]:
    words = dict(_words(table))
    row = {column.name: _value(column, number, words.get(column.name)) for column in table.c}
    row |= _CHECKED.get(table.name, {})
    for column in table.c:  # bound to the row that they are written to
        bound = getattr(column.type, "row", None)
        if bound is not None:
            row[column.name] = OfRow(row[column.name], row[bound])
    return row


def _words(table: Table) -> Iterator[tuple[str, list[str]]]:
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            fits = _IN.match(str(constraint.sqltext))
            if fits:
                yield fits[1], re.findall(r"'([^']*)'", fits[2])


def _value(column: Column[Any], number: int, words: list[str] | None) -> Any:
    kind = getattr(column.type, "impl_instance", column.type)
    if words:
        return words[(number - 1) % len(words)]
    if column.foreign_keys:
        named = next(iter(column.foreign_keys)).column
        return _value(named, number, dict(_words(named.table)).get(named.name))
    if isinstance(kind, Boolean):
        return number % 2 == 0
    if isinstance(kind, Integer):
        return number
    if isinstance(kind, Float):
        return (0.1, -1e-300, 1e22)[number % 3]
    if isinstance(kind, DateTime):
        return _MOMENT + timedelta(hours=number)
    if isinstance(kind, Date):
        return date(2026, 2, 28) + timedelta(days=number)
    if isinstance(kind, LargeBinary):
        return bytes(range(number, number + 32))
    if isinstance(kind, Uuid):
        return str(UUID(int=number))
    if isinstance(kind, JSON):
        return _document(number) if not column.nullable or number % 3 else None
    assert isinstance(kind, String), (column, kind)
    text = f"{number} {ODD}"
    return text[: kind.length] if kind.length else f"{text} {'long ' * 500}"


def _document(number: int) -> Any:
    return {"z": number, "a": [0.1, 1e22, -0.0, None, True, ODD], "": {"n": 2**60, "e": 1e-7}}
