"""Connections to PostgreSQL that customers' requests use again: what is prepared stays, what is gone is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import OperationalError

from surveyapp.store import db, poolers
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


def test_after_one_has_failed_the_others_are_asked_before_their_next_use(store: Store, monkeypatch):
    monkeypatch.setattr(db, "_FRESH_SECONDS", 60.0)
    with store.raw_connection() as one, store.raw_connection() as other:
        ended = [_process(one), _process(other)]
    with store.writing() as session:
        for process in ended:
            session.execute(
                text("SELECT pg_terminate_backend(:process, 5000)"), {"process": process}
            )
    with pytest.raises(OperationalError):
        _read(store)
    assert _read(store) not in ended


def test_what_is_kept_leaves_sessions_their_connections_and_transactions(store: Store, monkeypatch):
    """A crowd of customers for a moment: one connection is kept of it, sessions have the others."""
    monkeypatch.setattr(db, "_MOST_KEPT", 1)
    with store.raw_connection() as one, store.raw_connection() as other:
        crowd = {_process(one), _process(other)}
    assert store.engine.pool.checkedout() == 1
    with pytest.raises(ZeroDivisionError), store.writing() as session:
        assert session.scalar(_SERVING) in crowd
        session.add(OptOut(key="somebody", source="link"))
        session.flush()
        raise ZeroDivisionError
    with store.reading() as session:
        assert session.get(OptOut, "somebody") is None


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
    poolers.prepare_nothing_through_poolers(pooled, None)
    assert pooled.prepare_threshold is None


def test_only_the_transaction_that_says_so_does_not_wait_for_the_disk(store: Store):
    showing = Statement(text("SHOW synchronous_commit"), store.engine.dialect)
    with store.writing_rows(waits_for_disk=False) as at:
        process = _process(at)
        assert showing.scalar(at, {}) == "off"
    with store.writing_rows() as at:
        assert (_process(at), showing.scalar(at, {})) == (process, "on")
    with store.raw_connection() as at:
        assert (_process(at), showing.scalar(at, {})) == (process, "on")
