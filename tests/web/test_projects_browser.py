"""A model typed in a real browser: mistakes told by line, items put in by a click, results copied."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from surveyapp.app import create_app
from surveyapp.installation import Installation
from surveyapp.store.models import Job
from surveyapp.web.installation import EXTENSION
from surveyapp.worker import run_job
from tests.accessibility import violations
from tests.results.study_place import make_study, people
from tests.web.world import add_user, session_key

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def place(served: tuple[str, Installation]) -> Iterator[tuple[str, str, int]]:
    """The cookie of a researcher's session by name and value, and a journey with answers."""
    _, installation = served
    app = create_app(installation.settings)
    with installation.store.writing() as session:
        user = add_user(session, "researcher", email="models@example.org")
        journey_id = make_study(session, people(120)).journey_id
    cookie = app.session_interface.get_signing_serializer(app).dumps(
        {"_user_id": session_key(installation, user)}
    )
    yield app.config["SESSION_COOKIE_NAME"], cookie, journey_id
    app.extensions[EXTENSION].close()


@pytest.fixture
def page(
    browser: Browser, served: tuple[str, Installation], place: tuple[str, str, int]
) -> Iterator[tuple[Page, str]]:
    """A page of a researcher, and the address of a project."""
    base, _ = served
    name, cookie, journey_id = place
    context = browser.new_context(base_url=base, viewport={"width": 390, "height": 844})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_cookies([{"name": name, "value": cookie, "url": base}])
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened, f"/journeys/{journey_id}/projects"
    context.close()
    assert said == []


def run_last(installation: Installation) -> None:
    with installation.store.reading() as session:
        waiting = select(Job.id).where(Job.state == "waiting").order_by(Job.id.desc())
        job = session.scalars(waiting).first()
    assert job is not None
    run_job(installation, job, worker="test")


def test_a_model_is_typed_checked_fitted_and_copied(
    page: tuple[Page, str], served: tuple[str, Installation]
):
    opened, projects = page
    opened.goto(f"{projects}/new")
    opened.get_by_label("Name").fill("Pilot")
    opened.get_by_role("button", name="Create project").click()
    run_last(served[1])
    expect(opened.get_by_role("heading", name="Answers")).to_be_visible()
    expect(opened.locator("progress")).to_have_count(0)
    opened.get_by_role("link", name="New model").first.click()
    text = opened.get_by_label("Model", exact=True)
    text.fill("quality =~ rel1 + rel2\nsure =~ ass1 + ass9")
    told = opened.locator(".checked li")
    expect(told).to_contain_text("Line 2 ass9 is neither an item nor defined in the model")
    told.get_by_role("button", name="Line 2").click()
    assert text.evaluate("it => it.value.slice(it.selectionStart)") == "ass9"
    text.fill("")
    text.press_sequentially("quality =~ re")
    opened.get_by_label("Matching names").get_by_role("button", name="rel2").click()
    expect(text).to_have_value("quality =~ rel2")
    opened.get_by_label("Type").select_option("composite")
    expect(opened.get_by_label("Bootstrap")).to_be_visible()
    expect(opened.get_by_label("Estimator")).to_be_hidden()
    opened.get_by_label("Type").select_option("covariance")
    text.fill("quality =~ rel1 + rel2")
    opened.get_by_role("button", name="rel3", exact=True).click()
    expect(text).to_have_value("quality =~ rel1 + rel2 + rel3")
    expect(opened.locator(".checked")).to_contain_text("every name is known")
    assert violations(opened) == []
    opened.get_by_role("button", name="Fit model").click()
    expect(opened.locator("progress")).to_be_visible()
    run_last(served[1])
    copy = opened.get_by_role("button", name="Copy", exact=True)
    expect(copy).to_be_visible()
    copy.click()
    expect(opened.get_by_role("button", name="Copied")).to_be_visible()
    copied = opened.evaluate("navigator.clipboard.readText()")
    assert "the model has no degrees of freedom" in copied
    opened.get_by_role("button", name="Copy table").first.click()
    for _ in range(100):
        copied = opened.evaluate("navigator.clipboard.readText()")
        if copied.startswith("Measure\tPlain"):
            break
        opened.wait_for_timeout(50)
    assert copied.startswith("Measure\tPlain")
    assert opened.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert violations(opened) == []


def test_a_model_is_drawn_by_keyboard_alone_and_fits(
    page: tuple[Page, str], served: tuple[str, Installation]
):
    opened, projects = page
    opened.goto(f"{projects}/new")
    opened.get_by_label("Name").fill("Drawn")
    opened.get_by_role("button", name="Create project").click()
    expect(opened).to_have_url(re.compile(r"/projects/\d+$"))
    opened.goto(f"{opened.url}/models/new")
    text = opened.get_by_label("Model", exact=True)
    text.fill("# mine\n")
    keys, canvas = opened.keyboard, opened.locator(".drawing-canvas")
    expect(canvas).to_contain_text("Nothing is drawn yet")
    for name, first in (("Relied", "rel1"), ("Assured", "ass1")):
        opened.get_by_role("button", name="Add factor").focus()
        keys.press("Enter")
        keys.type(name)
        opened.get_by_label(first, exact=True).focus()
        for key in ("Space", "Tab", "Space", "Tab", "Space", "Enter"):
            keys.press(key)
        expect(opened.locator(f"[data-node={name}]")).to_be_focused()
    keys.press("p")
    expect(opened.locator(".drawing-said")).to_contain_text("Path from Assured")
    keys.press("Shift+Tab")
    keys.press("Enter")
    expect(opened.get_by_role("group", name="Path from Assured to Relied")).to_be_visible()
    assert violations(opened) == []
    keys.press("Enter")
    drawn = (
        "# mine\nRelied =~ rel1 + rel2 + rel3\nAssured =~ ass1 + ass2 + ass3\nRelied ~ Assured\n"
    )
    expect(text).to_have_value(drawn)
    path = opened.get_by_role("button", name="Relied is regressed on Assured")
    expect(path).to_be_focused()
    keys.press("Delete")
    expect(text).to_have_value(drawn.replace("Relied ~ Assured\n", ""))
    keys.press("Control+z")
    expect(text).to_have_value(drawn)
    expect(path).to_have_count(1)  # drawn anew, which takes the focus of what is drawn over
    node = opened.locator("[data-node=Relied]")
    before = node.locator("ellipse").get_attribute("cx")
    node.focus()
    keys.press("ArrowLeft")
    expect(node).to_be_focused()
    assert node.locator("ellipse").get_attribute("cx") != before
    text.press("Control+Enter")
    expect(opened.locator("progress")).to_be_visible()
    run_last(served[1])
    expect(opened.locator("#fit-line")).to_contain_text("CFI")
