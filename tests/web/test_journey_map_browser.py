"""A hospital journey drawn by keyboard alone, in one page load."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from surveyapp.installation import Installation
from surveyapp.journeys import actions, queries
from tests.accessibility import violations
from tests.web.world import PASSWORD, add_user

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

HOSPITAL = {
    "Notice": ["Symptom checker", "Call the practice"],
    "Referral": ["Letter", "Portal"],
    "Admission": ["Reception", "Waiting room", "Nurse"],
    "Treatment": ["Doctor", "Operation", "Ward round"],
    "Discharge": ["Discharge talk"],
    "After": ["Follow-up call", "Bill"],
}


@pytest.fixture
def drawing(
    browser: Browser, served: tuple[str, Installation]
) -> Iterator[tuple[Page, Installation, int]]:
    """The empty map of a new journey, in the browser of somebody who may draw it."""
    address, installation = served
    with installation.store.writing() as session:
        user = add_user(session, "researcher", email="map@example.org")
        journey = actions.create_journey(session, name="Stay", provider="Clinic", user_id=user.id)
    context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Email address").fill("map@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type != "info" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"/journeys/{journey.id}/journey-map")
    yield page, installation, journey.id
    context.close()
    # The browser notes the answer to whoever wrote second.
    assert [each for each in complaints if "409 (CONFLICT)" not in each] == []


def drawn(installation: Installation, journey_id: int) -> dict[str, list[str]]:
    with installation.store.reading() as session:
        stages = queries.journey(session, journey_id).stages
        return {each.name: [point.name for point in each.touchpoints] for each in stages}


def drag(page: Page, card: str, end: str) -> None:
    """Drag a touchpoint by its handle onto the end of a stage, both in view."""
    page.get_by_label(end).scroll_into_view_if_needed()
    grip = page.locator(".map-card", has=page.get_by_label(card)).locator(".map-grip")
    grip.scroll_into_view_if_needed()
    start, stop = grip.bounding_box(), page.get_by_label(end).bounding_box()
    assert start is not None and stop is not None
    page.mouse.move(start["x"] + 4, start["y"] + 4)
    page.mouse.down()
    page.mouse.move(stop["x"] + 10, stop["y"] + 8, steps=8)
    page.mouse.up()


def test_a_hospital_journey_is_drawn_by_keyboard_alone_in_one_page_load(drawing):
    page, installation, journey_id = drawing
    loads: list[str] = []
    page.on("load", lambda: loads.append(page.url))
    keys = page.keyboard
    page.get_by_label("New stage").focus()
    for stage in HOSPITAL:
        keys.type(stage)
        keys.press("Enter")
        expect(
            page.get_by_role("textbox", name="Stage", exact=False).and_(
                page.locator(f"[value='{stage}']")
            )
        ).to_be_visible()
    for stage, points in HOSPITAL.items():
        page.get_by_label(f"New touchpoint in {stage}").focus()
        for point in points:
            keys.type(point)
            keys.press("Enter")
            expect(page.get_by_label(f"Touchpoint: {point}, {stage}", exact=True)).to_be_visible()
    assert drawn(installation, journey_id) == HOSPITAL
    # From the goals on, cell by cell.
    page.get_by_label("Customer goals: Notice").focus()
    for goal in ("Know what it is", "See a specialist"):
        keys.type(goal)
        keys.press("Enter")
    expect(page.get_by_label("Customer goals: Admission")).to_be_focused()
    page.get_by_label("Touchpoint: Discharge talk, Discharge").focus()
    keys.press("Alt+ArrowLeft")
    moved = page.get_by_label("Touchpoint: Discharge talk, Treatment")
    expect(moved).to_be_focused()
    keys.press("Control+z")
    expect(page.get_by_label("Touchpoint: Discharge talk, Discharge")).to_be_visible()
    page.get_by_label("Customer goals: Admission").focus()
    keys.press("Control+Shift+z")
    expect(moved).to_be_visible()
    page.get_by_label("Customer goals: Admission").focus()
    keys.press("Alt+Insert")
    expect(page.get_by_label("Stage 3")).to_have_value("New stage")
    expect(page.get_by_label("Stage 3")).to_be_focused()
    keys.type("Preparation")
    keys.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.locator(".unsaved")).to_have_count(0)
    assert loads == []  # the page that was there before anything was typed is still the same one
    assert violations(page) == []
    found = drawn(installation, journey_id)
    assert list(found) == ["Notice", "Referral", "Preparation", *list(HOSPITAL)[2:]]
    assert found["Treatment"][-1] == "Discharge talk" and found["Discharge"] == []
    with installation.store.reading() as session:
        stages = queries.journey(session, journey_id).stages
        assert [each.goal for each in stages[:2]] == ["Know what it is", "See a specialist"]
    # By mouse: dragged into the empty stage.
    drag(page, "Touchpoint: Follow-up call, After", "New touchpoint in Discharge")
    expect(page.get_by_label("Touchpoint: Follow-up call, Discharge")).to_be_visible()
    # Somebody else writes in the same cell.
    with installation.store.writing() as session:
        stage = queries.journey(session, journey_id).stages[0]
        actions.edit_stage(session, stage, name=stage.name, goal="Theirs", user_id=None)
    goal = page.get_by_label("Customer goals: Notice")
    goal.fill("Mine")
    goal.blur()
    expect(page.get_by_role("alert")).to_contain_text("Theirs")
    page.get_by_role("button", name="Keep mine").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert drawn(installation, journey_id)["Discharge"] == ["Follow-up call"]
    with installation.store.reading() as session:
        assert queries.journey(session, journey_id).stages[0].goal == "Mine"
