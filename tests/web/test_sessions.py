"""The account page lists where one is signed in, and ends it there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from surveyapp.app import create_app
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.models import User, UserSession
from surveyapp.web.installation import EXTENSION
from tests.web.world import PASSWORD, add_user

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36"


@pytest.fixture(scope="module")
def app(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    home = tmp_path_factory.mktemp("home")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    made = create_app(read({}, home=home, log_level="ERROR", session_idle_minutes=30))
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture(scope="module")
def installation(app: Flask) -> Installation:
    return app.extensions[EXTENSION]


@pytest.fixture(scope="module")
def users(installation: Installation) -> dict[str, User]:
    with installation.store.writing() as session:
        return {role: add_user(session, role) for role in ("administrator", "manager")}


def signed_in(app: Flask, user: User, agent: str = FIREFOX, address="192.0.2.7") -> FlaskClient:
    client = app.test_client()
    client.environ_base |= {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": address}
    answer = client.post("/sign-in", data={"email": user.email, "password": PASSWORD})
    assert answer.status_code == 303
    return client


def is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def ends(client: FlaskClient) -> list[str]:
    return re.findall(r'action="(/account/sessions/\d+/end)"', client.get("/account").text)


def test_sessions_are_listed_with_device_network_and_time_and_ended_one_by_one(app, users):
    here = signed_in(app, users["administrator"])
    there = signed_in(app, users["administrator"], CHROME, "2001:db8:12:34::9")
    page = here.get("/account").text
    assert "Firefox on Windows" in page and "Chrome on Android" in page
    assert "192.0.2.x" in page and "2001:db8:12:x" in page
    assert "192.0.2.7" not in page
    assert page.count("this session") == 1
    (address,) = ends(here)
    stranger = signed_in(app, users["manager"])
    assert stranger.post(address).status_code == 404
    assert is_in(there)
    assert here.post(address).location == "/account"
    assert "The session on Chrome on Android has ended." in here.get("/account").text
    assert is_in(here) and not is_in(there)
    assert ends(here) == []
    assert here.post(address).status_code == 404


def test_all_other_sessions_are_ended_at_once_and_ones_own_stays(app, users):
    here = signed_in(app, users["administrator"])
    others = [signed_in(app, users["administrator"], CHROME) for _ in range(2)]
    assert here.post("/account/sessions/end-others").location == "/account"
    assert is_in(here) and not any(is_in(other) for other in others)


def test_signing_out_ends_the_session_for_a_copy_of_its_cookie_too(app, users):
    """A cookie alone would open the account until it is too old, signed out or not."""
    one = signed_in(app, users["manager"])
    cookie = one.get_cookie("surveyapp")
    assert cookie is not None
    copy = app.test_client()
    copy.set_cookie("surveyapp", cookie.value)
    assert is_in(copy)
    one.post("/sign-out")
    assert not is_in(copy)


def test_each_sign_in_begins_a_session_with_a_key_of_its_own(app, users):
    keys = set()
    for _ in range(2):
        with signed_in(app, users["manager"]).session_transaction() as session:
            keys.add(session["_user_id"])
    assert len(keys) == 2


def test_a_session_that_lay_idle_is_over(app, users, monkeypatch):
    client = signed_in(app, users["manager"])
    minutes, real = 0, app.session_interface.get_signing_serializer(app).make_signer

    def get_timestamp(self) -> int:
        return int(installation_now(app).timestamp()) + 60 * minutes

    monkeypatch.setattr(type(real("salt")), "get_timestamp", get_timestamp)
    for passed in (20, 40, 60):  # never idle for as long as 30 minutes
        minutes = passed
        assert is_in(client)
    minutes = 91
    assert not is_in(client)


def installation_now(app: Flask):
    return app.extensions[EXTENSION].now()


def test_reading_pages_writes_nothing_but_once_an_hour(app, users, installation):
    client = signed_in(app, users["manager"])
    written: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith("SELECT"):
            written.append(statement)

    event.listen(installation.store.engine, "before_cursor_execute", note)
    for _ in range(3):
        client.get("/account")
    assert written == []
    with installation.store.writing() as session:
        for row in session.query(UserSession):
            row.seen_at -= timedelta(hours=2)
    written.clear()
    for _ in range(3):
        client.get("/account")
    event.remove(installation.store.engine, "before_cursor_execute", note)
    assert [statement.split()[:2] for statement in written] == [["UPDATE", "sessions"]]
