"""Inserts that know what to do when the row is there: the same words on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite


def insert(table: Table, dialect: str) -> Any:
    """An insert into ``table`` with ``on_conflict_do_nothing`` and ``on_conflict_do_update``.

    SQLAlchemy has the two under one spelling in two places; their common base lacks the conflict.
    """
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
