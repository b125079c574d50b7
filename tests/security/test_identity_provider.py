"""Signing in by a real OpenID provider: what is sent there, and what is believed of what comes back."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.integrations.flask_client import FlaskOAuth2App
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from surveyapp.app import create_app
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.models import AuditEntry, Throttle
from surveyapp.web.installation import EXTENSION
from tests.validity import faults
from tests.web.world import PASSWORD, add_user

# The provider answers in a thread of this process, by methods that the next Authlib will not have.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")

BASE = "https://survey.northbank.example"
CALLBACK = "/sign-in/provider/callback"
SECRET = "a client's secret of forty characters...."
ADA = {"email": "ada@northbank.example", "email_verified": True, "name": "Ada", "groups": ["staff"]}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of an OpenID provider in a thread."""
    with warnings.catch_warnings():
        # It imports parts of Authlib that are to be replaced, and Authlib asks to be heard always.
        from authlib.deprecate import AuthlibDeprecationWarning

        warnings.simplefilter("ignore", AuthlibDeprecationWarning)
        import oidc_provider_mock as mock
    people = [
        mock.User(sub="ada", claims=ADA),
        mock.User(sub="bo", claims={**ADA, "email": "bo@northbank.example", "groups": []}),
    ]
    with mock.run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


def made(migrated: Path, home: Path, provider: str, **settings: object) -> Flask:
    shutil.copy(migrated, home / "surveyapp.db")
    oidc = {"oidc_issuer": provider, "oidc_client_id": "surveyapp", "oidc_client_secret": SECRET}
    given = {"base_url": BASE, "oidc_roles": "staff=manager", **oidc, **settings}
    app = create_app(read({}, home=home, log_level="WARNING", **given))
    app.testing = True
    app.config["WTF_CSRF_ENABLED"] = False
    app.config["SESSION_COOKIE_SECURE"] = False
    return app


@pytest.fixture(scope="module")
def app(provider: str, migrated_sqlite: Path, tmp_path_factory) -> Iterator[Flask]:
    app = made(migrated_sqlite, tmp_path_factory.mktemp("home"), provider)
    yield app
    app.extensions[EXTENSION].close()


@pytest.fixture(autouse=True)
def no_attempts(app: Flask) -> None:
    with app.extensions[EXTENSION].store.writing() as session:
        session.execute(delete(Throttle))


def sent(client: FlaskClient, query: str = "", **headers: str) -> str:
    answer = client.get(f"/sign-in/provider{query}", headers=headers)
    assert answer.status_code == 303
    return str(answer.location)


def back(address: str, who: str = "ada", **form: str) -> str:
    """The path that the provider leads back to once somebody has signed in there."""
    answered = requests.post(address, data={"sub": who, **form}, allow_redirects=False, timeout=10)
    assert answered.status_code == 302
    location = answered.headers["Location"]
    assert location.startswith(f"{BASE}{CALLBACK}?")
    return location.removeprefix(BASE)


def is_in(client: FlaskClient) -> bool:
    return client.get("/journeys").status_code == 200


def test_one_signs_in_and_goes_on_to_the_page_that_was_wanted(app: Flask, provider: str):
    client = app.test_client()
    page = client.get("/sign-in?next=/cases").text
    assert 'href="/sign-in/provider?next=/cases"' in page and faults(page) == []
    address = sent(client, "?next=/cases")
    asked = parse_qs(urlsplit(address).query)
    assert address.startswith(f"{provider}/oauth2/authorize?")
    assert asked["response_type"] == ["code"] and asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [BASE + CALLBACK]
    assert all(len(asked[name][0]) >= 20 for name in ("state", "nonce", "code_challenge"))
    elsewhere = parse_qs(urlsplit(sent(app.test_client(), Host="evil.example")).query)
    assert elsewhere["redirect_uri"] == [BASE + CALLBACK]
    done = client.get(back(address))
    assert (done.status_code, done.location) == (303, "/cases")
    assert is_in(client)
    assert client.get("/users").status_code == 403


def test_an_answer_is_good_once_and_for_the_browser_that_asked(app: Flask):
    client, other = app.test_client(), app.test_client()
    path = back(sent(client))
    sent(other)
    assert other.get(path).status_code == 403
    assert client.get(path).status_code == 303
    client.post("/sign-out")
    assert client.get(path).status_code == 403
    assert not is_in(client) and not is_in(other)


@pytest.mark.parametrize("name", ["state", "nonce", "code"])
def test_an_answer_that_was_changed_is_not_believed(app: Flask, name: str, capsys):
    client = app.test_client()
    path = back(sent(client))
    if name == "nonce":
        with client.session_transaction() as session:
            (key,) = [key for key in session if key.startswith("_state_")]
            session[key] = {**session[key], "data": {**session[key]["data"], "nonce": "other"}}
    else:
        query = parse_qs(urlsplit(path).query)
        path = path.replace(query[name][0], "forged")
    answer = client.get(path)
    assert answer.status_code == 403 and "You are not signed in" in answer.text
    assert faults(answer.text) == []
    assert not is_in(client)
    assert "sign-in refused" in capsys.readouterr().err


def test_who_cancels_or_has_no_group_is_told_so(app: Flask):
    client = app.test_client()
    cancelled = client.get(back(sent(client), action="deny"))
    assert cancelled.status_code == 403 and "cancelled" in cancelled.text
    refused = client.get(back(sent(client), "bo"))
    assert refused.status_code == 403 and "Ask an administrator" in refused.text
    assert client.get(CALLBACK).status_code == 403


def test_no_token_and_no_secret_reach_page_log_and_audit(app: Flask, capsys):
    client = app.test_client()
    path = back(sent(client))
    code = parse_qs(urlsplit(path).query)["code"][0]
    client.get(path)
    client.get(path)
    told = capsys.readouterr().err + client.get("/account").text + client.get("/sign-in").text
    with app.extensions[EXTENSION].store.reading() as session:
        told += str([vars(entry) for entry in session.scalars(select(AuditEntry))])
    told += str(app.extensions[EXTENSION].settings.shown())
    assert SECRET not in told and code not in told


def test_a_provider_that_is_away_or_another_is_told(
    app: Flask, provider: str, migrated_sqlite: Path, tmp_path: Path, monkeypatch
):
    away = made(migrated_sqlite, tmp_path, "http://localhost:9")
    refused = [away.test_client().get("/sign-in/provider")]
    away.extensions[EXTENSION].close()
    path = back(sent(client := app.test_client()))
    other = {"issuer": "https://evil.example", "authorization_endpoint": "https://evil.example/"}
    monkeypatch.setattr(FlaskOAuth2App, "load_server_metadata", lambda _client: other)
    refused += [client.get(path), app.test_client().get("/sign-in/provider")]
    assert [answer.status_code for answer in refused] == [403] * 3
    assert "cannot be reached" in refused[0].text
    assert not is_in(client)


def test_passwords_can_be_switched_off(provider: str, migrated_sqlite: Path, tmp_path: Path):
    app = made(migrated_sqlite, tmp_path, provider, local_passwords=False)
    installation: Installation = app.extensions[EXTENSION]
    with installation.store.writing() as session:
        add_user(session, "administrator", email=ADA["email"], must_change_password=True)
    client = app.test_client()
    page = client.get("/sign-in").text
    assert "Sign in with" in page and 'type="password"' not in page
    form = {"email": ADA["email"], "password": PASSWORD}
    assert client.post("/sign-in", data=form).status_code == 403
    assert client.get("/password-reset").status_code == 403
    assert client.get(back(sent(client))).status_code == 303
    assert is_in(client)  # nobody asks for the password to be changed
    assert client.get("/account/password").status_code == 403
    assert "Change password" not in client.get("/account").text
    installation.close()


def test_without_a_provider_there_is_no_such_way(tmp_path: Path):
    app = create_app(read({}, home=tmp_path, log_level="ERROR"))
    client = app.test_client()
    assert "Sign in with" not in client.get("/sign-in").text
    assert client.get("/sign-in/provider").status_code == client.get(CALLBACK).status_code == 404
    app.extensions[EXTENSION].close()
