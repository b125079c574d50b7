"""Who waits for SQLite's one lock, and how: customers try again soon, others sleep longer."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from surveyapp.store.db import Store

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_customers_write_begins_a_few_milliseconds_after_the_lock_is_free(
    store: Store, monkeypatch
):
    slept: list[float] = []
    holding = store.engine.raw_connection()
    holding.cursor().execute("BEGIN IMMEDIATE")

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            holding.rollback()

    monkeypatch.setattr("surveyapp.store.db.time.sleep", sleep)
    with store.writing_rows():
        pass
    holding.close()
    with store.raw_connection() as at:
        waiting = at.connection.execute("PRAGMA busy_timeout").fetchone()
    assert slept == [0.003] * 3
    assert waiting == (30_000,)  # whoever reads waits as long as ever


def test_a_customers_write_waits_no_longer_than_others(database_url: str, store: Store):
    brief = Store(database_url, lock_seconds=0)
    with store.writing() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(OperationalError, match="locked") as caught, brief.writing_rows():
            raise AssertionError
        assert isinstance(caught.value.orig, sqlite3.OperationalError)
    with brief.writing_rows():
        pass
    brief.close()
