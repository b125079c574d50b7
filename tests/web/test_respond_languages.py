"""The survey page in each of its seven languages, on the smallest phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from instruments.loader import BUILT_IN
from surveyapp.i18n.languages import OWN_NAMES, texts
from surveyapp.installation import Installation
from tests.responses.makers import make_survey

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LANGUAGES = sorted(OWN_NAMES)
# Boxes whose content is wider than they are; inline ones and those for screen readers have no width.
TOO_WIDE = """() => [...document.body.querySelectorAll('*')]
    .filter(e => e.clientWidth > 1 && e.scrollWidth > e.clientWidth + 1)
    .map(e => `${e.tagName} ${e.textContent.trim().slice(0, 40)}`)"""


@pytest.fixture(scope="module")
def address(served: tuple[str, Installation]) -> str:
    base, installation = served
    with installation.store.writing() as session:
        asked = make_survey(session)
        asked.languages = LANGUAGES
        return f"{base}/s/{asked.link}"


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 320, "height": 640}, has_touch=True)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_said_in_one_language_and_fits_the_smallest_phone(
    page: Page, address: str, language: str
):
    page.goto(f"{address}?lang={language}")
    words, sjq = texts(language), BUILT_IN.load("sjq").wording(language)
    root = page.locator("html")
    assert root.get_attribute("lang") == language
    assert root.evaluate("e => getComputedStyle(e).direction") == (
        "rtl" if language == "ar" else "ltr"
    )
    body = page.locator("body").inner_text()
    assert words.estimate(22) in body
    assert words.answered.format(done=0, count=22) in body
    assert sjq.items["per3"].replace("{provider}", words.isolated("Northbank")) in body
    assert page.get_by_role("button", name=words.send, exact=True).is_visible()
    assert page.evaluate(TOO_WIDE) == []
    page.get_by_role("button", name=words.send, exact=True).tap()
    told = page.get_by_role("alert")
    assert words.problem_title in told.inner_text()
    assert words.problem.format(count=19) in told.inner_text()
    assert page.evaluate(TOO_WIDE) == []


def test_a_page_that_no_language_was_wished_for_speaks_the_browsers(browser: Browser, address: str):
    context = browser.new_context(locale="sv-FI")
    swedish = context.new_page()
    swedish.goto(address)
    assert swedish.get_by_role("button", name=texts("sv").send, exact=True).is_visible()
    swedish.get_by_text("Svenska").first.click()
    swedish.get_by_role("button", name="Suomi").click()
    expect(swedish.get_by_role("button", name=texts("fi").send, exact=True)).to_be_visible()
    context.close()


def test_a_names_mark_stays_behind_the_name_in_an_arabic_sentence(page: Page, address: str):
    """Measured on the glyphs: in a sentence from right to left a bare mark goes to the other side."""
    page.goto(f"{address}?lang=ar")
    words = texts("ar")
    places = """(e, text) => {
        e.textContent = text;
        return [...'Y!'].map(each => {
            const range = document.createRange(), at = text.indexOf(each);
            range.setStart(e.firstChild, at);
            range.setEnd(e.firstChild, at + 1);
            return range.getBoundingClientRect().x;
        });
    }"""
    line = page.locator(".note").first
    name, mark = line.evaluate(places, words.filled(words.mail_why, provider="Yahoo!"))
    assert name < mark
    name, mark = line.evaluate(places, words.mail_why.format(provider="Yahoo!"))
    assert mark < name
