"""Lists on their page: looked at first, asked by consent, once; mail that came back is noted."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveyapp.app import create_app
from surveyapp.installation import Installation
from surveyapp.sampling.opt_outs import opt_out
from surveyapp.settings import read
from surveyapp.store.models import Contact, SurveyRow, User
from surveyapp.surveys.links import pseudonym
from surveyapp.web.installation import EXTENSION
from tests.distribution.makers import BASE, NOW, SENDER, asked, make_survey, message, messages
from tests.grants import on_all_journeys
from tests.web.respondents import parsed
from tests.web.world import session_key

LIST = (
    "customer_ref;email;language;region\n"
    "1001;ada@example.org;en;North\n"
    "1002;bob@example.org;;South\n"
    "1002;bob@example.org;;South\n"
    "1003;no address;;North\n"
    "1004;left@example.org;;North\n"
)


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    settings = read({}, home=tmp_path, database_url=database_url, base_url=BASE, mail_from=SENDER)
    made = create_app(settings)
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture
def installation(app: Flask) -> Installation:
    return app.extensions[EXTENSION]


def signed_in(
    app: Flask, installation: Installation, email: str = "rita@northbank.example"
) -> FlaskClient:
    with installation.store.writing() as session:
        user = User(email=email, name="Rita", role="researcher", password_hash="x")
        session.add(user)
        session.flush()
        on_all_journeys(session, user)
    client = app.test_client()
    with client.session_transaction() as signed:
        signed["_user_id"] = session_key(installation, user)
    return client


@pytest.fixture
def client(app: Flask, installation: Installation) -> FlaskClient:
    return signed_in(app, installation)


def page(survey: SurveyRow, rest: str = "") -> str:
    return f"/journeys/{survey.journey_id}/surveys/{survey.id}/campaigns{rest}"


def looked_at(client: FlaskClient, survey: SurveyRow, text: str = LIST) -> TestResponse:
    file = (io.BytesIO(text.encode()), "customers.csv")
    return client.post(page(survey), data={"customers": file})


def token_in(answer: TestResponse) -> str:
    found = re.search(r'name="list" value="([^"]+)"', answer.text)
    assert found is not None
    return found[1]


def test_a_list_is_shown_with_its_reasons_and_asked_once_by_consent(
    client: FlaskClient, installation: Installation
):
    survey = make_survey(installation)
    with installation.store.writing() as session:
        opt_out(session, [pseudonym(installation.secret_key, "1004")], source="link")
    shown = looked_at(client, survey)
    assert shown.status_code == 200
    assert "2 of 5 customers will be invited" in shown.text
    numbers = [tag.text.strip() for tag in parsed(shown.text).all("td", **{"class": "n"})]
    assert numbers[1:] == ["1", "1", "1"]  # opted out, twice, not readable
    assert "Opted out" in shown.text and "Row 5:" in shown.text
    assert messages(installation) == []
    token = token_in(shown)
    assert "ada" not in token and "1001" not in token
    for _ in range(2):
        answer = client.post(page(survey, "/ask"), data={"list": token})
        assert answer.status_code == 303
    assert len(messages(installation)) == 2
    assert "Nobody was invited" in client.get(answer.location).text
    counted = parsed(client.get(page(survey)).text).all("td", **{"class": "n"})
    assert [cell.text.strip() for cell in counted] == ["3", "2", "0", "0", "0", "0", "0", "-"]


def test_a_list_is_good_for_its_own_survey_and_member_of_staff_only(
    app: Flask, client: FlaskClient, installation: Installation
):
    survey = make_survey(installation)
    token = token_in(looked_at(client, survey))
    other = signed_in(app, installation, "eve@northbank.example")
    assert other.post(page(survey, "/ask"), data={"list": token}).status_code == 409
    for wrong in ("", "x", token[:-3], token + "x"):
        assert client.post(page(survey, "/ask"), data={"list": wrong}).status_code == 409
    assert messages(installation) == []


def test_a_file_that_is_no_list_is_refused_with_what_was_found(
    client: FlaskClient, installation: Installation
):
    survey = make_survey(installation)
    for text, said in (
        ("", "empty"),
        ("customer_ref;email\n", "no customers"),
        ("customer_ref;email\n1;a@example.org;x\n", "3 cells, but the header row names 2 columns"),
        ("\x00\x01", "not a text file"),
    ):
        answer = looked_at(client, survey, text)
        assert answer.status_code == 422 and said in answer.text


def test_a_list_of_whom_nobody_can_be_asked_has_no_button(
    client: FlaskClient, installation: Installation
):
    survey = make_survey(installation)
    shown = looked_at(client, survey, "customer_ref;email\n1;\n")
    assert "No customer on this list can be invited now." in shown.text
    assert 'name="list"' not in shown.text


def test_mail_that_came_back_is_noted_from_a_file(client: FlaskClient, installation: Installation):
    survey = make_survey(installation)
    ada, bob = asked(installation, survey, "ada", "bob", due_at=NOW)
    text = "email,reason\nADA@example.org,mailbox full\nnobody@example.org,\nnonsense,\n"
    file = (io.BytesIO(text.encode()), "bounces.csv")
    answer = client.post(page(survey, "/bounces"), data={"bounces": file})
    assert answer.status_code == 200
    assert "1 address recorded." in answer.text and "1 waiting message cancelled" in answer.text
    assert "Row 4:" in answer.text
    assert (message(installation, ada).state, message(installation, bob).state) == (
        "cancelled",
        "waiting",
    )
    with installation.store.reading() as session:
        contact = session.get_one(Contact, message(installation, ada).customer_ref)
        assert contact.bounce_reason == "mailbox full"


def test_a_file_of_bounces_without_addresses_is_refused(
    client: FlaskClient, installation: Installation
):
    survey = make_survey(installation)
    file = (io.BytesIO(b"name\nada\n"), "bounces.csv")
    answer = client.post(page(survey, "/bounces"), data={"bounces": file})
    assert answer.status_code == 422 and "no column email" in answer.text
