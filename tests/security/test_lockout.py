"""Threats 16 and 30: guessing is held back everywhere at once, and locks nobody out of their account."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from surveyapp.app import create_app
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.models import Throttle, User
from surveyapp.web.installation import EXTENSION
from tests.web.world import PASSWORD, add_user

EMAIL = "administrator@example.org"
SECRET = "sphinx of black quartz judges this vow"


@pytest.fixture(scope="module")
def apps(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Flask]]:
    """Two processes' applications on one database."""
    home = tmp_path_factory.mktemp("home")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    made = [
        create_app(read({}, home=home, secret_key=SECRET, log_level=level))
        for level in ("WARNING", "ERROR")
    ]
    for app in made:
        app.testing = True
        app.config["WTF_CSRF_ENABLED"] = False
    yield made
    for app in made:
        app.extensions[EXTENSION].close()


@pytest.fixture(scope="module")
def user(apps: list[Flask]) -> User:
    with apps[0].extensions[EXTENSION].store.writing() as session:
        return add_user(session, "administrator")


@pytest.fixture(autouse=True)
def no_attempts(apps: list[Flask]) -> None:
    installation: Installation = apps[0].extensions[EXTENSION]
    with installation.store.writing() as session:
        session.execute(delete(Throttle))


def send(client: FlaskClient, password: str, address: str = "192.0.2.1") -> int:
    form = {"email": EMAIL, "password": password}
    return client.post("/sign-in", data=form, environ_base={"REMOTE_ADDR": address}).status_code


def lock_out(apps: list[Flask], address: str = "198.51.100.{}") -> None:
    """Strangers guess until the account takes no more, by turns at two processes."""
    statuses = [
        send(apps[i % 2].test_client(), f"guess number {i}", address.format(i)) for i in range(11)
    ]
    assert statuses == [422] * 10 + [429]


def test_the_owner_gets_in_on_a_known_device_while_strangers_guess(apps, user):
    known = apps[0].test_client()
    assert send(known, PASSWORD) == 303
    known.post("/sign-out")
    lock_out(apps)
    assert send(apps[0].test_client(), PASSWORD) == 429
    assert send(known, PASSWORD) == 303


def test_the_owner_gets_in_although_somebody_at_the_same_address_guesses(apps, user):
    known = apps[0].test_client()
    assert send(known, PASSWORD) == 303
    known.post("/sign-out")
    lock_out(apps, "192.0.2.1")
    assert send(known, PASSWORD) == 303


def test_a_known_device_is_no_way_to_guess_more(apps, user):
    known = apps[0].test_client()
    assert send(known, PASSWORD) == 303
    known.post("/sign-out")
    statuses = [send(known, f"guess {i}", f"203.0.113.{i}") for i in range(12)]
    assert statuses == [422] * 10 + [429] * 2


def test_the_cookie_is_bound_to_account_and_key_and_opens_nothing(apps, user):
    known = apps[0].test_client()
    send(known, PASSWORD)
    cookie = known.get_cookie("surveyapp-device")
    assert cookie is not None and cookie.http_only
    thief = apps[0].test_client()
    thief.set_cookie("surveyapp-device", cookie.value)
    assert thief.get("/journeys").status_code == 303
    lock_out(apps)
    for forged in ("x", cookie.value[:-2], cookie.value.replace(".", "..", 1), "e30.e30.e30"):
        thief.set_cookie("surveyapp-device", forged)
        assert send(thief, PASSWORD) == 429


def test_refusals_are_logged_with_the_address_and_nothing_that_was_typed(apps, user, capsys):
    send(apps[0].test_client(), "my secret guess", "203.0.113.9")
    form = {"email": "mistyped-secret@example.org", "password": "x"}
    apps[0].test_client().post("/sign-in", data=form, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    told = capsys.readouterr().err
    lines = [json.loads(line) for line in told.splitlines()]
    assert [(each["event"], each["reason"], each["user"], each["address"]) for each in lines] == [
        ("sign-in refused", "wrong password", user.id, "203.0.113.9"),
        ("sign-in refused", "unknown account", None, "203.0.113.9"),
    ]
    assert "secret" not in told
