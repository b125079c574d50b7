"""Cases and alerts in a real browser: by keyboard alone, for assistive technology, on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from surveyapp.auth.passwords import hash_password
from surveyapp.auth.permissions import Grant
from surveyapp.closed_loop.alert_rules import AlertRule
from surveyapp.closed_loop.alerts import Doer, create_alert
from surveyapp.installation import Installation
from surveyapp.store.models import Case, JourneyGrant, SurveyRow, User
from tests.closed_loop.makers import Loop, make_loop, open_case, respond
from tests.web.conftest import served
from tests.web.world import PASSWORD

__all__ = ["served"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def loop(served: tuple[str, Installation]) -> Loop:
    store = served[1].store
    with store.writing() as session:
        made = make_loop(session)
        olga = session.get_one(User, made.owner)
        olga.role, olga.password_hash = "researcher", hash_password(PASSWORD)
        session.add(JourneyGrant(user_id=olga.id, kind=Grant.EDITOR))
        survey = session.get_one(SurveyRow, made.survey)
        emails = ["olga@example.org", "the-team-that-looks-after-the-form@example.org"]
        rule = AlertRule(
            survey.journey_id, "nps", "apply/form", value=20, minimum_n=5, emails=emails
        )
        create_alert(session, rule, by=Doer(made.owner), installation=served[1])
        for nps in (7, 7, 9, 8, 7):
            respond(session, made.survey, nps)
    for _ in range(2):
        open_case(store, made, 3, customer_ref="c" * 32)
    return made


@pytest.fixture(scope="module")
def staff(browser: Browser, served: tuple[str, Installation], loop: Loop) -> Iterator[Page]:
    """A page of the cases' owner, signed in."""
    context = browser.new_context(base_url=served[0], viewport=DESKTOP)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Email address").fill("olga@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Cases")).to_be_visible()
    yield page
    context.close()


def test_every_page_is_accessible_and_fits_the_screen(staff: Page, loop: Loop):
    axe = Axe()
    pages = (
        "/cases",
        "/cases/1",
        "/cases/recovery",
        f"/journeys/1/surveys/{loop.survey}/closed-loop",
    )
    for path in pages:
        for viewport in (DESKTOP, PHONE):
            staff.set_viewport_size(viewport)
            answer = staff.goto(path)
            assert answer is not None and answer.ok
            wide = staff.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, (path, viewport)
            found = axe.run(staff)
            assert found.violations_count == 0, (path, viewport, found.generate_report())
    staff.set_viewport_size(DESKTOP)


def test_a_case_is_worked_on_by_keyboard_alone(staff: Page, loop: Loop):
    staff.goto("/cases")
    staff.get_by_role("link", name="NPS 3").first.focus()
    with staff.expect_navigation():
        staff.keyboard.press("Enter")
    press(staff, "Mark as contacted")
    staff.get_by_label("Note", exact=True).focus()
    staff.keyboard.type("She gets the fee back.")
    press(staff, "Add note")
    expect(staff.get_by_role("listitem").filter(has_text="fee back")).to_be_visible()
    staff.get_by_role("radio", name="Recovered", exact=True).focus()
    staff.keyboard.press("Space")
    press(staff, "Close case")
    expect(staff.get_by_role("heading", name="Case 1: NPS 3")).to_contain_text("closed")
    expect(staff.get_by_role("button", name="Reopen case")).to_be_visible()


def test_a_form_with_a_fault_leads_to_it(staff: Page, served: tuple[str, Installation], loop: Loop):
    with served[1].store.reading() as session:
        number = session.scalar(select(func.max(Case.id)))
    staff.goto(f"/cases/{number}")
    press(staff, "Close case")
    expect(staff.get_by_role("alert")).to_contain_text("Choose an outcome.")
    fault = staff.get_by_role("alert").get_by_role("link")
    target = fault.get_attribute("href")
    assert target is not None and staff.locator(target).count() == 1


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
