"""The survey page in a real browser: three widths, with and without script, two directions, two themes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import inspect, select

from surveyapp.installation import Installation
from surveyapp.store.models import Draft, Invitation, Response, SurveyRow
from tests.responses.makers import make_journey, make_survey
from tests.web.respondents import single_use

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LOGIC = {
    "show_if": [{"item": "nps-nps_reason", "when": "nps-nps", "sign": "<=", "value": "6"}],
    "not_applicable": ["csat-csat"],
    "attention": {"after": "ces-ces", "choose": 4},
}


@dataclass(frozen=True)
class Place:
    """Where surveys are served, and their surveys by name."""

    base: str
    installation: Installation
    surveys: dict[str, SurveyRow]

    def url(self, name: str) -> str:
        return f"{self.base}/s/{self.surveys[name].link}"

    def personal(self, name: str) -> str:
        return self.base + single_use(self.installation, self.surveys[name])[0]

    def all(self, column: Any) -> list[Any]:
        with self.installation.store.reading() as session:
            table = inspect(getattr(column, "class_", column))
            return list(session.scalars(select(column).order_by(*table.primary_key)))


@pytest.fixture(scope="module")
def place(served: tuple[str, Installation]) -> Place:
    base, installation = served
    short = ("nps", "csat", "ces")
    with installation.store.writing() as session:
        journey = make_journey(session, "matrix")

        def made(asks: tuple[str, ...], **columns: Any) -> SurveyRow:
            each = make_survey(session, journey=journey, asks=asks, consent="We keep it.")
            for name, value in columns.items():
                setattr(each, name, value)
            return each

        surveys = {
            "page": made(short, languages=["ar", "fi"], logic=LOGIC, theme={"colour": "#ffcc00"}),
            "blocks": made(short, paging="blocks", languages=["ar"], consent_box=True),
            "kinds": made(("fcr", "emotion", "effort-causes", "nps"), auto_advance=True),
            "anonymous": made(("nps",), anonymity="anonymous"),
            "closed": made(("nps",), state="closed"),
        }
    return Place(base, installation, surveys)


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    made = browser.new_context(**getattr(request, "param", {}))
    yield made
    made.close()


def choose(page: Page, nth: int = 2) -> None:
    """Tap an answer of every question that is shown and takes one."""
    for group in page.locator("fieldset.q:visible").all():
        group.locator(".options:not(.apart) label").nth(nth).click()


def send(page: Page) -> None:
    """Press what sends, and wait for the page that answers: the one before looks alike."""
    with page.expect_event("domcontentloaded"):
        page.locator(".go button:not(.quiet)").click()


def overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.mark.parametrize(
    ("width", "script", "language"),
    [
        (320, True, "ar"),
        (320, False, "en"),
        (768, False, "ar"),
        (768, True, "en"),
        (1280, True, "en"),
        (1280, False, "ar"),
    ],
)
def test_a_whole_survey_in_blocks(browser, place: Place, width, script, language):
    before = len(place.all(Response.id))
    context = browser.new_context(
        viewport={"width": width, "height": 800}, java_script_enabled=script, locale=language
    )
    page = context.new_page()
    page.goto(place.url("blocks"))
    assert page.locator("html").get_attribute("lang") == language
    send(page)  # without the tick and without answers
    assert page.locator("#problem").is_visible()
    assert page.evaluate("document.activeElement.id") == "problem" if script else True
    page.locator("[name=consent]").check(force=True)
    for _ in range(3):
        if script:
            assert overflow(page) <= 0
        choose(page)
        send(page)
    page.wait_for_url("**/thanks**")
    assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else None)
    context.close()
    assert len(place.all(Response.id)) == before + 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_state_of_the_page_has_an_accessibility_violation(browser, place: Place, scheme):
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": 390, "height": 800}, reduced_motion="reduce"
    )
    page = context.new_page()

    def check(state: str) -> None:
        found = Axe().run(page)
        assert found.violations_count == 0, f"{state}: {found.generate_report()}"

    for name in ("page", "blocks", "kinds", "closed"):
        page.goto(place.url(name))
        check(name)
    page.goto(f"{place.url('page')}?lang=ar&score=nps-nps:3")
    check("clicked in a message")
    for name in ("page", "blocks", "kinds"):
        page.goto(place.url(name))
        send(page)
        check(f"{name} with faults")
    page.goto(place.url("kinds"))
    choose(page, 0)
    check("chosen")
    send(page)
    page.wait_for_url("**/thanks**")
    check("thanks")
    page.goto(place.url("closed") + "x")
    check("no such link")
    context.close()


@pytest.mark.parametrize("context", [{"viewport": {"width": 320, "height": 256}}], indirect=True)
def test_nothing_runs_over_at_four_times_the_size(context, place: Place):
    """1280 by 1024 at 400 % is 320 by 256 (WCAG 1.4.10); 200 % lies on the way."""
    page = context.new_page()
    for name in ("page", "blocks", "kinds"):
        page.goto(place.url(name))
        assert overflow(page) <= 0
        smallest = page.evaluate(
            """Math.min(...[...document.querySelectorAll("button:not(.hush), .options label, a")]
            .map((each) => each.getBoundingClientRect()).filter((box) => box.width)
            .map((box) => Math.min(box.width, box.height)))"""
        )
        assert smallest >= 24


def test_the_enter_key_goes_on_and_never_changes_the_language(context, place: Place):
    page = context.new_page()
    page.goto(place.url("blocks"))
    page.locator("[name=consent]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator("#step")).to_have_text("Questions 3–4 of 6")
    assert page.locator("html").get_attribute("lang") == "en"


def test_questions_come_and_go_with_the_answer_without_script(browser, place: Place):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(place.url("page"))
    reason = page.locator("#q-nps-nps_reason")
    assert not reason.is_visible()
    page.locator("[name=nps-nps][value='3']").check(force=True)
    assert reason.is_visible()
    assert not page.get_by_text("Leave this out if").is_visible()
    page.locator("[name=nps-nps][value='9']").check(force=True)
    assert not reason.is_visible()
    context.close()


def test_answers_are_saved_as_they_are_given_and_found_on_another_device(browser, place: Place):
    url = place.personal("page")
    first = browser.new_context()
    page = first.new_page()
    with page.expect_response("**?draft**") as saved:
        page.goto(url)
        page.locator("[name=nps-nps][value='4']").check(force=True)
        page.locator("[name=nps-nps_reason]").fill("It was slow")
    assert saved.value.status == 204
    expect(page.locator("#saved-server")).to_be_visible()
    with page.expect_response("**?draft**"):
        page.locator("[name=nps-nps_reason]").fill("It was slow.")
    first.close()
    second = browser.new_context(java_script_enabled=False)
    other = second.new_page()
    other.goto(url)
    assert other.get_by_text("Welcome back").is_visible()
    assert other.locator("[name=nps-nps][value='4']").is_checked()
    assert other.locator("[name=nps-nps_reason]").input_value() == "It was slow."
    choose(other, 3)
    send(other)
    other.wait_for_url("**/thanks**")
    second.close()
    assert place.all(Draft) == []


def test_an_open_link_keeps_the_draft_in_the_browser_until_thanks(context, place: Place):
    before = len(place.all(Response.id))
    page = context.new_page()
    page.goto(place.url("blocks"))
    key = page.locator("[name=form-key]").input_value()
    page.locator("[name=consent]").check(force=True)
    page.locator("[name=nps-nps][value='7']").check(force=True)
    expect(page.locator("#saved-here")).to_be_visible()
    page.close()
    page = context.new_page()
    page.goto(place.url("blocks"))
    expect(page.get_by_text("Welcome back")).to_be_visible()
    assert page.locator("[name=nps-nps][value='7']").is_checked()
    assert page.locator("[name=form-key]").input_value() == key
    for _ in range(3):
        choose(page)
        send(page)
    page.wait_for_url("**/thanks**")
    assert page.evaluate("localStorage.length") == 0
    page.goto(place.url("blocks"))
    assert not page.get_by_text("Welcome back").is_visible()
    assert place.all(Draft) == []
    assert len(place.all(Response.id)) == before + 1


def test_whoever_does_not_want_the_draft_starts_again(context, place: Place):
    page = context.new_page()
    page.goto(place.url("anonymous"))
    page.locator("[name=nps-nps][value='7']").check(force=True)
    expect(page.locator("#saved-here")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Start over").click()
    expect(page.locator("[name=nps-nps]:checked")).to_have_count(0)
    assert page.evaluate("localStorage.length") == 0
    assert place.all(Draft) == []


def test_a_click_in_a_message_is_noted_by_a_visit_and_not_by_opening(context, place: Place):
    page = context.new_page()
    page.goto(f"{place.personal('page')}?score=nps-nps:9&lang=en")
    expect(page.get_by_role("heading", name="You chose 9. Please confirm")).to_be_visible()
    assert page.locator("[name=nps-nps][value='9']").is_checked()
    assert place.all(Draft) == []
    with page.expect_response("**?draft**") as noted:
        page.mouse.click(5, 300)
    assert noted.value.status == 204
    assert place.all(Draft.unconfirmed) == [True]
    choose(page, 3)
    page.locator("[name=ces-cesb][value='4']").check(force=True)
    send(page)
    page.wait_for_url("**/thanks**")
    assert place.all(Draft) == []
    paradata = place.all(Response.paradata)[-1]
    assert paradata["preselected"] == {"item": "nps-nps", "value": 9, "changed": True}
    assert place.all(Invitation.started_at)[-1] is not None


@pytest.mark.parametrize(
    "context",
    [{"viewport": {"width": 390, "height": 500}, "reduced_motion": "reduce"}],
    indirect=True,
)
def test_a_tap_leads_on_and_the_keyboard_does_not(context, place: Place):
    page = context.new_page()
    page.goto(place.url("kinds"))
    page.locator("[name=emotion-emotion]").first.focus()
    start = page.evaluate("scrollY")
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(400)
    assert abs(page.evaluate("scrollY") - start) < 300  # the browser shows what is focused
    page.locator("[name=fcr-fcr]").first.click(force=True)
    page.locator("[name=emotion-emotion]").nth(1).click(force=True)
    for _ in range(30):  # the page's policy forbids what would wait inside it
        if page.evaluate("scrollY") > start + 400:
            break
        page.wait_for_timeout(100)
    assert page.evaluate("scrollY") > start + 400
    expect(page.locator("#answered")).to_have_text("2 of 6 answered")


def test_two_requests_at_most_and_fourteen_kilobytes(context, place: Place):
    page = context.new_page()
    sizes: dict[str, int] = {}

    def count(request: Any) -> None:
        parts = request.sizes()
        sizes[request.url] = parts["responseBodySize"] + parts["responseHeadersSize"]

    page.on("requestfinished", count)
    page.goto(place.url("page"), wait_until="networkidle")
    print(f"\nfirst view: {len(sizes)} requests, {sum(sizes.values())} bytes")
    assert len(sizes) <= 2
    assert sum(sizes.values()) <= 14 * 1024
    assert all(url.startswith(place.base) for url in sizes)
