"""The page of messages: staff write, look, try and see what became of each message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveyapp.app import create_app
from surveyapp.distribution.outbox import send_due
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.columns import utc_now
from surveyapp.store.models import AuditEntry, SurveyRow, User
from surveyapp.surveys.settings.distribution import Distribution
from surveyapp.web.installation import EXTENSION
from tests.distribution.mail_server import REFUSED, mail_server
from tests.distribution.makers import BASE, NOW, SENDER, asked, make_survey
from tests.grants import on_all_journeys
from tests.web.respondents import parsed
from tests.web.world import session_key

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    made = create_app(
        read(
            {},
            home=tmp_path,
            database_url=database_url,
            base_url=BASE,
            mail_from=SENDER,
            smtp_url="smtp://127.0.0.1:1",
        )
    )
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture
def installation(app: Flask) -> Installation:
    return app.extensions[EXTENSION]


@pytest.fixture
def client(app: Flask, installation: Installation) -> FlaskClient:
    with installation.store.writing() as session:
        user = User(
            email="rita@northbank.example", name="Rita", role="researcher", password_hash="x"
        )
        session.add(user)
        session.flush()
        on_all_journeys(session, user)
    browser = app.test_client()
    with browser.session_transaction() as signed:
        signed["_user_id"] = session_key(installation, user)
    return browser


@pytest.fixture
def survey(installation: Installation) -> SurveyRow:
    made = make_survey(installation)
    with installation.store.writing() as session:
        session.get_one(SurveyRow, made.id).languages = ["en", "fi", "ar"]
    return made


def page(survey: SurveyRow, rest: str = "") -> str:
    return f"/journeys/{survey.journey_id}/surveys/{survey.id}/messages{rest}"


def messages(installation: Installation, survey: SurveyRow):
    with installation.store.reading() as session:
        return Distribution.read(session.get_one(SurveyRow, survey.id).distribution)


def test_what_is_written_is_said_by_the_next_message(
    client: FlaskClient, installation: Installation, survey: SurveyRow
):
    answer = client.post(
        page(survey),
        data={
            "subject-en": "Was it good?",
            "text-fi": "Kerro meille.",
            "one_click": "nps-nps",
            "reminders": "3",
            "second": "7",
            "reply_to": "care@northbank.example",
        },
    )
    assert answer.status_code == 303
    kept = messages(installation, survey)
    assert set(kept.texts) == {"en", "fi"}
    assert (kept.texts["en"].subject, kept.texts["fi"].text) == ("Was it good?", "Kerro meille.")
    assert (kept.one_click, kept.reminders, kept.reply_to) == (
        "nps-nps",
        (3, 7),
        "care@northbank.example",
    )
    with installation.store.reading() as session:
        entry = session.query(AuditEntry).filter_by(action="change messages").one()
        assert entry.detail["reminders"] == [3, 7]
    again = client.get(page(survey)).text
    assert "Was it good?" in again and "Kerro meille." in again
    with mail_server() as (place, received):
        sending = replace(
            installation, settings=replace(installation.settings, smtp_url=f"smtp://{place}")
        )
        asked(installation, survey, "ada")
        assert send_due(sending, NOW) == 1
    (mail,) = received.messages
    assert mail["Subject"] == "Was it good?"
    assert str(mail["Reply-To"]) == "care@northbank.example"


REFUSED_TEXTS = (
    ({"subject-en": "x" * 201}, "subject-en", "200"),
    ({"text-ar": "x" * 5001}, "text-ar", "5,001"),
    ({"text-en": "Dear {name}"}, "text-en", "is not a placeholder"),
    ({"text-en": "Dear {attribute:name}"}, "text-en", "has no text for when"),
    ({"reminders": "0"}, "reminders", "1 to 60"),
    ({"reminders": "7", "second": "3"}, "reminders", "later than the first"),
    ({"reply_to": "care@x\nBcc: eve@example.org"}, "reply_to", "is not an email address"),
    ({"reply_to": "nobody"}, "reply_to", "is not an email address"),
)


def test_what_cannot_be_said_is_refused_at_its_field_with_everything_kept(
    client: FlaskClient, installation: Installation, survey: SurveyRow
):
    for sent, field, said in REFUSED_TEXTS:
        answer = client.post(page(survey), data={"one_click": "", "text-fi": "Kerro!", **sent})
        assert answer.status_code == 422, sent
        assert said in answer.text and "Kerro!" in answer.text
        (faulty,) = parsed(answer.text).all("p", id=f"{field}-error")
        assert faulty.attributes["class"] == "fault"
    assert messages(installation, survey).texts == {}


def test_a_question_that_the_survey_does_not_ask_is_refused(client: FlaskClient, survey: SurveyRow):
    assert client.post(page(survey), data={"one_click": "csat-csat"}).status_code == 422


def test_each_language_and_kind_can_be_looked_at(
    client: FlaskClient, installation: Installation, survey: SurveyRow
):
    with installation.store.writing() as session:
        session.get_one(SurveyRow, survey.id).distribution = {"one_click": "nps-nps"}
    for language in ("en", "fi", "ar"):
        for kind in ("invitation", "reminder"):
            shown = client.get(page(survey, f"/preview?lang={language}&kind={kind}"))
            assert shown.status_code == 200
            assert f'<html lang="{language}"' in shown.text
    assert client.get(page(survey, "/preview?lang=sv")).status_code == 404
    assert 'src="' + page(survey, "/preview?lang=ar&amp;kind=reminder") in (
        client.get(page(survey, "?lang=ar&kind=reminder")).text
    )


def test_languages_that_the_survey_does_not_speak_are_not_written_in(
    client: FlaskClient, survey: SurveyRow
):
    assert 'name="text-fi"' in client.get(page(survey)).text
    assert 'name="text-sv"' not in client.get(page(survey)).text
    assert client.post(page(survey), data={"text-sv": "Hej"}).status_code == 422


def test_the_preview_runs_nothing_loads_nothing_and_leads_nowhere(
    client: FlaskClient, installation: Installation, survey: SurveyRow
):
    text = {"en": {"text": HOSTILE}}
    with installation.store.writing() as session:
        session.get_one(SurveyRow, survey.id).distribution = {"texts": text}
    shown = client.get(page(survey, "/preview"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown.text
    policy = shown.headers["Content-Security-Policy"]
    assert "unsafe" not in policy and policy.endswith("frame-ancestors 'self'; sandbox")
    assert ' style="' not in shown.text
    links = {tag.attributes["href"] for tag in parsed(shown.text).all("a")}
    assert {link.split("?")[0] for link in links} == {f"{BASE}/u/test"}
    frame = client.get(page(survey))
    assert frame.headers["Content-Security-Policy"].endswith("frame-src 'self'")
    assert 'sandbox title="Preview' in frame.text


def test_a_test_goes_to_who_asked_marked_and_leading_to_no_survey(
    client: FlaskClient, installation: Installation, survey: SurveyRow
):
    data = {"language": "fi", "kind": "reminder"}
    assert client.post(page(survey, "/test"), data=data).status_code == 303
    with mail_server() as (place, received):
        sending = replace(
            installation, settings=replace(installation.settings, smtp_url=f"smtp://{place}")
        )
        assert send_due(sending, utc_now()) == 1
    (mail,) = received.messages
    assert str(mail["To"]) == "rita@northbank.example"
    assert str(mail["Subject"]).startswith("TESTI: ")
    assert mail["Content-Language"] == "fi"
    assert mail["List-Unsubscribe"] is None
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert f"{BASE}/u/test" in plain.get_content() and "/s/" not in plain.get_content()
    assert "No messages yet" in client.get(page(survey)).text


def test_without_a_mail_server_the_page_says_so_and_tests_are_refused(
    client: FlaskClient, app: Flask, survey: SurveyRow
):
    kept = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = replace(kept, settings=replace(kept.settings, smtp_url=""))
    try:
        assert "No mail server is configured." in client.get(page(survey)).text
        answer = client.post(page(survey, "/test"), data={"language": "en", "kind": "invitation"})
        assert answer.status_code == 422 and "SURVEYAPP_SMTP_URL" in answer.text
    finally:
        app.extensions[EXTENSION] = kept


def test_the_page_counts_what_became_of_messages_and_says_why(
    client: FlaskClient, installation: Installation, survey: SurveyRow
):
    asked(installation, survey, "ada", "bob", "eve")
    asked(installation, survey, "nobody", email="")
    send_due(installation, NOW)
    shown = client.get(page(survey)).text
    assert "The oldest waiting message could not be sent" in shown
    assert "Connection refused" in shown
    with mail_server() as (place, received):
        received.answers["bob@example.org"] = REFUSED
        sending = replace(
            installation, settings=replace(installation.settings, smtp_url=f"smtp://{place}")
        )
        send_due(sending, NOW)
    shown = client.get(page(survey)).text
    counts = [tag.text for tag in parsed(shown).all("span", **{"class": "big"})]
    assert counts == ["0", "2", "1", "1"]
    assert "there is no such mailbox" in shown and "@example.org" not in shown
    assert "customer&#39;s email address is not known." in shown
