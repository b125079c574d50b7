"""Passkeys: registered, named, removed; what signs in by them, and every answer that must not."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from surveyapp.app import create_app
from surveyapp.auth.passkey_sites import Site, site_of
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.models import AuditEntry, Passkey, RecoveryCode, Throttle, User
from surveyapp.web.installation import EXTENSION
from tests.auth.authenticator import PRESENT, Authenticator
from tests.validity import faults
from tests.web.world import PASSWORD, add_user

BASE = "https://survey.northbank.example"
HERE = {"origin": BASE, "domain": "survey.northbank.example"}
MANAGER = {"email": "manager@example.org", "password": PASSWORD}


@pytest.fixture(scope="module")
def app(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    home = tmp_path_factory.mktemp("home")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    made = create_app(read({}, home=home, base_url=BASE, log_level="ERROR"))
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    made.config["SESSION_COOKIE_SECURE"] = False
    with made.extensions[EXTENSION].store.writing() as session:
        for role in ("administrator", "manager"):
            add_user(session, role)
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture(autouse=True)
def fresh(app: Flask) -> None:
    with app.extensions[EXTENSION].store.writing() as session:
        for table in (Throttle, Passkey, RecoveryCode):
            session.execute(delete(table))


def password_in(app: Flask, **form: str) -> tuple[FlaskClient, str]:
    client = app.test_client()
    return client, client.post("/sign-in", data={**MANAGER, **form}).location


def register(client: FlaskClient, device: Authenticator, name="Laptop", password=PASSWORD):
    options = client.post("/account/passkeys/options").text
    form = {"name": name, "current": password, "credential": device.registered(options)}
    return client.post("/account/passkeys", data=form)


def registered(app: Flask) -> Authenticator:
    client, _ = password_in(app)
    device = Authenticator(**HERE)
    assert register(client, device).status_code == 200
    return device


def sign(client: FlaskClient, device: Authenticator, **form: str):
    options = client.post("/sign-in/passkey/options").text
    return client.post("/sign-in/passkey", data={"credential": device.signed(options), **form})


def is_in(client: FlaskClient) -> bool:
    return client.get("/journeys").status_code == 200


def test_a_passkey_is_registered_named_used_and_removed(app: Flask):
    client, _ = password_in(app)
    device = Authenticator(**HERE)
    assert "You have no passkeys yet." in client.get("/account/passkeys").text
    shown = register(client, device, "Work laptop <b>")
    assert len(re.findall(r"<code>([a-z0-9-]{19})</code>", shown.text)) == 10
    assert faults(shown.text) == []
    second = Authenticator(**HERE)
    assert register(client, second, "Key").location == "/account/passkeys"
    page = client.get("/account/passkeys").text
    assert "Work laptop &lt;b&gt;" in page and faults(page) == []
    fresh = app.test_client()
    done = sign(fresh, device, next="/cases")
    assert (done.status_code, done.location) == (303, "/cases")
    assert is_in(fresh)
    (address, _) = re.findall(r'action="(/account/passkeys/\d+/remove)"', page)
    stranger, _ = password_in(app, email="administrator@example.org")
    assert stranger.post(address).status_code == 404
    assert client.post(address).status_code == 303
    assert (
        not is_in(signed_out := app.test_client()) and sign(signed_out, device).status_code == 303
    )
    assert not is_in(signed_out)
    with app.extensions[EXTENSION].store.reading() as session:
        log = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert {"add passkey", "remove passkey"} <= {entry.action for entry in log}
    assert {"by": "passkey"} in [entry.detail for entry in log]


def test_a_passkey_is_a_second_factor_too(app: Flask):
    device = registered(app)
    client, onward = password_in(app, next="/cases")
    assert onward == "/sign-in/code"
    assert not is_in(client)
    page = client.get("/sign-in/code").text
    assert "Use a passkey" in page and faults(page) == []
    asked = json.loads(client.post("/sign-in/passkey/options").text)
    assert len(asked["allowCredentials"]) == 1
    assert sign(client, device).location == "/cases"
    assert is_in(client)


def test_a_passkey_of_another_account_is_no_second_step(app: Flask):
    device = registered(app)
    other, _ = password_in(app, email="administrator@example.org")
    theirs = Authenticator(**HERE)
    assert register(other, theirs).status_code == 200
    client, _ = password_in(app)
    assert sign(client, theirs).location == "/sign-in/code"
    assert not is_in(client)
    assert sign(client, device).status_code == 303 and is_in(client)


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://survey.northbank.example"},
        {"domain": "northbank.example"},
        {"flags": PRESENT},  # nobody's finger, face or PIN
        {"flags": 0},
        {"user_handle": b"somebody else"},
        {"key": Authenticator(**HERE).key},
        {"credential_id": b"never registered"},
        {"count": -1},  # a copy that has signed less often than the original
    ],
    ids=lambda bent: next(iter(bent)),
)
def test_an_answer_that_is_not_right_signs_nobody_in(app: Flask, bent: dict):
    device = registered(app)
    device.count = 5
    assert is_in_after(app, device)
    client = app.test_client()
    assert sign(client, replace(device, **bent)).location == "/sign-in"
    assert not is_in(client)
    assert is_in_after(app, device)


def is_in_after(app: Flask, device: Authenticator) -> bool:
    client = app.test_client()
    sign(client, device)
    return is_in(client)


def test_a_signature_is_good_once_and_for_its_challenge(app: Flask):
    device = registered(app)
    client = app.test_client()
    options = client.post("/sign-in/passkey/options").text
    before = client.get_cookie("surveyapp") or client.get_cookie("__Host-surveyapp")
    assert before is not None
    signed = device.signed(options)
    other = app.test_client()
    other.post("/sign-in/passkey/options")
    assert other.post("/sign-in/passkey", data={"credential": signed}).location == "/sign-in"
    assert client.post("/sign-in/passkey", data={"credential": signed}).location == "/journeys"
    thief = app.test_client()
    thief.set_cookie(before.key, before.value)  # the session of before, with its challenge
    device.count = 0
    with app.extensions[EXTENSION].store.writing() as session:
        session.scalars(select(Passkey)).one().sign_count = 0  # a passkey that does not count
    again = thief.post("/sign-in/passkey", data={"credential": signed})
    assert again.location == "/sign-in" and not is_in(thief)
    assert not is_in(other)


@pytest.mark.parametrize("bent", [{"origin": "https://evil.example"}, {"flags": PRESENT}])
def test_a_passkey_of_another_site_is_not_registered(app: Flask, bent: dict):
    client, _ = password_in(app)
    answer = register(client, Authenticator(**{**HERE, **bent}))
    assert answer.status_code == 422 and "could not be registered" in answer.text


def test_registering_takes_the_password_a_challenge_and_a_new_passkey(app: Flask):
    client, _ = password_in(app)
    device = Authenticator(**HERE)
    wrong = register(client, device, password="not the password")
    assert wrong.status_code == 422 and "present password" in wrong.text
    options = client.post("/account/passkeys/options").text
    form = {"name": "A", "current": PASSWORD, "credential": device.registered(options)}
    assert client.post("/account/passkeys", data=form).status_code == 200
    assert client.post("/account/passkeys", data=form).status_code == 422  # the challenge is used
    twice = register(client, device)
    assert twice.status_code == 422 and "registered already" in twice.text


@pytest.mark.parametrize(
    "junk", ["", "{}", "[]", "null", "x" * 30_000, '{"id": 1}', '{"id":"YQ","rawId":"YQ"}']
)
def test_junk_is_refused_and_told(app: Flask, junk: str):
    device = registered(app)
    client = app.test_client()
    client.post("/sign-in/passkey/options")
    assert client.post("/sign-in/passkey", data={"credential": junk}).location == "/sign-in"
    good = json.loads(device.signed(client.post("/sign-in/passkey/options").text))
    for part in good["response"]:
        client.post("/sign-in/passkey/options")
        sent = {**good, "response": {**good["response"], part: "gKCg"}}
        assert (
            client.post("/sign-in/passkey", data={"credential": json.dumps(sent)}).status_code
            == 303
        )
        assert not is_in(client)
        with app.extensions[EXTENSION].store.writing() as session:
            session.execute(delete(Throttle))


def test_a_reset_and_a_closed_account_end_it(app: Flask):
    device = registered(app)
    administrator, _ = password_in(app, email="administrator@example.org")
    installation: Installation = app.extensions[EXTENSION]
    with installation.store.reading() as session:
        user = session.scalars(select(User).where(User.role == "manager")).one()
    administrator.post(f"/users/{user.id}/close")
    assert not is_in_after(app, device)
    administrator.post(f"/users/{user.id}/reopen")
    assert is_in_after(app, device)
    administrator.post(f"/users/{user.id}/second-factor")
    assert not is_in_after(app, device)
    assert password_in(app)[1] == "/journeys"


def test_where_passkeys_can_be():
    assert site_of("https://Ask.example.org:8443/x") == Site(
        "ask.example.org", "https://ask.example.org:8443"
    )
    assert site_of("http://localhost:8000") == Site("localhost", "http://localhost:8000")
    for base in ("http://127.0.0.1:8000", "https://[::1]", "http://ask.example.org"):
        assert site_of(base) is None


def test_where_none_can_be_the_page_says_so(app: Flask, migrated_sqlite: Path, tmp_path: Path):
    shutil.copy(migrated_sqlite, tmp_path / "surveyapp.db")
    made = create_app(read({}, home=tmp_path, log_level="ERROR"))
    made.config["WTF_CSRF_ENABLED"] = False
    with made.extensions[EXTENSION].store.writing() as session:
        add_user(session, "manager")
    client, _ = password_in(made)
    assert "Passkeys need a public address" in client.get("/account/passkeys").text
    assert client.post("/account/passkeys/options").status_code == 409
    made.extensions[EXTENSION].close()
