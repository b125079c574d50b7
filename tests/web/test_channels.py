"""The staff's page about the channels of a survey."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.app import create_app
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.models import AuditEntry, SurveyRow, User
from surveyapp.surveys import prize_draws
from surveyapp.surveys.settings.channels import Channels
from surveyapp.web.embed_script import NEWEST, integrity
from surveyapp.web.installation import EXTENSION
from tests.web.conftest import World
from tests.web.respondents import opened, parsed
from tests.web.world import session_key

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def url(world: World) -> str:
    return f"/journeys/{world.here.journey_id}/surveys/{world.here.survey_id}/channels"


@pytest.fixture
def client(sign_in: SignIn, world: World) -> FlaskClient:
    return sign_in(world.users["researcher"])


def survey(installation: Installation, world: World) -> SurveyRow:
    with installation.store.reading() as session:
        return session.get_one(SurveyRow, world.here.survey_id)


def posted(client: FlaskClient, url: str, part: str, **data: object) -> str:
    """Send one of the page's forms; the page that it leads to."""
    answer = client.post(f"{url}/{part}", data=data)
    assert answer.status_code == 303, answer.text[:2000]
    assert answer.location.startswith(f"{url}#")
    return opened(client, answer.location)


def copied(page: str) -> list[str]:
    return [tag.text for tag in parsed(page).all("textarea", readonly="")]


def test_pages_are_named_before_there_is_anything_to_copy(client, installation, world, url):
    assert "survey-app" not in opened(client, url)
    page = posted(client, url, "embed", embed_origins="https://Shop.example/\n\n")
    assert Channels.read(survey(installation, world).channels).embed_origins == (
        "https://shop.example",
    )
    link = survey(installation, world).link
    component = copied(page)[0]
    assert f'<survey-app survey="{link}"' in component
    (script,) = parsed(component).all("script")
    assert script.attributes == {
        "async": "",
        "src": f"http://127.0.0.1:8000/static/{NEWEST}",
        "integrity": integrity(),
        "crossorigin": "anonymous",
    }


def test_what_is_refused_is_shown_beside_its_field_and_not_saved(client, installation, world, url):
    for part, data, said in (
        ("embed", {"embed_origins": "http://shop.example"}, "is not an origin"),
        (
            "kiosk",
            {"kiosk": "y", "kiosk_seconds": "1", "kiosk_idle_seconds": "60"},
            "from 3 to 120",
        ),
        ("kiosk", {"kiosk_seconds": "x", "kiosk_idle_seconds": "60"}, "valid integer"),
        ("end", {"end_url": "https://evil.example/"}, "cannot redirect to evil.example"),
        ("end", {"end_url": "javascript:alert(1)"}, "is not a URL to redirect to"),
        ("consent", {"text": "", "box": "y"}, "needs a consent text"),
        ("draw", {"draw": "x" * 1001}, "longer than 1000"),
        ("draw/winners", {"count": "1"}, "There are 0 entries"),
    ):
        answer = client.post(f"{url}/{part}", data=data)
        assert answer.status_code == 422, part
        assert said in answer.text, part
        assert "Nothing has been saved" in answer.text
    kept = survey(installation, world)
    assert (kept.channels, kept.draw, kept.consent) == ({}, "", "")
    answer = client.post(f"{url}/embed", data={"embed_origins": "", "anonymity": "anonymous"})
    assert answer.status_code == 422


def test_a_kiosk_is_opened_by_its_link(client, installation, world, url):
    assert "/k/" not in opened(client, url)
    page = posted(client, url, "kiosk", kiosk="y", kiosk_seconds="5", kiosk_idle_seconds="90")
    link = survey(installation, world).link
    assert f"http://127.0.0.1:8000/k/{link}" in page
    assert client.get(f"/k/{link}").status_code == 200
    posted(client, url, "kiosk", kiosk_seconds="5", kiosk_idle_seconds="90")
    assert client.get(f"/k/{link}").status_code == 404


def test_another_consent_text_is_another_version(client, installation, world, url):
    posted(client, url, "consent", text="We keep <it>.")
    page = posted(client, url, "consent", text="We keep it for a year.", box="y")
    kept = survey(installation, world)
    assert (kept.consent_version, kept.consent_box) == ("2", True)
    assert "We keep &lt;it&gt;." in page
    assert "2 (in force)" in page


def test_winners_are_drawn_shown_and_deleted(client, installation, world, url):
    posted(client, url, "draw", draw="Ten vouchers.")
    with installation.store.writing() as session:
        for number in range(3):
            prize_draws.enter(
                session,
                survey_id=world.here.survey_id,
                number=number + 1,
                address=f"person{number}@example.org",
                day=date(2026, 3, 29),
            )
    page = posted(client, url, "draw/winners", count="2")
    assert "from 3 entries" in page
    with installation.store.reading() as session:
        log = select(AuditEntry).where(AuditEntry.action == "draw winners")
        entry = session.scalars(log).one()
        assert entry.user_id == world.users["researcher"].id
        assert entry.detail == {"entries": 3, "winners": 2}
    file = client.get(f"{url}/draw.csv")
    assert file.text.splitlines()[1] == "person0@example.org,2026-03-29"
    page = posted(client, url, "draw/entries", entry="1")
    assert "person0@example.org" not in page
    page = posted(client, url, "draw/entries", entry="all")
    assert "person1@example.org" not in page
    assert "entries have been deleted" in page
    for wrong in ("", "x", "1 OR 1=1", "9" * 30):
        assert client.post(f"{url}/draw/entries", data={"entry": wrong}).status_code in {400, 422}


def test_entries_of_another_survey_are_not_deleted_here(client, installation, world, url):
    with installation.store.writing() as session:
        prize_draws.enter(
            session,
            survey_id=world.there.survey_id,
            number=7,
            address="a@example.org",
            day=date(2026, 3, 29),
        )
    for entry in ("7", "all"):
        posted(client, url, "draw/entries", entry=entry)
    with installation.store.reading() as session:
        assert len(prize_draws.entries(session, world.there.survey_id)) == 1


def test_the_poster_is_there_in_each_language(client, installation, world, url):
    with installation.store.writing() as session:
        session.get_one(SurveyRow, world.here.survey_id).languages = ["en", "fi", "ar"]
    languages = [
        tag.attributes["hreflang"]
        for tag in parsed(opened(client, url)).all("a")
        if "poster" in tag.attributes["href"] and "hreflang" in tag.attributes
    ]
    assert languages == ["fi", "ar"]
    for address in (f"{url}/poster.pdf", f"{url}/poster.pdf?lang={languages[0]}"):
        answer = client.get(address)
        assert answer.data.startswith(b"%PDF")
        assert "attachment" in answer.headers["Content-Disposition"]
    assert client.get(f"{url}/poster.pdf?lang=<b>").status_code == 200


def test_one_question_can_be_copied_and_its_buttons_open_the_survey(
    client, installation, world, url
):
    form = next(text for text in copied(opened(client, url)) if text.startswith("<form"))
    link = survey(installation, world).link
    tags = parsed(form)
    assert tags.all("form")[0].attributes["action"] == f"http://127.0.0.1:8000/s/{link}"
    scores = [tag.attributes["value"] for tag in tags.all("button", name="score")]
    assert scores == [f"nps-nps:{value}" for value in range(11)]
    page = opened(client, f"/s/{link}?lang=en&score={scores[9]}")
    (chosen,) = [t for t in parsed(page).all("input", type="radio") if "checked" in t.attributes]
    assert chosen.attributes["value"] == "9"


@pytest.fixture
def allowing(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    made = create_app(
        read({}, home=tmp_path / "home", database_url=database_url, end_hosts="www.bank.example")
    )
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.extensions[EXTENSION].close()


def test_the_page_says_where_a_survey_may_lead_and_takes_such_an_address(
    allowing, installation, world, url
):
    client = allowing.test_client()
    user = world.users["researcher"]
    with client.session_transaction() as cookie:
        cookie["_user_id"] = session_key(installation, user)
    assert "Allowed hosts: www.bank.example" in opened(client, url)
    posted(client, url, "end", end_url="https://www.bank.example/")
    assert (
        Channels.read(survey(installation, world).channels).end_url == "https://www.bank.example/"
    )
