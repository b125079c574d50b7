"""Every page of strangers and customers, and every mail, is valid HTML.

The pages of staff are looked at where they are opened all the same: in ``test_security.py`` with
texts that are hard to write down, in ``test_staff_browser.py`` with numbers that are shown.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveyapp.app import create_app
from surveyapp.distribution.click import Click
from surveyapp.distribution.message import message_of
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.models import SurveyRow
from surveyapp.surveys.channels import change_channels
from surveyapp.surveys.settings.distribution import Distribution
from surveyapp.web.installation import EXTENSION
from tests.distribution.test_message import CSAT, NPS, SEVEN, message_context
from tests.responses.makers import make_journey, make_survey
from tests.validity import faults
from tests.web.respondents import form_key, opened, parsed, single_use

TEXT = "\"'><b>{{7}}</b> & فاتورة"
KINDS = ("sjq", "csat", "ces", "nps", "fcr", "emotion", "effort-causes")


@pytest.fixture(scope="module")
def app(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """On SQLite alone: what a page is made of does not differ by database."""
    home = tmp_path_factory.mktemp("home")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    made = create_app(read({}, home=home, log_level="ERROR"))
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture(scope="module")
def installation(app: Flask) -> Installation:
    return app.extensions[EXTENSION]


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    """A browser in which nobody is signed in."""
    return app.test_client()


def wrong(pages: dict[str, str], *, mail: bool = False) -> dict[str, list[str]]:
    return {
        name: found for name, page in pages.items() if page and (found := faults(page, mail=mail))
    }


def customers_pages(client: FlaskClient, installation: Installation) -> dict[str, str]:
    """Every page that a customer can come to, by how they come to it."""
    with installation.store.writing() as session:
        journey = make_journey(session, "customers")
        asked = {
            paging: make_survey(
                session,
                journey=journey,
                asks=KINDS if paging == "page" else ("csat", "nps"),
                paging=paging,
                introduction=TEXT,
                consent=TEXT,
            )
            for paging in ("page", "blocks")
        }
        for made in asked.values():
            channels = {"embed_origins": ["https://shop.example"], "kiosk": True}
            change_channels(session, made, channels, end_hosts=(), user_id=None)
            made.languages = ["en", "ar", "de"]
            made.draw = TEXT
        made = asked["page"]
        made.consent_box = True
        made.logic = {"not_applicable": ["csat-csat"]}
    links = {paging: survey.link for paging, survey in asked.items()}
    pages = {}
    for paging, link in links.items():
        for way in "sek":
            url = f"/{way}/{link}"
            page = pages[f"{url} {paging}"] = opened(client, url)
            key = form_key(page)
            for name, more in {
                "faults": {"go": "send"},
                "next": {"go": "next", "at": "0", "csat-csat": "2"},
                "language": {"lang": "ar"},
                "unpressed": {"csat-csat": ""},
            }.items():
                form = {"form-key": key, **more}
                pages[f"{url} {paging} {name}"] = client.post(url, data=form).text
            pages[f"{url}/thanks"] = opened(client, f"{url}/thanks?lang=ar")
    link = links["page"]
    for path in ("item/nps-nps", "item/emotion-emotion", "item/csat-csat?lang=ar"):
        pages[path] = opened(client, f"/e/{link}/{path}")
    pages["chosen"] = opened(client, f"/s/{link}?score=nps-nps:9")
    pages["entered"] = opened(client, f"/s/{link}/draw/entered")
    pages["unknown"] = client.get("/s/nothing").text
    own, used = single_use(installation, asked["blocks"], {}, {})
    form = {"csat-csat": "2", "csat-csat_reason": TEXT, "nps-nps": "9", "form-key": ""}
    pages["own"] = page = opened(client, own)
    client.post(own, data={**form, "form-key": form_key(page), "lang": "de"})
    pages["resumed"] = opened(client, own)
    page = opened(client, used)
    kept = client.post(used, data={**form, "form-key": form_key(page), "go": "send"})
    pages["kept"] = opened(client, kept.location)
    (draw,) = [tag for tag in parsed(pages["kept"]).all("a") if "/draw" in tag.attributes["href"]]
    pages["draw"] = opened(client, draw.attributes["href"])
    pages["draw wrong"] = client.post(draw.attributes["href"], data={"address": "x"}).text
    for part in ("", "/change", "/erase"):
        pages[f"mine{part}"] = opened(client, f"{used}/mine{part}")
    wrong_form = {"form-key": "", "csat-csat": "77"}
    pages["change faults"] = client.post(f"{used}/mine/change", data=wrong_form).text
    pages["erased"] = client.post(f"{used}/mine/erase", follow_redirects=True).text
    pages["unsubscribe"] = opened(client, "/u/test?lang=en")
    with installation.store.writing() as session:
        session.get_one(SurveyRow, asked["page"].id).state = "closed"
    pages["closed"] = client.get(f"/s/{link}").text
    return pages


def test_every_page_of_customers_is_valid(client: FlaskClient, installation: Installation):
    pages = customers_pages(client, installation)
    assert [name for name, page in pages.items() if "</html>" not in page] == []
    assert wrong(pages) == {}


def test_the_pages_of_strangers_and_of_the_api_are_valid(client: FlaskClient):
    unknown = {"email": "nobody@example.org", "password": "x"}
    pages = {
        "sign in": opened(client, "/sign-in"),
        "signed in wrongly": client.post("/sign-in", data=unknown).text,
        "nowhere": client.get("/nowhere").text,
        "wrong kind": client.put("/sign-in").text,
        "message of nobody": client.get("/u/nobody").text,
        "api": opened(client, "/api/docs"),
    }
    assert [name for name, page in pages.items() if "</html>" not in page] == []
    assert wrong(pages) == {}


@pytest.mark.parametrize("click", [None, NPS, CSAT, SEVEN], ids=["button", "0-10", "1-5", "1-7"])
def test_every_form_of_a_mail_is_valid(click: Click | None):
    pages = {
        language: message_of(Distribution(), message_context(click=click, language=language)).html
        for language in ("en", "ar")
    }
    assert wrong(pages, mail=True) == {}
