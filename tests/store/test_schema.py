"""Migrations build exactly the tables that the models describe, on both databases."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from surveyapp.store.db import Store
from surveyapp.store.models import Base, Journey
from surveyapp.store.schema import pending, upgrade


def test_a_migrated_database_differs_in_nothing_from_the_models(store: Store):
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_an_empty_database_is_behind_and_an_upgraded_one_is_not(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'new.db'}")
    assert pending(store.engine)
    upgrade(store.engine)
    assert not pending(store.engine)
    assert set(inspect(store.engine).get_table_names()) == {
        *Base.metadata.tables,
        "alembic_version",
    }
    store.close()


def test_upgrading_twice_keeps_the_rows(store: Store):
    with store.writing() as session:
        session.add(Journey(code="onboarding", name="Onboarding", provider="Northbank"))
    upgrade(store.engine)
    with store.reading() as session:
        assert session.query(Journey).one().provider == "Northbank"


def test_sqlite_keeps_its_promises(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'p.db'}")
    with store.engine.connect() as connection:
        ask = lambda name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()  # noqa: E731
        assert (ask("journal_mode"), ask("synchronous"), ask("foreign_keys")) == ("wal", 2, 1)
    store.close()


@pytest.mark.parametrize("fails", [True, False])
def test_a_unit_of_work_is_all_or_nothing(store: Store, fails: bool):
    def write() -> None:
        with store.writing() as session:
            session.add(Journey(code="a", name="A", provider="P"))
            session.flush()
            if fails:
                raise RuntimeError("stop")

    if fails:
        with pytest.raises(RuntimeError):
            write()
    else:
        write()
    with store.reading() as session:
        assert session.query(Journey).count() == (0 if fails else 1)
