"""Texts that are not translated, as a browser and a screen reader take them; and the page to write them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from instruments.loader import BUILT_IN
from surveyapp.installation import Installation
from surveyapp.store.models import SurveyRow
from surveyapp.surveys.consents import change_consent
from surveyapp.surveys.translations import translate
from tests.responses.makers import make_survey
from tests.web.world import PASSWORD, add_user

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
INTRODUCTION = "Hello (two minutes)."
FINNISH = {
    "introduction": "Hei (kaksi minuuttia).",
    "consent": "Suostumus.",
    "touchpoint": "hakemus",
}
# What the browser makes of the text: its language and direction, and at which side it begins.
SEEN = """e => { const range = document.createRange(); range.selectNodeContents(e);
    const text = range.getClientRects()[0], box = e.getBoundingClientRect();
    return [e.closest('[lang]').lang, getComputedStyle(e).direction,
            text.left - box.left < box.right - text.right ? 'left' : 'right'] }"""


@pytest.fixture(scope="module")
def made(served: tuple[str, Installation]) -> SurveyRow:
    with served[1].store.writing() as session:
        add_user(session, "researcher")
        made = make_survey(session, introduction=INTRODUCTION, consent="Used by us.")
        made.languages = ["en", "fi", "ar"]
        translate(session, made, {"fi": FINNISH}, user_id=None, library=BUILT_IN)
        change_consent(session, made, text="Used by us alone.", box=True, user_id=None)
        return made


@pytest.fixture
def page(browser: Browser, served: tuple[str, Installation]) -> Iterator[Page]:
    context = browser.new_context(base_url=served[0], viewport=PHONE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def violations(page: Page) -> list[str]:
    return [each["id"] for each in Axe().run(page).response["violations"]]


def test_an_english_text_on_an_arabic_page_is_set_and_read_as_english(page: Page, made):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/s/{made.link}?lang=ar")
    assert page.locator("html").evaluate("e => [e.lang, e.dir]") == ["ar", "rtl"]
    assert page.locator("p.lead").inner_text() == INTRODUCTION
    for text in ("p.lead", "#consent-text"):
        assert page.locator(text).evaluate(SEEN) == ["en", "ltr", "left"], text
    assert page.locator("header .note").first.evaluate(SEEN) == ["ar", "rtl", "right"]
    assert violations(page) == []
    assert [each for each in asked if each.startswith("http")] == [page.url]
    page.locator("details.languages summary").click()
    page.get_by_role("button", name="Suomi").click()
    expect(page.locator("p.lead")).to_have_text(FINNISH["introduction"])
    assert page.locator("#consent-text").evaluate(SEEN) == ["fi", "ltr", "left"]


def test_staff_find_what_is_missing_and_mend_it_without_a_script(browser, served, made):
    context = browser.new_context(base_url=served[0], java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Email address").fill("researcher@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Journeys", level=1)).to_be_visible()
    page.goto(f"/journeys/{made.journey_id}/surveys/{made.id}")
    page.get_by_role("link", name="Translations").click()
    page.get_by_label("The translation still fits").check()
    page.locator("summary", has_text="العربية").click()
    page.get_by_label("Introduction in العربية").fill("مرحبا")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("summary", has_text="العربية")).to_contain_text("1 of 3 translated")
    assert "All 3 translated" in page.locator("summary", has_text="Suomi").inner_text()
    state = context.storage_state()
    context.close()
    for viewport in (DESKTOP, PHONE):
        context = browser.new_context(
            base_url=served[0], storage_state=state, viewport=viewport, bypass_csp=True
        )
        page = context.new_page()
        page.goto(f"/journeys/{made.journey_id}/surveys/{made.id}/translations")
        page.locator("summary", has_text="العربية").click()
        assert violations(page) == []
        width = page.evaluate("() => document.documentElement.scrollWidth")
        assert width <= viewport["width"]
        context.close()
