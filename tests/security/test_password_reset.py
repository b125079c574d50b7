"""Threats 15 and 16: a link that replaces a password is good once, short-lived, and only in the mail."""

from __future__ import annotations

import re
import shutil
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select, text

from surveyapp.app import create_app
from surveyapp.auth import password_resets
from surveyapp.auth.passwords import hash_password
from surveyapp.distribution import outbox
from surveyapp.errors import NotFound
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, OutgoingMessage, PasswordReset, Throttle, User
from surveyapp.web.installation import EXTENSION
from tests.distribution.mail_server import Received, mail_server
from tests.installations import installation_on
from tests.web.world import PASSWORD, add_user

BASE = "https://survey.northbank.example"
EMAIL = "manager@example.org"
NEW = "nine tall ships sailing"


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
        add_user(session, "manager")
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture
def installation(app: Flask) -> Installation:
    found: Installation = app.extensions[EXTENSION]
    with found.store.writing() as session:
        session.execute(delete(Throttle))
        session.execute(delete(PasswordReset))
        session.execute(delete(OutgoingMessage))
        user = session.scalars(select(User)).one()
        user.password_hash = hash_password(PASSWORD)
    return found


def asked(app: Flask, email: str = EMAIL, **headers: str):
    return app.test_client().post("/password-reset", data={"email": email}, headers=headers)


def mailed_link(app: Flask, mail) -> str:
    """The path of the link in the only mail with one that leaves now."""
    _, received = mail
    received.messages.clear()
    found: Installation = app.extensions[EXTENSION]
    outbox.send_due(found, found.now())
    (message,) = [each for each in received.messages if "Reset" in str(each["Subject"])]
    assert message["To"] == EMAIL
    body = message.get_body(("plain",))
    assert body is not None
    (link,) = re.findall(r"https?://\S+/password-reset/\S+", body.get_content())
    assert link.startswith(f"{BASE}/password-reset/")
    return link.removeprefix(BASE)


def choose(app: Flask, path: str, password: str = NEW, again: str | None = None):
    return app.test_client().post(path, data={"password": password, "again": again or password})


def sign_in(app: Flask, password: str):
    client = app.test_client()
    answer = client.post("/sign-in", data={"email": EMAIL, "password": password})
    return answer.status_code, client


def test_a_link_replaces_the_password_once_and_ends_all_sessions(app, installation, mail):
    _, elsewhere = sign_in(app, PASSWORD)
    assert elsewhere.get("/journeys").status_code == 200
    assert asked(app).location == "/password-reset/asked"
    path = mailed_link(app, mail)
    for _ in range(2):  # a scanner of mails looks at it first
        page = app.test_client().get(path)
        assert page.status_code == 200 and page.headers["Referrer-Policy"] == "no-referrer"
    done = choose(app, path)
    assert (done.status_code, done.location) == (303, "/sign-in")
    assert elsewhere.get("/journeys").status_code == 303
    assert sign_in(app, PASSWORD)[0] == 422
    assert sign_in(app, NEW)[0] == 303
    assert choose(app, path, "another good one").status_code == 404
    assert sign_in(app, NEW)[0] == 303


def test_the_host_header_does_not_reach_the_link(app, installation, mail):
    """The link's beginning is checked by ``mailed_link``."""
    asked(app, Host="evil.example")
    mailed_link(app, mail)
    asked(app, **{"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"})
    mailed_link(app, mail)


def test_strangers_get_the_same_answer_as_those_with_an_account(app, installation):
    known, unknown = asked(app), asked(app, "nobody@example.org")
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert known.text == unknown.text
    assert [name for name, _ in known.headers] == [name for name, _ in unknown.headers]


def test_strangers_wait_as_long_as_those_with_an_account(app, installation):
    def seconds(email: str) -> float:
        with installation.store.writing() as session:
            session.execute(delete(Throttle))
        start = time.process_time()
        asked(app, email)
        return time.process_time() - start

    seconds(EMAIL)
    known, unknown = (
        statistics.median(seconds(email) for _ in range(5))
        for email in (EMAIL, "nobody@example.org")
    )
    assert 0.4 < unknown / known < 2.5


def test_the_database_holds_nothing_that_opens(app, installation, mail):
    asked(app)
    token = mailed_link(app, mail).rpartition("/")[2]
    with installation.store.reading() as session:
        for table in ("password_resets", "outgoing_messages", "audit_entries"):
            rows = str(session.execute(text(f"SELECT * FROM {table}")).all())  # noqa: S608
            assert token not in rows
        (row,) = session.scalars(select(PasswordReset))
        (message,) = session.scalars(select(OutgoingMessage))
        for stored in (row.token_hash, message.content["seed"], message.key):
            assert choose(app, f"/password-reset/{stored}").status_code == 404


def test_a_weak_or_mistyped_password_uses_the_link_not_up(app, installation, mail):
    asked(app)
    path = mailed_link(app, mail)
    for password, again, words in (
        ("short", None, "at least 12"),
        ("Password1234!", None, "similar to a commonly used password"),
        (NEW, "typo", "do not match"),
    ):
        answer = choose(app, path, password, again)
        assert answer.status_code == 422 and words in answer.text
    assert choose(app, path).status_code == 303


def test_asking_is_limited_whether_or_not_there_is_an_account(app, installation):
    for email in (EMAIL, "nobody@example.org"):
        with installation.store.writing() as session:
            session.execute(delete(Throttle))
        assert [asked(app, email).status_code for _ in range(5)] == [303] * 3 + [429] * 2


def test_without_mail_the_page_says_what_to_do(tmp_path: Path):
    app = create_app(read({}, home=tmp_path, log_level="ERROR"))
    page = app.test_client().get("/password-reset")
    assert page.status_code == 200 and "Ask an administrator" in page.text
    app.extensions[EXTENSION].close()


def test_a_link_is_over_after_an_hour_and_for_closed_accounts(store: Store):
    start, minutes = utc_now(), 0
    installation = installation_on(store, now=lambda: start + timedelta(minutes=minutes))
    with store.writing() as session:
        user = add_user(session, "manager")
        add_user(session, "researcher", active=False)
    for email in (EMAIL, "researcher@example.org", "nobody@example.org"):
        with store.writing() as session:
            password_resets.ask(session, email, installation)
    with store.reading() as session:
        (message,) = session.scalars(select(OutgoingMessage))
        told = [
            entry.subject for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        ]
    assert told == [f"user {EMAIL}", "nobody", "nobody"]
    mail = password_resets.mail(message.content, installation)
    token = re.findall(r"/password-reset/(\S+)", mail.text)[0]
    minutes = 59
    with store.reading() as session:
        found = password_resets.holder(session, token, now=installation.now())
    assert found.user_id == user.id
    minutes = 60
    with store.reading() as session, pytest.raises(NotFound):
        password_resets.holder(session, token, now=installation.now())
    minutes = 30
    with store.writing() as session:
        session.get_one(User, user.id).active = False
        session.flush()
        with pytest.raises(NotFound):
            password_resets.finish(session, token, "x", now=installation.now())
