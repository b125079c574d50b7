"""Threat 16: who holds an account is told by mail of what could let somebody else in, without a secret."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from surveyapp.app import create_app
from surveyapp.auth import totp
from surveyapp.distribution import outbox
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.models import AuditEntry, OutgoingMessage, Passkey, Throttle, User
from surveyapp.web.installation import EXTENSION
from tests.auth.authenticator import Authenticator
from tests.distribution.mail_server import Received, mail_server
from tests.security.test_passkeys import BASE, HERE, register
from tests.web.world import PASSWORD, add_user

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
HOSTILE = "<b>Firefox/1</b>\r\nBcc: x@y.example"
MANAGER = {"email": "manager@example.org", "password": PASSWORD}


@pytest.fixture(scope="module")
def mail() -> Iterator[tuple[str, Received]]:
    with mail_server() as found:
        yield found


@pytest.fixture(scope="module")
def app(migrated_sqlite: Path, mail, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    home = tmp_path_factory.mktemp("home")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    sends = {"smtp_url": f"smtp://{mail[0]}", "mail_from": "survey@northbank.example"}
    made = create_app(read({}, home=home, base_url=BASE, log_level="ERROR", **sends))
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
        for table in (Throttle, Passkey, OutgoingMessage):
            session.execute(delete(table))


def told(app: Flask, mail) -> list[tuple[str, str]]:
    """Subject and text of what leaves now, all to the account's own address."""
    installation: Installation = app.extensions[EXTENSION]
    mail[1].messages.clear()
    outbox.send_due(installation, installation.now())
    assert {str(each["To"]) for each in mail[1].messages} <= {MANAGER["email"]}
    found = []
    for each in mail[1].messages:
        body = each.get_body(("plain",))
        assert body is not None
        found.append((str(each["Subject"]), body.get_content().replace("\r\n", "\n")))
    return found


def signed_in(app: Flask, agent: str = FIREFOX) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = agent
    client.post("/sign-in", data=MANAGER)
    return client


def test_a_new_device_is_told_of_and_a_known_one_is_not(app: Flask, mail):
    client = signed_in(app)
    ((subject, text),) = told(app, mail)
    assert subject == "Your account was used from a new device"
    assert "From: Firefox on Linux\n" in text and " UTC\n" in text and BASE in text
    assert "set a new password" in text and PASSWORD not in text
    client.post("/sign-out")
    client.post("/sign-in", data=MANAGER)
    assert told(app, mail) == []
    signed_in(app, HOSTILE.replace("\r\n", " "))
    ((_, text),) = told(app, mail)
    assert "From: Firefox\n" in text and "<b>" not in text and "Bcc" not in text


def test_passkeys_are_told_of_and_can_be_renamed_by_their_owner_alone(app: Flask, mail):
    client = signed_in(app)
    told(app, mail)
    register(client, Authenticator(**HERE), name="Laptop")
    ((subject, text),) = told(app, mail)
    assert subject == "A passkey was added to your account" and "Laptop" not in text
    with app.extensions[EXTENSION].store.reading() as session:
        number = session.scalars(select(Passkey.id)).one()
    page = f"/account/passkeys/{number}/name"
    assert 'value="Laptop"' in client.get(page).text
    assert client.post(page, data={"name": "  "}).status_code == 422
    assert client.post(page, data={"name": "x" * 61}).status_code == 422
    assert client.post(page, data={"name": "Work  laptop"}).status_code == 303
    assert "Work laptop" in client.get("/account/passkeys").text
    other = app.test_client()
    other.post("/sign-in", data={**MANAGER, "email": "administrator@example.org"})
    assert other.post(page, data={"name": "Mine"}).status_code == 404
    with app.extensions[EXTENSION].store.writing() as session:
        session.execute(delete(OutgoingMessage))
        assert session.scalars(
            select(AuditEntry).where(AuditEntry.action == "rename passkey")
        ).one()
    client.post(f"/account/passkeys/{number}/remove")
    assert [each for each, _ in told(app, mail)] == ["A passkey was removed from your account"]


def test_an_app_new_codes_and_passwords_are_told_of(app: Flask, mail, monkeypatch):
    client = signed_in(app)
    told(app, mail)
    monkeypatch.setattr(totp, "check", lambda *_, **__: True)
    monkeypatch.setattr(totp, "confirm", lambda *_, **__: None)
    monkeypatch.setattr("surveyapp.auth.recovery_codes.renew", lambda *_: ["one-code"])
    steps = {
        "/account/second-factor/confirm": "An authenticator app was added to your account",
        "/account/second-factor/codes": "The recovery codes of your account were replaced",
        "/account/second-factor/off": "The authenticator app was removed from your account",
    }
    for page, subject in steps.items():
        client.post(page, data={"code": "123456"})
        ((found, text),) = told(app, mail)
        assert found == subject and "123456" not in text and "one-code" not in text
    new = "nine tall ships sailing"
    changed = {"current": PASSWORD, "password": new, "again": new}
    assert client.post("/account/password", data=changed).status_code == 303
    ((found, text),) = told(app, mail)
    assert found == "Your password was changed" and new not in text
    administrator = app.test_client()
    administrator.post("/sign-in", data={**MANAGER, "email": "administrator@example.org"})
    with app.extensions[EXTENSION].store.writing() as session:
        session.execute(delete(OutgoingMessage))
        user = session.scalars(select(User).where(User.email == MANAGER["email"])).one()
    once = administrator.post(f"/users/{user.id}/password").text
    administrator.post(f"/users/{user.id}/second-factor")
    mails = told(app, mail)
    assert [each for each, _ in mails] == [
        "An administrator reset your password",
        "An administrator reset your second factor",
    ]
    assert all("<code>" not in text and "ask your administrator" in text for _, text in mails)
    assert not any(word in text for _, text in mails for word in once.split() if len(word) > 18)
