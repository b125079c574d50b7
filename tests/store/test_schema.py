"""Migrations build exactly the tables that the models describe, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, insert, inspect, text
from sqlalchemy.engine import make_url

from surveyapp.fielding.consents import versions
from surveyapp.store.db import Store
from surveyapp.store.models import Base, Deployment, Invitation, Journey, Response, Score
from surveyapp.store.schema import pending, upgrade
from tests.conftest import BACKENDS


@pytest.fixture(params=BACKENDS)
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database without any table."""
    if request.param == "sqlite":
        store = Store(f"sqlite:///{tmp_path / 'empty.db'}")
        yield store
        store.close()
        return
    url = request.getfixturevalue("postgresql_server")
    server = Store(url)
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS filled"))
        connection.execute(text("CREATE DATABASE filled"))
    server.close()
    store = Store(make_url(url).set(database="filled").render_as_string(hide_password=False))
    yield store
    store.close()


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


def test_a_filled_database_of_every_earlier_release_comes_up_with_its_rows(empty_store: Store):
    """Rows written at the first schema are all there at the newest, with defaults for what is new."""
    upgrade(empty_store.engine, "0001")
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    rows: dict[str, dict[str, object]] = {
        "journeys": {"code": "j", "name": "J", "provider": "Bank", "goal": "", "state": "current"}
        | {"version": 1, "created_at": moment},
        "deployments": {"journey_id": 1, "code": "d", "name": "D", "asks": [], "language": "en"}
        | {"introduction": "", "consent": "", "consent_version": "", "anonymity": "pseudonymous"}
        | {"open_link": True, "link": "abc", "state": "open", "created_at": moment},
        "invitations": {"deployment_id": 1, "token_hash": "h", "channel": "link"}
        | {"state": "completed", "not_sent_reason": "", "created_at": moment},
        "journey_runs": {"journey_id": 1, "customer_ref": "c", "started_at": moment},
        "responses": {"deployment_id": 1, "invitation_id": 1, "journey_run_id": 1}
        | {"source": "invitation", "answers": {}, "wordings": {}, "attributes": {}}
        | {"language": "en", "consent_version": "", "submitted_at": moment},
        "scores": {"response_id": 1, "scale": "nps.nps", "value": 9.0, "version": "1"},
    }
    _fill(empty_store, rows)
    upgrade(empty_store.engine)
    with empty_store.reading() as session:
        response = session.query(Response).one()
        assert (response.invitation_id, response.journey_run_id, response.paradata) == (1, 1, {})
        deployment = response.deployment
        assert (deployment.paging, deployment.look, deployment.languages) == ("page", {}, [])
        assert session.query(Invitation).one().interaction_id is None
        assert session.query(Score).one().value == 9


def test_a_filled_database_of_the_second_schema_comes_up_with_its_texts(empty_store: Store):
    """What staff wrote once stays the text of the deployment's own language."""
    upgrade(empty_store.engine, "0002")
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    rows: dict[str, dict[str, object]] = {
        "journeys": {"code": "j", "name": "J", "provider": "Bank", "goal": "", "state": "current"}
        | {"version": 1, "created_at": moment},
        "deployments": {"journey_id": 1, "code": "d", "name": "D", "asks": [], "language": "en"}
        | {"introduction": "Hello.", "consent": "Used to improve.", "consent_version": "2"}
        | {"draw": "A voucher.", "languages": ["en", "fi"], "anonymity": "pseudonymous"}
        | {"open_link": True, "link": "abc", "state": "open", "created_at": moment},
        "consent_texts": {
            "deployment_id": 1,
            "version": "1",
            "text": "Used.",
            "created_at": moment,
        },
    }
    _fill(empty_store, rows)
    upgrade(empty_store.engine)
    with empty_store.reading() as session:
        deployment = session.query(Deployment).one()
        assert (deployment.introduction, deployment.draw) == ("Hello.", "A voucher.")
        assert (deployment.texts, deployment.languages) == ({}, ["en", "fi"])
        assert [(e.version, e.text, e.texts) for e in versions(session, deployment)] == [
            ("2", "Used to improve.", {}),
            ("1", "Used.", {}),
        ]


def _fill(store: Store, rows: dict[str, dict[str, object]]) -> None:
    """Write a row of each table as the schema of that day has it."""
    with store.engine.begin() as connection:
        old = MetaData()
        old.reflect(connection, only=list(rows))
        for table, row in rows.items():
            values = {"id": 1, **row} if "id" in old.tables[table].c else row
            connection.execute(insert(old.tables[table]), values)
