"""The pages around the survey in a real browser: readable, small, in both directions and themes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.store.models import Response, SurveyRow
from surveyapp.surveys.channels import change_channels
from tests.accessibility import violations
from tests.responses.makers import make_journey, make_survey
from tests.web.respondents import single_use

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LOGIC = {
    "show_if": [{"item": "nps-nps_reason", "when": "nps-nps", "sign": "<=", "value": "6"}],
    "not_applicable": ["ces-ces"],
    "attention": {"after": "nps-nps", "choose": 3},
}


def make(installation: Installation, **options) -> SurveyRow:
    with installation.store.writing() as session:
        first = session.scalars(select(SurveyRow)).first()
        journey = first.journey if first else make_journey(session)
        values = {
            name: options.pop(name) for name in ("logic", "paging", "draw") if name in options
        }
        made = make_survey(session, journey=journey, asks=("nps", "ces"), **options)
        for name, value in values.items():
            setattr(made, name, value)
        change_channels(session, made, {"kiosk": True}, end_hosts=(), user_id=None)
        made.consent_box = bool(made.consent)
        return made


def answer(page: Page, place: int = 3) -> None:
    for group in page.get_by_role("radiogroup").all():
        if group.is_visible():
            group.locator("label").nth(place).click()
    page.locator("form footer button").last.click()


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("ar", "dark")])
def test_every_page_around_the_survey_is_accessible_and_fits_the_smallest_phone(
    browser: Browser, served: tuple[str, Installation], language: str, theme: str
):
    base, installation = served
    made = make(installation, language=language, draw="Win ten vouchers.", logic=LOGIC)
    (path,) = single_use(installation, made, {"attributes": {"region": "North"}})
    context = browser.new_context(
        viewport={"width": 320, "height": 640}, color_scheme=theme, locale=language
    )
    page = context.new_page()

    def fine() -> None:
        assert violations(page) == [], page.url
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, page.url
        assert page.locator("html").get_attribute("lang") == language
        assert page.title()

    page.goto(base + path)
    answer(page)
    page.wait_for_url("**/thanks?**")
    fine()
    page.locator("a[href*='/draw']").click()
    page.wait_for_url("**/draw?**")
    fine()
    page.locator("#address").fill("nobody")
    page.get_by_role("button").click()
    expect(page.locator("#address")).to_be_focused()
    fine()
    page.locator("#address").fill("a@example.org")
    page.get_by_role("button").click()
    page.wait_for_url("**/draw/entered*")
    fine()
    page.goto(base + path)
    page.wait_for_url("**/mine")
    fine()
    for part in ("change", "erase"):
        page.goto(f"{base}{path}/mine/{part}")
        fine()
    context.close()


def test_answers_are_changed_on_one_page_whatever_the_survey_was(browser, served):
    base, installation = served
    made = make(installation, paging="blocks", logic=LOGIC, consent="We keep it.")
    (path,) = single_use(installation, made)
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(base + path)
    page.get_by_role("checkbox").check()
    with page.expect_event("domcontentloaded"):  # the second block
        answer(page)
    answer(page)
    page.wait_for_url("**/thanks?**")
    page.goto(f"{base}{path}/mine/change")
    assert page.get_by_role("checkbox").count() == 0  # agreed to already
    groups = page.get_by_role("radiogroup")
    assert groups.count() == 2  # without the check of attention
    groups.nth(1).get_by_role("radio", name="Does not apply").check()
    page.get_by_role("button", name="Save my changes").click()
    page.wait_for_url("**/mine?saved=1")
    assert page.get_by_text("Your changes are saved").is_visible()
    assert page.get_by_text("Does not apply", exact=False).is_visible()
    with installation.store.reading() as session:
        kept = session.scalars(select(Response).where(Response.survey_id == made.id)).one()
    assert kept.answers == {"nps": {"nps": 3}, "ces": {}}
    assert kept.paradata["not_applicable"] == ["ces-ces"]
    assert kept.paradata["attention"] == "passed"
    context.close()


def test_a_kiosk_shows_blocks_as_one_page_asks_for_consent_and_hides_what_is_not_asked(
    browser, served
):
    base, installation = served
    made = make(installation, paging="blocks", logic=LOGIC, consent="We keep it.")
    with installation.store.writing() as session:
        session.get_one(SurveyRow, made.id).languages = ["en", "de"]
    context = browser.new_context(viewport={"width": 800, "height": 1000})
    page = context.new_page()
    page.goto(f"{base}/k/{made.link}")
    page.wait_for_selector("html[data-kiosk=ready]", state="attached")
    page.locator("form footer button").last.click()
    expect(page.locator(".kiosk-fault")).to_have_count(4)  # box, rating, check, rating
    page.locator("details.languages summary").click()
    page.get_by_role("button", name="Deutsch").click()
    page.wait_for_url("**?lang=de")
    page.wait_for_selector("html[data-kiosk=ready]", state="attached")
    page.get_by_role("checkbox").check()
    with page.expect_response(lambda each: "/answers?" in each.url) as sent:
        answer(page)
    assert sent.value.status == 204
    page.get_by_role("dialog").get_by_role("button").click()
    page.wait_for_url(lambda url: "lang" not in url)  # the next person begins in the survey's own
    with installation.store.reading() as session:
        kept = session.scalars(select(Response).where(Response.survey_id == made.id)).one()
    assert (kept.language, kept.answers["nps"]) == ("de", {"nps": 3})
    assert kept.paradata == {"way": "kiosk", "attention": "passed"}
    context.close()
