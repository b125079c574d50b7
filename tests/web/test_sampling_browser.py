"""Asking in a real browser: rules set, interactions brought in, decided, and one customer looked up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from surveyapp.installation import Installation
from surveyapp.sampling import schedule
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Journey
from tests.accessibility import violations
from tests.web.world import PASSWORD, Place, add_user, make_place

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def place(served: tuple[str, Installation]) -> Place:
    installation = served[1]
    with installation.store.writing() as session:
        add_user(session, "administrator")
        owner = add_user(session, "administrator", email="owner@example.org")
    # The owner has a passkey, which signing in would ask for.
    return make_place(installation, "Open an account", owner)


@pytest.fixture
def page(browser: Browser, served: tuple[str, Installation], place: Place) -> Iterator[Page]:
    """Signed in on a phone's width; whatever the browser complains about fails the test."""
    context = browser.new_context(base_url=served[0], viewport={"width": 320, "height": 800})
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda said: complaints.append(said.text))
    opened.goto("/sign-in")
    opened.get_by_label("Email address").fill("administrator@example.org")
    opened.get_by_label("Password").fill(PASSWORD)
    opened.get_by_role("button", name="Sign in").click()
    expect(opened.get_by_role("heading", name="Journeys", level=1)).to_be_visible()
    yield opened
    context.close()
    # A form that was refused is answered with 422, which the browser remarks on.
    assert [said for said in complaints if "422" not in said] == []


def check(page: Page) -> None:
    """Nothing for axe to find, and nothing wider than the screen."""
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_from_a_rule_to_the_answer_why_somebody_was_not_asked(
    page: Page, served: tuple[str, Installation], place: Place, tmp_path: Path
):
    installation = served[1]
    rules = f"/journeys/{place.journey_id}/surveys/{place.survey_id}/sampling"
    page.goto(rules)
    page.get_by_label("Invite customers after events").check()
    page.get_by_label("Outcomes").fill("approved")
    page.get_by_label("Quiet hours start").fill("21:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("a start and an end")).to_have_count(2)  # above, and at its field
    expect(page.get_by_label("Outcomes")).to_have_value("approved")
    check(page)
    page.get_by_label("Quiet hours end").fill("08:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Customers are invited by these rules from now on.")).to_be_visible()

    with installation.store.reading() as session:
        journey = session.get_one(Journey, place.journey_id)
        point = journey.stages[0].touchpoints[0].code
    moment = utc_now().isoformat()
    lines = [
        f"{point},c{number},{moment},c{number}@example.org,{outcome}"
        for number, outcome in enumerate(("approved", "refused", "approved"))
    ]
    file = tmp_path / "in.csv"
    file.write_text(
        "\n".join(["touchpoint,customer_ref,at,email,outcome", *lines, f"{point},c9,now,,"])
    )
    page.get_by_role("link", name="Import events").click()
    page.get_by_label("Event file").set_input_files(file)
    page.get_by_role("button", name="Import events").click()
    expect(page.get_by_text("4 rows: 3 stored, 0 already stored, 1 rejected.")).to_be_visible()
    expect(page.get_by_role("cell", name="'now' is not a time")).to_be_visible()
    check(page)
    assert schedule.decide(installation, utc_now()) == 3

    page.goto(rules)
    expect(page.get_by_text("3 events, 2 invitations")).to_be_visible()
    expect(page.get_by_role("rowheader", name="Not covered by the survey")).to_be_visible()
    check(page)
    page.get_by_role("link", name="Compare surveys and segments across the journey").click()
    page.get_by_label("Also by segment").check()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("hidden (fewer than 5)")).to_be_visible()
    check(page)

    page.get_by_role("link", name="Customers").click()
    page.get_by_label("Customer reference, email address or phone number").fill("C1@example.org")
    page.get_by_role("button", name="Look up").click()
    expect(page.get_by_role("cell", name="Not invited")).to_be_visible()
    expect(page.get_by_text("do not match the survey's rules.")).to_be_visible()
    assert "example.org" not in page.url
    check(page)
    page.get_by_role("button", name="Opt customer out").click()
    expect(page.get_by_role("button", name="Remove opt-out")).to_be_visible()
    page.get_by_text("Erase this customer's data", exact=True).click()
    check(page)
    page.get_by_role("button", name="Erase data permanently").click()
    expect(page.get_by_text("opted out", exact=True)).to_be_visible()
    expect(page.get_by_text("c1@example.org")).to_have_count(0)
