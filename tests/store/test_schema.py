"""Migrations build exactly the tables that the models describe, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, func, insert, inspect, select, text
from sqlalchemy.engine import make_url

from surveyapp.fielding.consents import versions
from surveyapp.responses.numbers import allocate
from surveyapp.store.counters import take
from surveyapp.store.db import Store
from surveyapp.store.models import (
    NOTHING_SORTED,
    Base,
    Case,
    CaseNote,
    Delivery,
    Deployment,
    Invitation,
    Journey,
    Response,
    Score,
    Segment,
)
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


def test_a_reading_session_is_one_view(store: Store):
    """What others commit meanwhile is not seen in it, so that a page agrees with itself."""
    with store.reading() as session:
        assert session.scalars(select(Segment)).all() == []
        with store.writing() as other:
            other.add(Segment(code="north", name="North", rule="region = Nordland"))
        assert session.scalars(select(Segment)).all() == []
    with store.reading() as session:
        assert len(session.scalars(select(Segment)).all()) == 1


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


def test_a_filled_database_of_the_third_schema_gives_its_rows_names_and_no_number_twice(
    empty_store: Store,
):
    """Every row is there, what refers to it still does, and numbers go on after the highest."""
    store = empty_store
    upgrade(store.engine, "0003")
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    rows: dict[str, dict[str, object]] = {
        "journeys": {"code": "j", "name": "J", "provider": "Bank", "goal": "", "state": "current"}
        | {"version": 1, "created_at": moment},
        "deployments": {"journey_id": 1, "code": "d", "name": "D", "asks": [], "language": "en"}
        | {"introduction": "", "consent": "", "consent_version": "", "anonymity": "pseudonymous"}
        | {"open_link": True, "link": "abc", "state": "open", "created_at": moment},
        "webhooks": {"name": "CRM", "url": "https://crm.example", "seed": "0" * 32, "events": []}
        | {"active": True, "created_at": moment},
        "journey_runs": {"journey_id": 1, "customer_ref": "c", "started_at": moment},
    }
    _fill(store, rows)
    given = {"deployment_id": 1, "source": "link", "answers": {}, "wordings": {}, "attributes": {}}
    given |= {"language": "en", "consent_version": "", "submitted_at": moment, "paradata": {}}
    case = {"deployment_id": 1, "scale": "nps.nps", "value": 3.0, "state": "open", "outcome": ""}
    told = {"webhook_id": 1, "event": "response", "state": "delivered", "due_at": moment}
    told |= {"attempts": 1, "error": "", "created_at": moment}
    erased = {"event": "response.erased", "data": {"response": 7}}
    changed = {5: moment + timedelta(days=1), 2: moment + timedelta(days=2)}
    with store.engine.begin() as connection:
        old = MetaData()
        old.reflect(connection, only=["responses", "cases", "case_notes", "deliveries", "scores"])

        def add(table: str, *many: dict[str, object]) -> None:
            for row in many:
                connection.execute(insert(old.tables[table]), row)

        numbers = [1, 2, 5, 2**52 + 9]
        add(
            "responses",
            *(
                {"id": n, **given, "journey_run_id": 1, "corrected_at": changed.get(n)}
                for n in numbers
            ),
        )
        add(
            "scores",
            *(
                {"response_id": n, "scale": "nps.nps", "value": n % 11, "version": "1"}
                for n in numbers
            ),
        )
        add("cases", {"id": 4, "response_id": 5, **case, "due_at": moment, "opened_at": moment})
        add("case_notes", {"id": 9, "case_id": 4, "kind": "note", "text": "Called.", "at": moment})
        add(
            "deliveries",
            {"id": 3, "response_id": 5, **told, "payload": {"data": {"response": 5}}},
            {"id": 8, "response_id": None, **told, "payload": erased},
        )
    upgrade(store.engine)
    with store.reading() as session:
        responses = session.scalars(select(Response).order_by(Response.id)).all()
        assert [each.id for each in responses] == numbers
        assert [each.correction for each in responses] == [None, 2, 1, None]
        named = [*responses, *session.scalars(select(Case)), *session.scalars(select(Delivery))]
        assert len({UUID(each.public_id) for each in named}) == 7
        assert {UUID(each.public_id).version for each in named} == {4}
        assert session.scalar(select(func.count()).select_from(Score)) == 4
        assert session.scalar(select(CaseNote.case_id)) == 4
    if not store.is_sqlite:  # whose sequences know nothing of rows that brought their numbers
        _go_on_after(store, responses=5, cases=4, deliveries=8)
    with store.writing() as session:
        number = allocate(session.connection(), 1, anonymous=False)
        assert number == [8 if store.is_sqlite else 6]
        assert take(session.connection(), "corrections") == 3
        session.delete(session.get_one(Delivery, 8))
        session.delete(session.get_one(Response, 5))  # its delivery goes, its case stays
        session.flush()
        session.expire_all()
        assert session.scalars(select(Delivery)).all() == []
        assert session.get_one(Case, 4).response_id is None
        session.delete(session.get_one(Case, 4))
        session.flush()
        again = Case(deployment_id=1, scale="nps.nps", value=1, due_at=moment)
        session.add_all([again, Delivery(webhook_id=1, event="test", payload={})])
        session.flush()
        assert again.id > 4
        assert session.scalars(select(Delivery.id)).one() > 8
    if store.is_sqlite:
        with store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def _go_on_after(store: Store, **numbers: int) -> None:
    with store.engine.begin() as connection:
        for table, number in numbers.items():
            connection.execute(text(f"SELECT setval('{table}_id_seq', {number})"))


def test_sqlite_numbers_no_two_rows_alike(tmp_path: Path):
    """Every table whose rows the database numbers; those of responses are given by a counter."""
    store = Store(f"sqlite:///{tmp_path / 'numbers.db'}")
    upgrade(store.engine)
    own = {
        table.name
        for table in Base.metadata.tables.values()
        if table.autoincrement_column is not None
    }
    with store.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
        )
        marked = {name for name, sql in rows if "AUTOINCREMENT" in sql}
    assert marked == own - {"responses"}
    store.close()


def test_segments_whose_last_sorting_is_not_done_begin_anew(empty_store: Store):
    upgrade(empty_store.engine, "0003")
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    jobs = {1: "done", 2: "waiting", 3: "running", 4: "failed"}
    with empty_store.engine.begin() as connection:
        old = MetaData()
        old.reflect(connection, only=["segments", "jobs"])
        for number, state in jobs.items():
            names = {"code": f"s{number}", "name": f"S{number}", "rule": "region = North"}
            row = {"id": number, **names, "created_at": moment}
            connection.execute(insert(old.tables["segments"]), row)
            asked = {"kind": "rebuild_rollups", "parameters": {"segment_id": number}}
            row = {"id": number, **asked, "state": state, "created_at": moment}
            blank = {"percent": 0, "step": "", "error": "", "attempts": 0, "worker": ""}
            connection.execute(insert(old.tables["jobs"]), {**row, **blank})
    upgrade(empty_store.engine)
    with empty_store.reading() as session:
        found = session.execute(select(Segment.id, Segment.sorted_to).order_by(Segment.id)).all()
    assert found == [(1, None), *((number, NOTHING_SORTED) for number in (2, 3, 4))]


def _fill(store: Store, rows: dict[str, dict[str, object]]) -> None:
    """Write a row of each table as the schema of that day has it."""
    with store.engine.begin() as connection:
        old = MetaData()
        old.reflect(connection, only=list(rows))
        for table, row in rows.items():
            values = {"id": 1, **row} if "id" in old.tables[table].c else row
            connection.execute(insert(old.tables[table]), values)
