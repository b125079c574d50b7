"""The staff pages in a real browser: one whole trip, every main page for assistive technology."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from surveyapp.installation import Installation
from surveyapp.store.models import Job, SurveyRow, Touchpoint, User
from tests.accessibility import violations
from tests.validity import faults
from tests.web.world import PASSWORD, Place, add_user, answer, make_place

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def user(served: tuple[str, Installation]) -> User:
    with served[1].store.writing() as session:
        return add_user(session, "administrator")


@pytest.fixture(scope="module")
def place(served: tuple[str, Installation], user: User) -> Place:
    """A journey whose numbers are shown: more than five answers in two groups."""
    installation = served[1]
    made = make_place(installation, "Open an account", user)
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, made.survey_id)
        for region in ("North", "South"):
            for value in (10, 9, 9, 8, 7, 3):
                answer(session, survey, nps=value, attributes={"region": region})
    return made


@pytest.fixture(scope="module")
def signed_in(browser: Browser, served: tuple[str, Installation], user: User) -> dict:
    """The cookies of somebody who has signed in by the page."""
    context = browser.new_context(base_url=served[0])
    page = context.new_page()
    page.goto("/sign-in")
    sign_in(page)
    state = context.storage_state()
    context.close()
    return state


def sign_in(page: Page) -> None:
    page.get_by_label("Email address").fill("administrator@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Journeys", level=1)).to_be_visible()


@pytest.fixture
def staff(browser: Browser, served: tuple[str, Installation], signed_in: dict) -> Iterator[Page]:
    """A page of somebody signed in; whatever the browser complains about fails the test."""
    context = browser.new_context(
        base_url=served[0], storage_state=signed_in, viewport=DESKTOP, accept_downloads=True
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type != "info" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_an_empty_map_to_the_score_of_a_customer(
    browser: Browser, served: tuple[str, Installation], signed_in: dict, scripts: bool
):
    base, _ = served
    context = browser.new_context(
        base_url=base, storage_state=signed_in, java_script_enabled=scripts
    )
    page = context.new_page()
    page.goto("/journeys/new")
    page.get_by_label("Name", exact=True).fill("Get a mortgage")
    page.get_by_label("Organisation").fill("Northbank")
    page.get_by_role("button", name="Create journey").click()
    page.get_by_label("Stage", exact=True).fill("Apply")
    page.get_by_role("button", name="Add stage").click()
    page.get_by_role("link", name="Add touchpoint to Apply").click()
    page.get_by_label("Name", exact=True).fill("the advice meeting")
    page.get_by_label("Moment of truth").check()
    page.get_by_role("button", name="Add touchpoint").click()

    page.get_by_role("link", name="Surveys").click()
    page.get_by_role("link", name="Create survey").click()
    page.get_by_label("Name", exact=True).fill("After the meeting")
    page.get_by_label("Touchpoint").select_option(label="Apply: the advice meeting")
    page.get_by_label("Likelihood to recommend").check()
    page.get_by_role("button", name="Publish survey").click()
    link = page.get_by_label("Open link").input_value()
    assert page.get_by_role("img", name="QR code of the open link").is_visible()
    path = link[link.index("/s/") :]

    customer = browser.new_context(base_url=base, viewport=PHONE, java_script_enabled=scripts)
    form = customer.new_page()
    for value in (10, 10, 9, 9, 0):
        form.goto(path)
        form.locator(f"input[name=nps-nps][value='{value}']").check(force=True)
        form.get_by_role("button", name="Send my answers").click()
        form.wait_for_url("**/thanks")
    customer.close()

    page.get_by_role("navigation", name="Breadcrumb").get_by_role(
        "link", name="Get a mortgage"
    ).click()
    tile = page.get_by_role("link", name="the advice meeting").first
    expect(tile).to_contain_text("no answers yet")  # today is in no complete month
    page.get_by_role("link", name="Show all time").first.click()
    expect(tile).to_contain_text("+60")
    tile.click()
    expect(page.get_by_role("row", name="Net Promoter")).to_contain_text("5")
    context.close()


def main_pages(place: Place) -> list[str]:
    journey = f"/journeys/{place.journey_id}"
    return [
        *("/journeys", "/journeys/new", "/segments", "/segments/new", "/jobs", "/users"),
        *("/users/new", f"/users/{place.user_id}", "/audit", "/account", "/account/password"),
        *(
            journey,
            f"{journey}?period=all",
            f"{journey}/edit",
            f"{journey}/stages",
            f"{journey}/results?period=all",
            f"{journey}/explore?period=all",
            f"{journey}/explore?period=all&drawing=places&place=*",
            f"{journey}/reports",
        ),
        *(f"{journey}/touchpoints/{place.touchpoint_id}?period=all", f"{journey}/reports/new"),
        f"{journey}/stages/touchpoints/{place.touchpoint_id}",
        f"{journey}/stages/{place.stage_id}/remove",
        *(f"{journey}/surveys", f"{journey}/surveys/new"),
        f"{journey}/surveys/{place.survey_id}",
        f"{journey}/surveys/{place.survey_id}/imports",
        f"{journey}/surveys/{place.survey_id}/imports/{place.batch_id}",
        f"{journey}/surveys/{place.survey_id}/imports/{place.batch_id}/remove",
        f"{journey}/surveys/{place.survey_id}/previews/{place.preview_id}",
        f"{journey}/responses/{place.response_id}/remove",
        f"{journey}/surveys/{place.survey_id}/messages",
        f"{journey}/surveys/{place.survey_id}/campaigns",
        *(f"{journey}/responses", f"{journey}/responses/{place.response_id}"),
        *(f"{journey}/analyses/{place.analysis_id}", f"/jobs/{place.job_id}"),
        *("/connections", "/connections/keys/new", "/connections/webhooks/new"),
        "/connections/mail",
        f"/connections/webhooks/{place.webhook_id}",
        f"/connections/webhooks/{place.webhook_id}/edit",
        f"/connections/webhooks/{place.webhook_id}/deliveries/{place.delivery_id}",
        "/api/docs",
    ]


def test_every_main_page_is_accessible_and_fits_the_screen(staff: Page, place: Place):
    """Checked by axe on a desktop, light; dark and on a phone, where tables scroll, those with tables
    and every kind of control once more.

    Axe reads what a browser has made of a page; what was sent must be valid HTML.
    """
    found = {}
    with_tables = (
        "/audit",
        "/results",
        "/responses",
        "/touchpoints/",
        "/analyses/",
        "/surveys/",
        "/connections",
        "/surveys/new",
        f"/journeys/{place.journey_id}",
    )
    for path in main_pages(place):
        answered = staff.goto(path)
        assert answered.status == 200, path
        if invalid := faults(answered.text()):
            found[path] = invalid
        for size in (DESKTOP, PHONE):
            staff.set_viewport_size(size)
            # Without motion, so that no colour is seen on its way from light to dark.
            scheme = "light" if size is DESKTOP else "dark"
            staff.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            wrong = []
            if size is DESKTOP or any(part in path for part in with_tables):
                wrong += [
                    (each["id"], [node["html"][:120] for node in each["nodes"][:3]])
                    for each in violations(staff)
                ]
            if staff.evaluate("document.body.scrollWidth > document.documentElement.clientWidth"):
                wrong.append("wider than the screen")
            if wrong:
                found[(path, size["width"])] = wrong
    assert found == {}


def test_the_sign_in_page_is_accessible_and_says_what_was_wrong(browser: Browser, served, user):
    context = browser.new_context(base_url=served[0], viewport=PHONE)
    page = context.new_page()
    page.goto("/journeys")
    page.get_by_label("Email address").fill("administrator@example.org")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    field = page.get_by_label("Password")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description("Incorrect email or password. Try again.")
    assert violations(page) == []
    context.close()


def test_the_keyboard_reaches_content_first_and_everything_after(staff: Page, place: Place):
    staff.goto(f"/journeys/{place.journey_id}")
    staff.keyboard.press("Tab")
    expect(staff.get_by_role("link", name="Skip to content")).to_be_focused()
    staff.keyboard.press("Enter")
    assert staff.evaluate("document.activeElement.id") == "main"
    reached = set()
    for _ in range(60):
        staff.keyboard.press("Tab")
        reached.add(staff.evaluate("document.activeElement.textContent.trim().slice(0, 40)"))
    assert {"Results", "Apply"} <= reached
    assert any(text.startswith("Form") for text in reached)


def test_a_running_job_moves_its_bar_and_shows_its_end(staff: Page, served, user: User):
    installation = served[1]
    with installation.store.writing() as session:
        job = Job(kind="rebuild_rollups", parameters={}, created_by=user.id, state="running")
        session.add(job)
        session.flush()
    staff.goto(f"/jobs/{job.id}")
    expect(staff.get_by_role("progressbar")).to_have_attribute("value", "0")
    for change in ({"percent": 40, "step": "Counting"}, {"state": "done", "percent": 100}):
        with installation.store.writing() as session:
            row = session.get_one(Job, job.id)
            for name, value in change.items():
                setattr(row, name, value)
        if "step" in change:
            expect(staff.get_by_text("Counting")).to_be_visible()
            assert staff.get_by_role("progressbar").evaluate("bar => bar.value") == 40
    expect(staff.get_by_role("link", name="View segments")).to_be_visible()


def test_without_scripts_a_running_job_refreshes_its_page(browser, served, signed_in, user: User):
    installation = served[1]
    with installation.store.writing() as session:
        job = Job(kind="rebuild_rollups", parameters={}, created_by=user.id, state="running")
        session.add(job)
        session.flush()
    context = browser.new_context(
        base_url=served[0], storage_state=signed_in, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"/jobs/{job.id}")
    with installation.store.writing() as session:
        session.get_one(Job, job.id).state = "done"
    expect(page.get_by_role("link", name="View segments")).to_be_visible(timeout=30_000)
    context.close()


def test_files_come_down_as_files(staff: Page, place: Place, tmp_path: Path):
    staff.goto(f"/journeys/{place.journey_id}/responses")
    with staff.expect_download() as waited:
        staff.get_by_role("link", name="Download CSV").click()
    with Path(waited.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert "nps.nps_reason" in rows[0]
    name = f"responses-open-an-account-{len(rows)}-rows.csv"
    assert waited.value.suggested_filename == name
    customers = tmp_path / "customers.csv"
    customers.write_text("customer_ref,region\nc1,North\n")
    staff.goto(f"/journeys/{place.journey_id}/surveys/{place.survey_id}")
    staff.get_by_label("Customer list").set_input_files(customers)
    with staff.expect_download() as waited:
        staff.get_by_role("button", name="Create links").click()
    assert "/s/" in Path(waited.value.path()).read_text(encoding="utf-8-sig")


WICKED = "<img src=x onerror=alert(1)> {{7*7}}' || alert(1)"


@pytest.fixture(scope="module")
def explored(served: tuple[str, Installation], user: User) -> str:
    """The address of a drawing of four months at a touchpoint: one has too few answers, and another is
    hidden with it.
    """
    installation = served[1]
    made = make_place(installation, "Explored", user)
    with installation.store.writing() as session:
        session.get_one(Touchpoint, made.touchpoint_id).name = WICKED
        survey = session.get_one(SurveyRow, made.survey_id)
        usual = (10, 9, 8, 3, 7, 9)
        for months, values in ((9, usual), (7, usual), (5, (2, 1)), (1, (10, 10, 9, 9, 0, 8))):
            at = datetime.now(UTC) - timedelta(days=31 * months)
            for value in values:
                answer(session, survey, nps=value, at=at)
    return f"/journeys/{made.journey_id}/explore?period=all&scale=nps&place=*"


def test_the_explore_drawing_answers_to_pointer_and_keys_under_the_strict_policy(
    staff: Page, explored: str
):
    """Whatever the policy refused would be among the browser's complaints, too."""
    staff.add_init_script(
        "window.refused = []; window.moved = 0;"
        "document.addEventListener('securitypolicyviolation',"
        " (event) => window.refused.push(event.violatedDirective));"
        "new PerformanceObserver((seen) => seen.getEntries().forEach("
        "(each) => { window.moved += each.value; })).observe({type: 'layout-shift', buffered: true});"
    )
    staff.emulate_media(color_scheme="dark", reduced_motion="reduce")
    staff.goto(explored)
    points = staff.locator(".explored [aria-label*=', NPS: ']")
    expect(points).to_have_count(2)
    points.last.hover(force=True)  # the nearest point answers to the whole room around it
    tooltip = staff.locator("#vg-tooltip-element.visible")
    expect(tooltip).to_contain_text(WICKED)
    expect(tooltip).to_contain_text("95% CI")
    box = staff.locator(".explored")
    box.press("ArrowLeft")
    assert staff.locator(".explored-said").text_content() == points.last.get_attribute("aria-label")
    box.press("ArrowRight")
    assert staff.locator(".explored-said").text_content() == points.first.get_attribute(
        "aria-label"
    )
    label = box.locator(".role-axis-label text").first
    assert label.evaluate("text => getComputedStyle(text).fill") == "rgb(169, 180, 191)"
    assert staff.evaluate("window.refused") == [] and staff.evaluate("window.moved") < 0.01
    staff.set_viewport_size(PHONE)
    staff.reload()
    expect(points).to_have_count(2)
    assert box.locator("svg.marks").bounding_box()["width"] <= PHONE["width"]
    assert violations(staff) == []


def test_without_scripts_the_explored_months_are_drawings_with_tables(
    browser: Browser, served, signed_in, explored: str
):
    context = browser.new_context(
        base_url=served[0], storage_state=signed_in, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(explored)
    box = page.locator(".explored")
    expect(box).to_contain_text("Without JavaScript, see the same months below.")
    assert box.bounding_box()["height"] < 100
    expect(page.locator("svg.trend")).to_be_visible()
    page.get_by_text("Table", exact=True).click()
    expect(page.get_by_role("cell", name="hidden (fewer than 5)").first).to_be_visible()
    context.close()


def test_the_workshop_kit_prints_the_map_on_one_a3_and_the_rest_on_a4(staff: Page, place: Place):
    staff.goto(f"/journeys/{place.journey_id}/workshop-kit")
    printed = PdfReader(BytesIO(staff.pdf(prefer_css_page_size=True))).pages
    millimetres = [
        sorted(round(float(side) * 25.4 / 72) for side in each.mediabox[2:]) for each in printed
    ]
    assert millimetres == [
        *[[210, 297]] * 3,  # the second is of the persona, the third empty
        [297, 420],
        *[[210, 297]] * 2,
        [297, 420],
        [210, 297],
    ]
    words = " ".join(printed[3].extract_text().split())
    assert "Thoughts and questions" in words
