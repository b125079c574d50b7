"""Whoever does not want to be asked says so once, by a link that nobody else can make or misuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from surveyapp.app import create_app
from surveyapp.distribution.outbox import send_due
from surveyapp.distribution.unsubscribe import Leaving, read_token, write_token
from surveyapp.installation import Installation
from surveyapp.sampling.opt_outs import address_key
from surveyapp.settings import read
from surveyapp.store.models import OptOut
from surveyapp.surveys.links import pseudonym
from surveyapp.web.installation import EXTENSION
from tests.distribution.mail_server import mail_server
from tests.distribution.makers import BASE, NOW, SENDER, asked, make_survey, message

SECRET = "a secret key of thirty-two characters or more"


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    settings = read({}, home=tmp_path, database_url=database_url, base_url=BASE, mail_from=SENDER)
    made = create_app(settings)
    made.testing = True
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture
def installation(app: Flask) -> Installation:
    return app.extensions[EXTENSION]


def opt_outs(installation: Installation) -> set[str]:
    with installation.store.reading() as session:
        return {each.key for each in session.query(OptOut)}


def link(installation: Installation, name: str = "ada") -> str:
    survey = make_survey(installation)
    leaving = Leaving(
        pseudonym(installation.secret_key, name),
        address_key(installation.secret_key, f"{name}@example.org"),
        survey.id,
    )
    return f"/u/{write_token(installation.secret_key, leaving)}"


def test_opening_the_link_changes_nothing(app: Flask, installation: Installation):
    """Scanners open every link in a mail, with GET and with HEAD."""
    client, address = app.test_client(), link(installation)
    for _ in range(3):
        page = client.get(address)
        client.head(address)
    assert page.status_code == 200
    assert "Northbank will then send you no more surveys." in page.text
    assert page.text.count("<button") == 1
    assert opt_outs(installation) == set()


def test_the_button_lets_go_of_reference_and_address_however_often_it_is_pressed(
    app: Flask, installation: Installation
):
    client, address = app.test_client(), link(installation)
    pages = [client.post(address) for _ in range(3)]
    assert {page.status_code for page in pages} == {200}
    assert len({page.text for page in pages}) == 1
    assert "You will get no more surveys" in pages[0].text
    assert opt_outs(installation) == {
        pseudonym(installation.secret_key, "ada"),
        address_key(installation.secret_key, "ada@example.org"),
    }
    assert "You will get no more surveys" in client.get(address).text


def test_a_mail_programs_own_button_works_without_cookie_or_page(
    app: Flask, installation: Installation
):
    answer = app.test_client().post(
        link(installation),
        data={"List-Unsubscribe": "One-Click"},
        headers={"Origin": "https://mail"},
    )
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert len(opt_outs(installation)) == 2


def test_a_link_that_we_did_not_write_lets_nobody_go(app: Flask, installation: Installation):
    """Cut, added to, of another key, of nothing, endless, or unprintable."""
    token = link(installation).removeprefix("/u/")
    other = write_token("another secret key of thirty-two characters", Leaving("a", "b", 1))
    client = app.test_client()
    for wrong in (token[:-2], f"{token}x", other, "eyJh.x", "x" * 5000, "%00"):
        assert client.get(f"/u/{wrong}").status_code == 404
        assert client.post(f"/u/{wrong}").status_code == 404
    assert opt_outs(installation) == set()


def test_the_page_speaks_the_customers_language(app: Flask, installation: Installation):
    page = app.test_client().get(f"{link(installation)}?lang=ar").text
    assert '<html lang="ar" dir="rtl"' in page


def test_a_token_says_nothing_of_the_address():
    leaving = Leaving("c" * 32, address_key(SECRET, "ada@example.org"), 7)
    token = write_token(SECRET, leaving)
    assert read_token(SECRET, token) == leaving
    assert len(token) < 200


def test_the_link_in_a_mail_ends_the_mail(app: Flask, installation: Installation, tmp_path: Path):
    """The whole way: a message, its header's link, the POST of a mail program, no further message."""
    from dataclasses import replace

    with mail_server() as (place, received):
        settings = replace(installation.settings, smtp_url=f"smtp://{place}")
        sending = replace(installation, settings=settings)
        survey = make_survey(installation, distribution={"reminders": [3]})
        asked(installation, survey, "ada")
        assert send_due(sending, NOW) == 1
        header = str(received.messages[0]["List-Unsubscribe"])
        address = header.strip("<>").removeprefix(BASE)
        assert app.test_client().post(address).status_code == 200
        (again,) = asked(installation, survey, "ada")
        assert send_due(sending, NOW) == 0
        assert message(installation, again).error == "The customer has opted out of surveys."


def test_the_links_of_a_test_message_lead_to_a_page_that_says_so(
    app: Flask, installation: Installation
):
    client = app.test_client()
    assert "This was a test message" in client.get("/u/test?lang=en").text
    assert client.post("/u/test").status_code == 404
