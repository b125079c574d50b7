"""Threat 16: a password alone does not sign in who has a second factor, nor whose role requires one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from surveyapp.app import create_app
from surveyapp.errors import SettingsError
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.columns import utc_now
from surveyapp.store.models import RecoveryCode, Throttle, TotpSecret, User
from surveyapp.web.installation import EXTENSION
from tests.validity import faults
from tests.web.world import PASSWORD, add_user


class Clock:
    """Time that passes when a test says so, since a code is good once."""

    passed = timedelta()

    def __call__(self):
        return utc_now() + self.passed


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def app(
    clock: Clock, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    home = tmp_path_factory.mktemp("home")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    made = create_app(
        read({}, home=home, log_level="ERROR", second_factor_roles="administrator, researcher")
    )
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    installation: Installation = made.extensions[EXTENSION]
    object.__setattr__(installation, "now", clock)
    with installation.store.writing() as session:
        for role in ("administrator", "manager"):
            add_user(session, role)
    yield made
    installation.close()


@pytest.fixture(autouse=True)
def fresh(app: Flask, clock: Clock) -> None:
    clock.passed += timedelta(minutes=5)
    with app.extensions[EXTENSION].store.writing() as session:
        for table in (Throttle, TotpSecret, RecoveryCode):
            session.execute(delete(table))


def password_in(app: Flask, role: str = "manager", **form: str) -> tuple[FlaskClient, str]:
    client = app.test_client()
    sent = {"email": f"{role}@example.org", "password": PASSWORD, **form}
    return client, client.post("/sign-in", data=sent).location


def with_app(app: Flask, clock: Clock, role: str = "manager") -> tuple[pyotp.TOTP, list[str]]:
    """Set an app up by its page; the app and the recovery codes."""
    client, _ = password_in(app, role)
    assert client.post("/account/second-factor/begin").status_code == 303
    page = client.get("/account/second-factor").text
    assert "<svg" in page and "viewBox" in page and " style=" not in page
    assert faults(page) == []
    made = pyotp.TOTP(re.findall(r'id="totp-key">(\w+)<', page)[0])
    wrong = client.post("/account/second-factor/confirm", data={"code": "000000"})
    assert wrong.status_code == 422 and "Check the clock" in wrong.text
    shown = client.post("/account/second-factor/confirm", data={"code": made.at(clock())})
    codes = re.findall(r"<code>([a-z0-9-]{19})</code>", shown.text)
    assert len(codes) == 10 and faults(shown.text) == []
    page = client.get("/account/second-factor").text
    assert made.secret not in page and "10 recovery codes left" in page and faults(page) == []
    clock.passed += timedelta(minutes=1)
    return made, codes


def test_the_password_alone_opens_nothing(app: Flask, clock: Clock):
    made, _ = with_app(app, clock)
    client, onward = password_in(app, next="/cases?x=1")
    assert onward == "/sign-in/code"
    assert client.get("/journeys").status_code == client.get("/account").status_code == 303
    assert client.post("/sign-in/code", data={"code": "000000"}).status_code == 422
    done = client.post("/sign-in/code", data={"code": made.at(clock())})
    assert (done.status_code, done.location) == (303, "/cases?x=1")
    assert client.get("/journeys").status_code == 200


def test_a_code_that_somebody_looked_on_at_is_worth_nothing(app: Flask, clock: Clock):
    made, _ = with_app(app, clock)
    code = made.at(clock())
    first, _ = password_in(app)
    second, _ = password_in(app)
    assert first.post("/sign-in/code", data={"code": code}).status_code == 303
    assert second.post("/sign-in/code", data={"code": code}).status_code == 422


def test_a_recovery_code_signs_in_once(app: Flask, clock: Clock):
    _, codes = with_app(app, clock)
    for status in (303, 422):
        client, _ = password_in(app)
        assert client.post("/sign-in/code", data={"code": codes[0]}).status_code == status


def test_codes_are_not_guessed(app: Flask, clock: Clock):
    made, _ = with_app(app, clock)
    statuses = []
    for i in range(7):
        client, _ = password_in(app)
        statuses.append(client.post("/sign-in/code", data={"code": f"00000{i}"}).status_code)
    assert statuses == [422] * 5 + [429] * 2
    assert client.post("/sign-in/code", data={"code": made.at(clock())}).status_code == 429


def test_the_second_step_waits_ten_minutes_and_for_the_same_account(app: Flask, clock: Clock):
    made, _ = with_app(app, clock)
    stranger = app.test_client()
    assert stranger.get("/sign-in/code").location == "/sign-in"
    client, _ = password_in(app)
    clock.passed += timedelta(minutes=10)
    assert client.post("/sign-in/code", data={"code": made.at(clock())}).location == "/sign-in"
    client, _ = password_in(app)
    with app.extensions[EXTENSION].store.writing() as session:
        session.scalars(select(User).where(User.role == "manager")).one().session_epoch += 1
    assert client.post("/sign-in/code", data={"code": made.at(clock())}).location == "/sign-in"


def test_a_role_that_requires_it_reaches_its_own_account_alone(app: Flask, clock: Clock):
    client, onward = password_in(app, "administrator")
    assert onward == "/journeys"
    for path in ("/journeys", "/users", "/audit"):
        assert client.get(path).location == "/account/second-factor"
    assert "Your role requires a second factor" in client.get("/account/second-factor").text
    manager, _ = password_in(app, "manager")
    assert manager.get("/journeys").status_code == 200
    made, _ = with_app(app, clock, "administrator")
    client, _ = password_in(app, "administrator")
    client.post("/sign-in/code", data={"code": made.at(clock())})
    assert client.get("/users").status_code == 200
    clock.passed += timedelta(minutes=1)
    wrong = client.post("/account/second-factor/off", data={"code": "000000"})
    assert (wrong.status_code, faults(wrong.text)) == (422, [])
    assert 'id="off-code-error"' in wrong.text and 'id="code-error"' not in wrong.text
    off = client.post("/account/second-factor/off", data={"code": made.at(clock())})
    assert off.status_code == 303
    assert client.get("/users").location == "/account/second-factor"


def test_an_administrator_resets_it_for_who_lost_it(app: Flask, clock: Clock):
    made, _ = with_app(app, clock)
    inside, _ = password_in(app)
    inside.post("/sign-in/code", data={"code": made.at(clock())})
    theirs, _ = with_app(app, clock, "administrator")
    client, _ = password_in(app, "administrator")
    client.post("/sign-in/code", data={"code": theirs.at(clock())})
    with app.extensions[EXTENSION].store.reading() as session:
        user = session.scalars(select(User).where(User.role == "manager")).one()
    page = f"/users/{user.id}"
    assert "Reset second factor" in client.get(page).text
    assert client.post(f"{page}/second-factor").location == page
    assert "Not set up." in client.get(page).text
    assert "Reset second factor" in client.get("/audit").text
    assert inside.get("/journeys").status_code == 303
    assert password_in(app)[1] == "/journeys"


def test_a_role_that_does_not_exist_is_refused_at_the_start():
    with pytest.raises(SettingsError, match="'admin' is no role"):
        read({"SURVEYAPP_SECOND_FACTOR_ROLES": "admin"})
