"""A questionnaire is made with the keyboard alone, and its pages fit a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from surveyapp.installation import Installation
from tests.accessibility import violations
from tests.responses.makers import make_journey
from tests.web.test_staff_browser import sign_in
from tests.web.world import add_user

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def page(browser: Browser, served: tuple[str, Installation]) -> Iterator[Page]:
    """The phone of somebody who is signed in; whatever the browser complains about fails the test."""
    base, installation = served
    with installation.store.writing() as session:
        add_user(session, "administrator")
        make_journey(session, "parking")
    context = browser.new_context(base_url=base, viewport={"width": 390, "height": 844})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/sign-in")
    sign_in(page)
    yield page
    context.close()
    assert complaints == []


def reach(page: Page, wanted: Locator) -> Locator:
    """Press Tab until the element has the focus."""
    expect(wanted).to_be_visible()
    for _ in range(120):
        if wanted.evaluate("e => e === document.activeElement"):
            return wanted
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never comes to {wanted}")


def press(page: Page, name: str) -> None:
    reach(page, page.get_by_role("button", name=name, exact=True))
    with page.expect_navigation():
        page.keyboard.press("Enter")


def fill(page: Page, label: str, text: str) -> None:
    reach(page, page.get_by_label(label, exact=True))
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def test_a_questionnaire_is_made_with_the_keyboard_alone(page: Page):
    page.goto("/journeys/1/questionnaires/new")
    fill(page, "Title", "Parking")
    press(page, "Create draft")
    for code in ("found", "why"):
        reach(page, page.get_by_label("Kind of question"))
        page.keyboard.type("Yes" if code == "found" else "Free")
        press(page, "Add question")
        fill(page, "Wording in English", f"The question {code}?")
        if code == "why":
            reach(page, page.get_by_label("No", exact=True))
            page.keyboard.press("Space")
        fill(page, "Code", code)
        press(page, "Save")
    press(page, "Move why up")
    expect(page.get_by_text("why can only depend on an earlier question").first).to_be_visible()
    assert [each["id"] for each in violations(page)] == []
    press(page, "Move why down")
    expect(page.locator(".question .wording")).to_have_text(
        ["The question found?", "The question why?"]
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto(f"{page.url.partition('#')[0]}/preview")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("The question why?")).to_be_hidden()
    frame.get_by_label("No", exact=True).check()
    expect(frame.get_by_text("The question why?")).to_be_visible()
    assert [each["id"] for each in violations(page)] == []
    page.go_back()
    press(page, "Publish version 1")
    expect(page.get_by_text("Version 1 is published")).to_be_visible()
