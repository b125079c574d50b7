"""The pages of analyses in a real browser: drawings that are seen, read aloud, and break no policy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from surveyapp.app import create_app
from surveyapp.settings import read
from surveyapp.store.models import Analysis
from surveyapp.web.installation import EXTENSION
from tests.accessibility import violations
from tests.reports.study_document import document
from tests.results.study_place import make_study, people
from tests.serving import serving
from tests.web.world import add_user, session_key

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def page(
    browser: Browser, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    """The page of a finished study, opened by a researcher."""
    home = tmp_path_factory.mktemp("home")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    app = create_app(read({}, home=home, log_level="ERROR"))
    installation = app.extensions[EXTENSION]
    with installation.store.writing() as session:
        user = add_user(session, "researcher")
        journey_id = make_study(session, people(0)).journey_id
        analysis = Analysis(
            kind="sjq_study", journey_id=journey_id, instrument="sjq", result=document()
        )
        session.add(analysis)
        session.flush()
        address = f"/journeys/{journey_id}/analyses/{analysis.id}"
    signed = {"_user_id": session_key(installation, user)}
    serializer = app.session_interface.get_signing_serializer(app)
    with serving(app) as base:
        context = browser.new_context(base_url=base)
        name = app.config["SESSION_COOKIE_NAME"]
        context.add_cookies([{"name": name, "value": serializer.dumps(signed), "url": base}])
        opened = context.new_page()
        opened.said = []
        opened.on("console", lambda message: opened.said.append(message.text))
        assert opened.goto(address).status == 200
        yield opened
        context.close()
    installation.close()


def test_the_drawings_break_no_policy_of_the_page(page: Page):
    assert page.locator("figure.drawing svg").count() == 4
    assert page.said == []


def test_a_screen_reader_is_told_every_number_of_the_model(page: Page):
    said = page.locator("figure.drawing svg").first.get_attribute("aria-label")
    for row in document()["study"]["full"]["paths"]:
        assert f"{abs(row['estimate']):.2f}".removeprefix("0") in said
    assert page.get_by_role("img").count() >= 4


def test_the_page_is_accessible_and_fits_every_screen(page: Page):
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        assert violations(page) == []
        assert not page.evaluate("document.body.scrollWidth > document.documentElement.clientWidth")


def test_texts_of_the_model_stay_inside_their_shapes(page: Page):
    """Whatever typeface the reader's machine has in place of the report's."""
    page.set_viewport_size(DESKTOP)
    outside = page.evaluate(
        """() => {
          const found = [];
          for (const svg of document.querySelectorAll('figure.drawing svg')) {
            const frame = svg.getBoundingClientRect();
            const shapes = [...svg.querySelectorAll('ellipse, polygon[stroke], rect[stroke]')]
              .map(shape => shape.getBoundingClientRect());
            for (const text of svg.querySelectorAll('text')) {
              const box = text.getBoundingClientRect();
              if (box.left < frame.left - 1 || box.right > frame.right + 1) found.push(text.textContent);
              const middle = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
              const home = shapes.find(s => s.left < middle[0] && middle[0] < s.right
                                         && s.top < middle[1] && middle[1] < s.bottom);
              if (home && (box.left < home.left - 1 || box.right > home.right + 1))
                found.push(text.textContent);
            }
          }
          return found;
        }"""
    )
    assert outside == []


def test_on_a_phone_drawings_scroll_instead_of_shrinking(page: Page):
    page.set_viewport_size(PHONE)
    figure = page.locator("figure.drawing").first
    assert figure.evaluate("f => f.scrollWidth > f.clientWidth")
    assert figure.locator("svg").bounding_box()["width"] > 500
