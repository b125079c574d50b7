"""Connections to PostgreSQL that customers' requests use again: what is prepared stays, what is gone is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import bindparam, select, text

from surveyapp.store import db
from surveyapp.store.db import Store
from surveyapp.store.models import OptOut
from surveyapp.store.statements import DatabaseConnection, Statement

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

_SERVING = text("SELECT pg_backend_pid()")


def _read(store: Store) -> int:
    """Which process of the server has read a row."""
    with store.raw_connection() as at:
        own = OptOut.__table__.c
        query = select(own.key).where(own.key == bindparam("wanted"))
        assert Statement(query, at.dialect).rows(at, {"wanted": "nobody"}) == []
        return _process(at)


def _process(at: DatabaseConnection) -> int:
    return int(Statement(_SERVING, at.dialect).scalar(at, {}))


def test_what_is_read_again_and_again_is_planned_once(store: Store):
    assert len({_read(store) for _ in range(7)}) == 1
    with store.writing_rows() as at:
        counting = text(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%opt_outs%'"
        )
        assert Statement(counting, at.dialect).scalar(at, {}) == 1


def test_a_connection_that_the_server_has_ended_is_replaced(store: Store, monkeypatch):
    before = _read(store)
    with store.writing() as session:
        session.execute(text("SELECT pg_terminate_backend(:process, 5000)"), {"process": before})
    monkeypatch.setattr(db, "_FRESH_SECONDS", 0.0)
    assert _read(store) != before


def test_a_connection_through_a_pooler_prepares_nothing(database_url: str):
    class Pooled:
        """The driver's connection, served by another process than the one that it was told of."""

        info = SimpleNamespace(backend_pid=7)
        prepare_threshold: int | None = 5

        def execute(self, _text: str) -> Any:
            return SimpleNamespace(fetchone=lambda: (8,))

        def commit(self) -> None:
            pass

    pooled = Pooled()
    db._prepare_nothing_through_poolers(pooled, None)
    assert pooled.prepare_threshold is None
