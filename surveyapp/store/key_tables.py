"""The tables of what is unique over all partitions of another one, and the triggers that keep them.

A row's keys are taken before it is inserted, by whichever of several transactions comes first; the
others wait for its end, as they would at an index. Rows that refer to the row refer to its keys, which
go with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from sqlalchemy import BigInteger, Dialect, String, Table, column, table, text
from sqlalchemy.sql.selectable import FromClause

from surveyapp.store.partitions import GrowingTable
from surveyapp.store.statements import DatabaseConnection, Statement
from surveyapp.store.table_shape import Index, Reference

_KEYS_OF = {
    "responses": table(
        "response_keys", column("id", BigInteger), column("submission_key", String(64))
    )
}
# A trigger is not told whether its row may be left out where its keys are taken; the statement says so.
_TAKE = """
CREATE FUNCTION {schema}.{keys}_take() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF position('ON CONFLICT DO NOTHING' IN upper(current_query())) > 0 THEN
        INSERT INTO {schema}.{keys} ({columns}) VALUES ({new}) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    ELSE
        INSERT INTO {schema}.{keys} ({columns}) VALUES ({new});
    END IF;
    RETURN NEW;
END $$"""
_CHANGE = """
CREATE FUNCTION {schema}.{keys}_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE {schema}.{keys} SET ({columns}) = ROW ({new}) WHERE id = OLD.id;
    RETURN NULL;
END $$"""
_GIVE_BACK = """
CREATE FUNCTION {schema}.{keys}_give_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM {schema}.{keys} WHERE id = OLD.id;
    RETURN NULL;
END $$"""
_TRIGGERS = (
    "CREATE TRIGGER {keys}_take BEFORE INSERT ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION {schema}.{keys}_take()",
    "CREATE TRIGGER {keys}_change AFTER UPDATE OF {columns} ON {table} FOR EACH ROW"
    " WHEN ((OLD.*) IS DISTINCT FROM (NEW.*)) EXECUTE FUNCTION {schema}.{keys}_change()",
    "CREATE TRIGGER {keys}_give_back AFTER DELETE ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION {schema}.{keys}_give_back()",
)


def unique_keys(at: DatabaseConnection, of: Table) -> FromClause:
    """Where a row is found by a key that is unique over all: the table, or where that is partitioned the
    table of its keys, with the same columns for these.
    """
    if at.dialect.name != "postgresql":
        return of
    keys = _KEYS_OF[of.name]
    return keys if _has_table(at.dialect).scalar(at, {"named": keys.name}) else of


@lru_cache(maxsize=8)
def _has_table(dialect: Dialect) -> Statement:
    return Statement(text("SELECT to_regclass(CAST(:named AS text)) IS NOT NULL"), dialect)


def key_table(
    growing: GrowingTable, schema: str, unique: Sequence[Index], referring: Sequence[Reference]
) -> Iterator[str]:
    """The statements that make the table's keys from its rows: those of indexes that partitions cannot
    hold unique, and its number, to which what refers to the table refers from then on.
    """
    keys = growing.keys
    sets = [index.columns for index in unique if not index.is_primary]
    columns = ", ".join(dict.fromkeys(("id", *(name for names in sets for name in names))))
    yield f"CREATE TABLE {keys} AS SELECT {columns} FROM {growing.name} ORDER BY id"  # noqa: S608
    yield f"ALTER TABLE {keys} ADD CONSTRAINT pk_{keys} PRIMARY KEY (id)"
    for names in sets:
        made = f"uq_{keys}_{'_'.join(names)}"
        yield f"ALTER TABLE {keys} ADD CONSTRAINT {made} UNIQUE ({', '.join(names)})"
    places = {
        "keys": keys,
        "schema": schema,
        "table": growing.name,
        "columns": columns,
        "new": ", ".join(f"NEW.{name}" for name in columns.split(", ")),
    }
    for statement in (_TAKE, _CHANGE, _GIVE_BACK, *_TRIGGERS):
        yield statement.format(**places)
    for each in referring:
        yield _referring_to(each, growing.name, keys)


def trigger_names(growing: GrowingTable) -> frozenset[str]:
    """The names of the triggers by which a partitioned table keeps its keys; none without keys."""
    verbs = ("take", "change", "give_back") if growing.keys else ()
    return frozenset(f"{growing.keys}_{verb}" for verb in verbs)


def without_key_table(growing: GrowingTable, referring: Sequence[Reference]) -> Iterator[str]:
    """The statements that let go of the table's keys: what refers to them refers to the table again, which
    has its keys by then. The triggers have gone with the partitioned table.
    """
    keys = growing.keys
    for each in referring:
        yield f"ALTER TABLE {each.referring} DROP CONSTRAINT {each.name}"
        yield _referring_to(each, keys, growing.name)
    yield f"DROP TABLE {keys}"
    for what in ("take", "change", "give_back"):
        yield f"DROP FUNCTION {keys}_{what}()"


def _referring_to(each: Reference, before: str, after: str) -> str:
    """The statement that adds a foreign key as it was, but to another table."""
    moved = re.sub(rf"REFERENCES \S*?\b{before}\(", f"REFERENCES {after}(", each.definition)
    return f"ALTER TABLE {each.referring} ADD CONSTRAINT {each.name} {moved}"
