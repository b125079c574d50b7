"""What PostgreSQL knows of a table: its indexes, triggers, and what refers to what."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

_INDEXES = text(
    "SELECT c.relname AS name, i.indisunique AS is_unique, i.indisprimary AS is_primary,"
    " i.indpred IS NOT NULL AS is_partial, pg_get_indexdef(i.indexrelid) AS definition,"
    " con.conname IS NOT NULL AS is_constraint,"
    " ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY AS k (number, place)"
    "  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY k.place)"
    "  AS columns"
    " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " LEFT JOIN pg_constraint con ON con.conindid = i.indexrelid AND con.contype IN ('p', 'u')"
    " WHERE i.indrelid = CAST(:named AS regclass) ORDER BY c.relname"
)
_REFERENCES = text(
    "SELECT conname AS name, CAST(CAST(conrelid AS regclass) AS text) AS referring,"
    " pg_get_constraintdef(oid) AS definition"
    " FROM pg_constraint WHERE contype = 'f' AND conparentid = 0"
    " AND CASE WHEN :inward THEN confrelid ELSE conrelid END = CAST(:named AS regclass)"
    " ORDER BY conname"
)
_TRIGGERS = text(
    "SELECT pg_get_triggerdef(oid) FROM pg_trigger"
    " WHERE tgrelid = CAST(:named AS regclass) AND NOT tgisinternal ORDER BY tgname"
)


@dataclass(frozen=True)
class Index:
    """An index, with its definition as a statement; ``is_constraint`` where it is that of a key."""

    name: str
    columns: tuple[str, ...]
    definition: str
    is_unique: bool
    is_primary: bool
    is_partial: bool
    is_constraint: bool


@dataclass(frozen=True)
class Reference:
    """A foreign key of the table ``referring``, with its definition as a constraint."""

    name: str
    referring: str
    definition: str


def indexes_of(connection: Connection, table: str) -> list[Index]:
    """The table's indexes, by their names."""
    rows = connection.execute(_INDEXES, {"named": table}).mappings()
    return [Index(**{**row, "columns": tuple(row["columns"])}) for row in rows]


def references_of(connection: Connection, table: str) -> list[Reference]:
    """What the table refers to."""
    return _references(connection, table, inward=False)


def references_to(connection: Connection, table: str) -> list[Reference]:
    """What refers to the table."""
    return _references(connection, table, inward=True)


def triggers_of(connection: Connection, table: str) -> list[str]:
    """The statements that make the table's triggers, by their names."""
    return list(connection.execute(_TRIGGERS, {"named": table}).scalars())


def _references(connection: Connection, table: str, *, inward: bool) -> list[Reference]:
    rows = connection.execute(_REFERENCES, {"named": table, "inward": inward}).mappings()
    return [Reference(**row) for row in rows]
