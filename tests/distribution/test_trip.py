"""The whole way of an ask: mail, a tap on its scale, the page that asks for confirmation, the answer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, expect

from surveyapp.app import create_app
from surveyapp.distribution.outbox import send_due
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.columns import utc_now
from surveyapp.store.models import OptOut, Response
from surveyapp.web.installation import EXTENSION
from tests.distribution.mail_server import Received, mail_server
from tests.distribution.makers import SENDER, asked, make_survey, message
from tests.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def received() -> Iterator[tuple[str, Received]]:
    with mail_server() as server:
        yield server


@pytest.fixture(scope="module")
def installation(
    migrated_sqlite: Path,
    tmp_path_factory: pytest.TempPathFactory,
    received: tuple[str, Received],
) -> Iterator[Installation]:
    """The application behind a real socket, and the worker's view of it: pages do not differ by database."""
    home = tmp_path_factory.mktemp("home")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    app = create_app(read({}, home=home, log_level="ERROR"))
    with serving(app) as base:
        opened: Installation = app.extensions[EXTENSION]
        settings = replace(
            opened.settings,
            base_url=base,
            mail_from=SENDER,
            smtp_url=f"smtp://{received[0]}",
        )
        yield replace(opened, settings=settings)
    opened.close()


def responses(installation: Installation) -> list[Response]:
    with installation.store.reading() as session:
        return list(session.query(Response))


def test_a_tap_in_the_mail_is_confirmed_on_the_page_and_ends_the_reminders(
    installation: Installation, received: tuple[str, Received], browser: Browser
):
    """Scanners that open every link of the mail first commit nothing and spoil nothing."""
    survey = make_survey(installation, distribution={"one_click": "nps-nps", "reminders": [3]})
    now = utc_now()
    asked(installation, survey, "ada", due_at=now)
    assert send_due(installation, now) == 1
    html = received[1].messages[-1].get_body(("html",))
    assert html is not None
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.set_content(html.get_content())
    links = page.eval_on_selector_all("a", "all => all.map(each => each.href)")
    assert len(links) == 13
    for link in links:
        for method in ("HEAD", "GET"):
            with urlopen(Request(link, method=method)) as answer:
                assert answer.status == 200
    assert responses(installation) == []
    page.get_by_role("link", name="9", exact=True).click()
    expect(page.locator("input[name=nps-nps][value='9']")).to_be_checked()
    assert responses(installation) == []
    page.get_by_role("button", name="Send my answers").click()
    page.wait_for_url("**/thanks*")
    page.close()
    (stored,) = responses(installation)
    assert stored.answers["nps"]["nps"] == 9
    assert stored.paradata["preselected"]["value"] in (9, "9")
    assert send_due(installation, now + timedelta(days=4)) == 0
    with installation.store.reading() as session:
        assert session.query(OptOut).count() == 0


def test_the_way_out_is_in_every_mail(
    installation: Installation, received: tuple[str, Received], browser: Browser
):
    survey = make_survey(installation, distribution={"reminders": [3]})
    now = utc_now()
    (number,) = asked(installation, survey, "bob", due_at=now, language="en")
    assert send_due(installation, now) == 1
    html = received[1].messages[-1].get_body(("html",))
    assert html is not None
    page = browser.new_page()
    page.set_content(html.get_content())
    page.get_by_role("link", name="Unsubscribe").click()
    page.get_by_role("button", name="Stop sending me surveys").click()
    expect(page.get_by_role("heading", name="You will get no more surveys")).to_be_visible()
    page.close()
    assert message(installation, number).state == "sent"
    assert send_due(installation, now + timedelta(days=4)) == 0
