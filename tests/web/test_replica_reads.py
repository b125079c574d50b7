"""Staff pages read from a hot standby that keeps up, and nobody misses what they have just written.

The standby is made to fall behind by a pause of its replay: a page that then lacks what has been
written came from it, a page that has it from the primary.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from surveyapp.app import create_app
from surveyapp.errors import SettingsError
from surveyapp.installation import Installation
from surveyapp.operations.doctor import examine
from surveyapp.operations.findings import Level
from surveyapp.settings import read
from surveyapp.store.db import Store
from surveyapp.store.models import Journey, User
from surveyapp.store.replica import Replica
from surveyapp.web.installation import EXTENSION
from tests.responses.makers import make_survey
from tests.standby import Standby, hot_standby
from tests.web.conftest import World

LAG = 5
FORM = {"name": "Moving house", "provider": "P", "state": "current"}
ADMINISTRATOR, OTHER = "administrator", "manager"
pytestmark = [
    pytest.mark.xdist_group("standby"),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]


@pytest.fixture(scope="module")
def standby(migrated_postgresql) -> Iterator[Standby]:
    with hot_standby(migrated_postgresql[0]) as started:
        yield started


@pytest.fixture
def app(database_url: str, tmp_path: Path, standby: Standby):
    made = create_app(
        read(
            {},
            home=tmp_path / "home",
            database_url=database_url,
            read_database_url=standby.url,
            read_lag_seconds=LAG,
            metrics_token="a token of twenty letters",
        )
    )
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture
def replica(installation: Installation, world: World) -> Replica:
    """The standby, which has replayed what the world is made of."""
    found = installation.store.replica
    assert found is not None
    caught_up(found)
    return found


@pytest.fixture
def paused(standby: Standby, replica: Replica) -> Iterator[None]:
    """The standby replays nothing until the test is over."""
    with standby.connect() as connection:
        connection.execute("SELECT pg_wal_replay_pause()")
        while connection.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() != (
            "paused",
        ):
            time.sleep(0.01)
        yield
        connection.execute("SELECT pg_wal_replay_resume()")


def caught_up(replica: Replica) -> None:
    deadline = time.monotonic() + 30
    while replica.look().lag != 0.0:
        assert time.monotonic() < deadline, replica.state()
        time.sleep(0.02)


def rename(installation: Installation, world: World, name: str) -> None:
    """Somebody else, on another host."""
    with installation.store.writing() as session:
        session.get_one(Journey, world.here.journey_id).name = name


def shows(client: FlaskClient, name: str) -> bool:
    page = client.get("/journeys")
    assert page.status_code == 200
    return name in page.text


def test_a_page_is_the_standbys_until_its_reader_writes(
    paused, installation: Installation, world: World, sign_in: Callable, replica: Replica
):
    writer, reader = sign_in(world.users[ADMINISTRATOR]), sign_in(world.users[OTHER])
    rename(installation, world, "Renamed")
    assert not shows(writer, "Renamed") and not shows(reader, "Renamed")
    assert writer.post("/journeys/new", data=FORM).status_code == 303
    assert shows(writer, "Moving house") and shows(writer, "Renamed")
    assert not shows(reader, "Moving house")
    assert reader.get(f"/journeys/{world.here.journey_id}").status_code == 200
    # The same person, whose cookie goes to another host: the position is in it.
    assert shows(writer, "Moving house")


def test_once_replayed_the_writers_pages_are_the_standbys_again(
    installation: Installation, world: World, sign_in: Callable, replica: Replica, standby: Standby
):
    writer = sign_in(world.users[ADMINISTRATOR])
    assert writer.post("/journeys/new", data=FORM).status_code == 303
    caught_up(replica)
    with standby.connect() as connection:
        connection.execute("SELECT pg_wal_replay_pause()")
        rename(installation, world, "Renamed")
        assert shows(writer, "Moving house") and not shows(writer, "Renamed")
        connection.execute("SELECT pg_wal_replay_resume()")


def test_a_standby_that_falls_behind_is_not_read_and_the_system_page_says_so(
    paused,
    installation: Installation,
    world: World,
    sign_in: Callable,
    replica: Replica,
    monkeypatch: pytest.MonkeyPatch,
):
    reader = sign_in(world.users[ADMINISTRATOR])
    assert "0.0 seconds behind" in reader.get("/system").text
    rename(installation, world, "Renamed")
    now = time.monotonic()
    monkeypatch.setattr(replica, "_clock", lambda: now + LAG - 1)
    assert replica.look().fault == "" and not shows(reader, "Renamed")
    monkeypatch.setattr(replica, "_clock", lambda: now + LAG + 1)
    assert replica.look().fault == f"it is more than {LAG} seconds behind"
    assert shows(reader, "Renamed")
    page = reader.get("/system").text
    assert f"not read from; it is more than {LAG} seconds behind" in page
    assert "Pages read from the primary" in page
    told = reader.get("/metrics", headers={"Authorization": "Bearer a token of twenty letters"})
    assert "surveyapp_replica_used 0.0" in told.text
    assert "surveyapp_replica_lag_seconds" in told.text


def test_what_nobody_has_looked_at_lately_is_not_read(
    paused, installation, world: World, sign_in: Callable, replica: Replica, monkeypatch
):
    """The thread that looks has died, or waits for a machine that is gone."""
    reader, now = sign_in(world.users[OTHER]), time.monotonic()
    rename(installation, world, "Renamed")
    assert not shows(reader, "Renamed")
    monkeypatch.setattr(replica, "_clock", lambda: now + 60)
    assert shows(reader, "Renamed")
    assert replica.state().fault == "nothing has been heard of it lately"


def test_customers_and_rights_are_asked_of_the_primary(
    paused, installation: Installation, world: World, sign_in: Callable
):
    reader = sign_in(world.users[ADMINISTRATOR])
    assert reader.get("/users").status_code == 200
    with installation.store.writing() as session:
        session.get_one(User, world.users[ADMINISTRATOR].id).role = "manager"
    assert reader.get("/users").status_code == 403
    with installation.store.writing() as session:
        link = make_survey(session, code="later").link
    assert reader.application.test_client().get(f"/s/{link}").status_code == 200


def test_a_standby_that_breaks_off_costs_no_page(
    installation: Installation,
    world: World,
    sign_in: Callable,
    replica: Replica,
    standby: Standby,
):
    reader = sign_in(world.users[OTHER])
    assert shows(reader, "Open")
    standby.stop()
    try:
        rename(installation, world, "Renamed")
        assert replica.state().fault == ""  # nobody knows yet
        assert shows(reader, "Renamed")
        assert replica.state().fault.startswith("it broke off: ")
        assert replica.look().fault.startswith("it does not respond: ")
        assert shows(reader, "Renamed")
    finally:
        standby.start()
    caught_up(replica)
    assert replica.state().fault == ""


def test_an_address_of_the_primary_or_a_stranger_is_told_by_the_doctor(
    installation: Installation, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("surveyapp.operations.doctor._CATCH_UP_SECONDS", 0.0)
    wrong = Store(database_url, master_key="x" * 40, read_url=database_url, most_lag=LAG)
    told = [
        each
        for each in examine(replace(installation, store=wrong))
        if each.subject == "Read replica"
    ]
    assert [each.level for each in told] == [Level.ADVICE]
    assert "it is no hot standby, and takes writes of its own" in told[0].found
    wrong.close()


@pytest.mark.parametrize(
    ("database", "read_only"),
    [
        ("", "postgresql+psycopg://a@b/c"),
        ("sqlite:///a.db", "postgresql+psycopg://a@b/c"),
        ("postgresql+psycopg://a@b/c", "sqlite:///a.db"),
        ("postgresql+psycopg://a@b/c", "postgresql+psycopg://a@b:x/c"),
    ],
)
def test_an_address_that_cannot_be_a_standbys_is_refused(
    database_url: str, database: str, read_only: str
):
    with pytest.raises(SettingsError, match="SURVEYAPP_READ_DATABASE_URL"):
        read({}, database_url=database, read_database_url=read_only)
