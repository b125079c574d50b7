"""The survey page in a real browser: phone, keyboard, screen reader's tree, no script, right to left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.store.models import Response
from tests.responses.makers import make_journey, make_survey
from tests.web.respondents import single_use

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PHONE = {"width": 360, "height": 740}
SMALLEST_TAP = 44  # CSS pixels, WCAG 2.2 target size (enhanced)


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=PHONE, has_touch=True, java_script_enabled=False)
    yield context
    context.close()


@pytest.fixture(scope="module")
def links(served: tuple[str, Installation]) -> dict[str, str]:
    """Addresses by name: full, short (all of what a page can hold otherwise), right to left."""
    base, installation = served
    with installation.store.writing() as session:
        journey = make_journey(session)
        surveys = {
            "full": make_survey(session, journey=journey, introduction="Hello", consent="OK"),
            "other": make_survey(
                session, journey=journey, asks=("fcr", "emotion", "effort-causes")
            ),
            "arabic": make_survey(session, journey=journey, language="ar"),
        }
    addresses = {name: f"{base}/s/{made.link}" for name, made in surveys.items()}
    return {**addresses, "arabic": f"{addresses['arabic']}?lang=ar"}


def fill(page: Page) -> None:
    """Tap the third answer of every question."""
    for group in page.get_by_role("radiogroup").all():
        group.locator(".options label").nth(2).tap()


def count(installation: Installation) -> int:
    with installation.store.reading() as session:
        return len(session.scalars(select(Response.id)).all())


def test_a_customer_answers_on_a_phone_without_script(phone, served, links):
    _, installation = served
    before = count(installation)
    page = phone.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(links["full"])
    assert requests == [links["full"]]
    fill(page)
    page.get_by_label("What is the main reason").first.fill("It was quick")
    page.get_by_role("button", name="Send my answers").tap()
    page.wait_for_url("**/thanks**")
    assert page.get_by_role("heading", name="Thank you").is_visible()
    assert count(installation) == before + 1


def test_back_and_resend_is_still_one_response(phone, served, links):
    _, installation = served
    before = count(installation)
    page = phone.new_page()
    page.goto(links["full"])
    fill(page)
    page.get_by_role("button").tap()
    page.wait_for_url("**/thanks**")
    page.go_back()
    assert page.get_by_role("radio", checked=True).count() == 19
    page.get_by_role("button").tap()
    page.wait_for_url("**/thanks**")
    assert count(installation) == before + 1


def test_targets_are_large_and_nothing_runs_over_the_edge_of_a_phone(phone, links):
    for name in ("full", "other", "arabic"):
        page = phone.new_page()
        page.goto(links[name])
        boxes = page.evaluate(
            """[...document.querySelectorAll(".options label, button:not(.hush)")]
            .map((each) => each.getBoundingClientRect().toJSON()).filter((box) => box.width)"""
        )
        assert boxes
        for box in boxes:
            assert box["height"] >= SMALLEST_TAP
            assert box["width"] >= SMALLEST_TAP - 0.5
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= PHONE["width"]


def test_seven_points_stand_in_one_row_with_their_ends_below(phone, links):
    page = phone.new_page()
    page.goto(links["full"])
    group = page.get_by_role("radiogroup").first
    tops = {round(label.bounding_box()["y"]) for label in group.locator(".options label").all()}
    assert len(tops) == 1
    ends = group.locator(".ends").bounding_box()
    assert ends["y"] > tops.pop() + SMALLEST_TAP


@pytest.mark.parametrize(("name", "rising"), [("full", True), ("arabic", False)])
def test_the_scale_runs_with_the_script(phone, links, name: str, rising: bool):
    page = phone.new_page()
    page.goto(links[name])
    labels = page.get_by_role("radiogroup").first.locator(".options label").all()
    places = [label.bounding_box()["x"] for label in labels]
    assert places == sorted(places, reverse=not rising)
    assert page.locator("html").get_attribute("dir") == (None if rising else "rtl")


def test_a_screen_reader_hears_question_point_and_what_the_ends_mean(phone, links):
    page = phone.new_page()
    page.goto(links["full"])
    group = page.get_by_role("radiogroup", name="Whenever I deal with Northbank")
    assert group.get_by_role("radio").count() == 7
    assert group.get_by_role("radio", name="1 Strongly disagree", exact=True).count() == 1
    assert group.get_by_role("radio", name="4", exact=True).count() == 1
    assert group.get_by_role("radio", name="7 Strongly agree", exact=True).count() == 1


def test_the_keyboard_alone_answers_and_the_focus_is_seen(browser, served, links):
    _, installation = served
    before = count(installation)
    page = browser.new_page()
    page.goto(links["full"])
    for tag in ["INPUT"] * 17 + ["TEXTAREA", "INPUT", "TEXTAREA", "INPUT", "TEXTAREA"]:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") == tag
        if tag == "INPUT":
            page.keyboard.press("Space")
            page.keyboard.press("ArrowRight")
            style = "getComputedStyle(document.activeElement.nextElementSibling).outlineWidth"
            assert page.evaluate(style) == "3px"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/thanks**")
    assert count(installation) == before + 1
    page.close()


def test_after_a_mistake_the_focus_is_on_the_summary_and_its_links_lead_to_the_question(
    browser, links
):
    page = browser.new_page(viewport=PHONE)
    page.goto(links["full"])
    for group in page.get_by_role("radiogroup").all()[1:]:
        group.locator(".options label").nth(2).click()
    page.get_by_role("button").click()
    expect(page.locator("#problem")).to_be_focused()
    assert page.get_by_role("alert").is_visible()
    page.get_by_role("link", name="1. Please choose an answer.").click()
    expect(page.locator("#sjq-per3")).to_be_focused()
    fault = page.locator("#sjq-per3-fault").bounding_box()
    assert 0 <= fault["y"] < PHONE["height"]
    page.close()


def test_a_single_use_link_works_in_a_browser_once(phone, served):
    base, installation = served
    with installation.store.writing() as session:
        made = make_survey(session, journey=make_journey(session, "single"), asks=("fcr",))
    (path,) = single_use(installation, made)
    page = phone.new_page()
    page.goto(base + path)
    page.get_by_role("radio", name="Yes").tap()
    page.get_by_role("button").tap()
    page.wait_for_url("**/thanks**")
    page.goto(base + path)
    assert page.get_by_role("heading", name="Your answers").is_visible()


@pytest.mark.parametrize("script", [True, False])
def test_no_answer_of_text_browsers_is_nothing_to_those_who_see_hear_or_type(
    browser, links, script: bool
):
    """Neither drawn nor announced nor a stop of the keyboard; with a script it is not there at all."""
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    page.goto(links["arabic"])
    empty = page.locator("input[type=radio][value='']")
    assert empty.count() == (0 if script else 19)
    assert not any(each.is_visible() for each in empty.all())
    group = page.get_by_role("radiogroup").first
    assert group.get_by_role("radio").count() == 7
    tree = context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    heard = [node["name"]["value"] for node in tree if node.get("role", {}).get("value") == "radio"]
    assert len(heard) == 16 * 7 + 5 + 11 + 7  # every point of SJQ, CSAT, NPS and CES once
    first = group.locator(".options input").first
    first.focus()
    page.keyboard.press("ArrowLeft")  # to the next one, where it is read from right to left
    assert group.locator(".options input").nth(1).is_checked()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.get_attribute("value") == "2"
    context.close()


def test_enter_in_a_field_presses_what_leads_on_and_no_language(browser, served):
    base, installation = served
    with installation.store.writing() as session:
        journey = make_journey(session, "enter")
        made = make_survey(session, journey=journey, asks=("csat", "ces", "nps"))
        made.languages = ["ar", "de"]
    for paging in ("page", "blocks"):
        with installation.store.writing() as session:
            session.get_one(type(made), made.id).paging = paging
        for script in (True, False):
            context = browser.new_context(java_script_enabled=script)
            page = context.new_page()
            page.goto(f"{base}/s/{made.link}?lang=de")
            with page.expect_event("domcontentloaded"):
                page.get_by_role("radio").first.press("Enter")
            assert page.locator("html").get_attribute("lang") == "de"
            assert page.get_by_role("alert").is_visible()
            context.close()
