"""Signing in: by the right password only, not too often, telling strangers nothing."""

from __future__ import annotations

import re
import statistics
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.store.models import AuditEntry, User
from tests.web.conftest import World
from tests.web.world import PASSWORD, add_user


@pytest.fixture
def user(installation: Installation) -> User:
    with installation.store.writing() as session:
        return add_user(session, "administrator")


def send(client: FlaskClient, password: str = PASSWORD, **other: str):
    form = {"email": "administrator@example.org", "password": password, **other}
    return client.post("/sign-in", data=form)


def test_the_right_password_opens_the_journeys(app: Flask, user: User):
    client = app.test_client()
    answer = send(client)
    assert (answer.status_code, answer.location) == (303, "/journeys")
    assert client.get("/journeys").status_code == 200


def test_after_signing_in_one_goes_on_to_the_page_that_was_wanted(app: Flask, user: User):
    client = app.test_client()
    asked = client.get("/users?x=1")
    assert asked.location == "/sign-in?next=/users?x%3D1"
    assert 'value="/users?x=1"' in client.get(asked.location).text
    assert send(client, next="/users?x=1").location == "/users?x=1"


def test_one_is_never_sent_to_another_site(app: Flask, user: User):
    for target in ("//evil.example", "https://evil.example/journeys", "/\\evil.example"):
        assert send(app.test_client(), next=target).location == "/journeys"


def test_unknown_and_wrong_get_the_same_answer(app: Flask, user: User):
    wrong = send(app.test_client(), password="not the password")
    unknown = send(app.test_client(), email="nobody@example.org")
    assert wrong.status_code == unknown.status_code == 422
    typed = re.compile(r'value="[^"]*@example.org"')
    assert typed.sub("", wrong.text) == typed.sub("", unknown.text)


def test_unknown_and_wrong_take_the_same_time(full_cost: None, app: Flask, user: User):
    """An unknown account costs a hash too; without it the difference would be a factor of fifty."""
    client = app.test_client()

    def seconds(**form: str) -> float:
        start = time.process_time()  # what the server works; other processes do not disturb it
        send(client, **form)
        return time.process_time() - start

    seconds(password="warm up")
    pairs = [
        (seconds(password="wrong password"), seconds(email=f"nobody{i}@example.org"))
        for i in range(3)
    ]
    wrong, unknown = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert 0.4 < unknown / wrong < 2.5


def test_guessing_one_account_is_held_back_whatever_the_address(app: Flask, user: User):
    statuses = [
        app.test_client().post(
            "/sign-in",
            data={"email": "administrator@example.org", "password": f"guess number {i}"},
            environ_base={"REMOTE_ADDR": f"192.0.2.{i}"},
        ).status_code
        for i in range(12)
    ]  # fmt: skip
    assert statuses == [422] * 10 + [429] * 2


def test_guessing_from_one_address_is_held_back_whatever_the_account(app: Flask):
    statuses = [
        app.test_client().post(
            "/sign-in", data={"email": f"nobody{i}@example.org", "password": "a guess"}
        ).status_code
        for i in range(12)
    ]  # fmt: skip
    assert statuses == [422] * 10 + [429] * 2


def test_signing_in_rightly_is_not_counted_as_guessing(app: Flask, user: User):
    assert {send(app.test_client()).status_code for _ in range(12)} == {303}


def test_a_forged_forwarding_header_does_not_get_round_the_limit(app: Flask):
    """Proxy headers are believed for a configured number of hops only; here for none."""
    statuses = [
        app.test_client().post(
            "/sign-in",
            data={"email": f"nobody{i}@example.org", "password": "a guess"},
            headers={"X-Forwarded-For": f"198.51.100.{i}"},
        ).status_code
        for i in range(12)
    ]  # fmt: skip
    assert statuses[-1] == 429


def test_the_session_of_before_is_gone_after_signing_in(app: Flask, user: User):
    """A session id or token that somebody planted before is worth nothing afterwards."""
    client = app.test_client()
    with client.session_transaction() as session:
        session["planted"] = "by an attacker"
        session["csrf_token"] = "known to an attacker"
    send(client)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session.get("csrf_token") != "known to an attacker"


def test_a_password_change_ends_all_other_sessions(app: Flask, user: User):
    one, other = app.test_client(), app.test_client()
    send(one)
    send(other)
    changed = one.post(
        "/account/password",
        data={"current": PASSWORD, "password": "another good one", "again": "another good one"},
    )
    assert changed.status_code == 303
    assert one.get("/journeys").status_code == 200
    assert other.get("/journeys").location == "/sign-in?next=/journeys"
    assert send(app.test_client()).status_code == 422
    assert send(app.test_client(), password="another good one").status_code == 303


def test_the_password_page_says_what_is_wrong(app: Flask, user: User):
    client = app.test_client()
    send(client)
    for form, words in (
        ({"current": "no", "password": "another good one", "again": "another good one"}, "present"),
        ({"current": PASSWORD, "password": "short", "again": "short"}, "at least 12"),
        ({"current": PASSWORD, "password": "another good one", "again": "typo"}, "do not match"),
        ({}, "Enter your current password"),
    ):
        answer = client.post("/account/password", data=form)
        assert answer.status_code == 422
        assert words in answer.text


def test_a_role_change_and_a_closure_end_the_session_at_once(app: Flask, world: World, sign_in):
    administrator = sign_in(world.users["administrator"])
    manager = sign_in(world.users["manager"])
    assert manager.get("/journeys").status_code == 200
    address = f"/users/{world.users['manager'].id}"
    assert administrator.post(address, data={"role": "researcher"}).status_code == 303
    assert manager.get("/journeys").status_code == 303
    researcher = sign_in(world.users["researcher"])
    administrator.post(f"/users/{world.users['researcher'].id}/close")
    assert researcher.get("/journeys").status_code == 303


def test_signing_out_and_signing_out_everywhere(app: Flask, user: User):
    one, other = app.test_client(), app.test_client()
    send(one)
    send(other)
    assert one.post("/sign-out").location == "/sign-in"
    assert one.get("/journeys").status_code == 303
    assert other.get("/journeys").status_code == 200
    other.post("/account/sign-out-everywhere")
    assert other.get("/journeys").status_code == 303


def test_a_session_that_was_tampered_with_is_no_session(app: Flask, user: User):
    for forged in ("1.0x", "1", "x.0", "-1.0", "1.-0", "99.0", "1.7", "١.٠"):
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = forged
        assert client.get("/journeys").status_code == 303, forged
    client = app.test_client()
    client.set_cookie("surveyapp", "eyJfdXNlcl9pZCI6IjEuMCJ9.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb")
    assert client.get("/journeys").status_code == 303


def test_sign_ins_and_refusals_are_in_the_audit_log_without_what_was_typed(
    app: Flask, user: User, installation: Installation
):
    send(app.test_client(), password="a secret guess")
    send(app.test_client(), email="typed-by-mistake@example.org")
    send(app.test_client())
    with installation.store.reading() as session:
        entries = list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))
        told = [(entry.action, entry.subject) for entry in entries]
        everything = "".join(f"{entry.subject}{entry.detail}" for entry in entries)
    assert told == [
        ("refuse sign-in", "user administrator@example.org"),
        ("refuse sign-in", "nobody"),
        ("sign in", "user administrator@example.org"),
    ]
    assert "secret" not in everything and "mistake" not in everything


def test_an_administrator_makes_an_account_whose_password_works_once(app: Flask, user: User):
    client = app.test_client()
    send(client)
    made = client.post(
        "/users/new", data={"name": "Bo", "email": "bo@example.org", "role": "manager"}
    )
    password = re.search(r'id="one-time-password">([^<]+)<', made.text)[1]
    bo = app.test_client()
    assert send(bo, email="bo@example.org", password=password).status_code == 303
    assert bo.get("/journeys").location == "/account/password"
    bo.post(
        "/account/password",
        data={"current": password, "password": "bo's own words", "again": "bo's own words"},
    )
    assert bo.get("/journeys").status_code == 200
    assert password not in client.get("/audit").text


def test_a_new_installation_says_how_the_first_account_is_made(app: Flask):
    assert "surveyapp user create" in app.test_client().get("/sign-in").text
