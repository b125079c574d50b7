"""The connection is lost when answers are sent: they are kept, and stored once when it is back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from surveyapp.i18n.languages import texts
from surveyapp.installation import Installation
from surveyapp.store.models import Response, SurveyRow
from tests.responses.makers import make_survey
from tests.web.respondents import single_use

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

GIVEN = {"csat": {"csat": 4, "csat_reason": "Grüße"}, "nps": {"nps": 9}}


@pytest.fixture(scope="module")
def survey(served: tuple[str, Installation]) -> SurveyRow:
    with served[1].store.writing() as session:
        return make_survey(session, asks=("csat", "nps"))


@pytest.fixture(params=["open", "personal"])
def address(request, served: tuple[str, Installation], survey: SurveyRow) -> str:
    base, installation = served
    personal = request.param == "personal"
    return base + (single_use(installation, survey)[0] if personal else f"/s/{survey.link}")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def fill(page: Page) -> None:
    for name, value in (("csat-csat", 4), ("nps-nps", 9)):
        page.locator(f"input[name={name}][value='{value}']").check(force=True)
    page.locator("#csat-csat_reason").fill("Grüße")


def send(page: Page) -> None:
    page.locator("footer button[name=go]").click(no_wait_after=True)


def stored(installation: Installation) -> list[dict]:
    with installation.store.reading() as session:
        return list(session.scalars(select(Response.answers).order_by(Response.id)))


def test_without_a_connection_the_form_waits_and_is_sent_once(page, served, address):
    before = len(stored(served[1]))
    page.goto(address)
    fill(page)
    page.context.set_offline(True)
    for _ in range(2):  # somebody presses again
        send(page)
        expect(page.get_by_role("alert")).to_have_text(texts("en").offline)
    assert len(stored(served[1])) == before
    page.locator("input[name=nps-nps][value='9']").check(force=True)
    page.context.set_offline(False)
    page.wait_for_selector(".thanks")
    assert stored(served[1])[before:] == [GIVEN]


@pytest.mark.parametrize("arrived", [False, True], ids=["lost on the way", "answer lost"])
def test_what_was_lost_when_it_was_sent_is_still_there_and_stored_once(
    page, served, address, arrived, request
):
    """The browser knows of no fault before it sends. The form may have arrived, or not."""
    before = len(stored(served[1]))
    lost = []

    def lose(route: Route) -> None:
        if route.request.method != "POST" or "draft" in route.request.url or lost:
            return route.continue_()
        lost.append(route.request.url)
        if arrived:
            route.fetch()
        return route.abort("connectionreset")

    page.route("**", lose)
    page.goto(address)
    fill(page)
    send(page)
    for _ in range(200):
        if page.url.startswith("chrome-error:"):
            break
        page.wait_for_timeout(50)
    assert (len(lost), len(stored(served[1])) - before) == (1, arrived)
    # By the page's own history: the error page is a process of its own, and the debugger's command to
    # go back fails while the browser is still changing to it.
    page.evaluate("history.back()")
    if arrived and "personal" in request.node.name:  # the link shows what stands
        expect(page.get_by_role("heading", name="Your answers")).to_be_visible()
        assert stored(served[1])[before:] == [GIVEN]
        return
    expect(page.locator("#csat-csat_reason")).to_have_value("Grüße")
    expect(page.locator("input[name=nps-nps][value='9']")).to_be_checked()
    send(page)
    page.wait_for_selector(".thanks")
    assert stored(served[1])[before:] == [GIVEN]


def test_no_draft_leaves_beside_a_form_that_is_sent(page, served, survey):
    """It could come after the form, and take the customer back a block."""
    base, installation = served
    with installation.store.writing() as session:
        session.get_one(SurveyRow, survey.id).paging = "blocks"
    (path,) = single_use(installation, survey)
    drafts: list[str] = []
    page.on("request", lambda each: drafts.append(each.url) if "draft" in each.url else None)
    page.goto(base + path)
    page.locator("input[name=csat-csat][value='4']").check(force=True)
    page.locator("footer button[name=go][value=next]").click()
    page.wait_for_selector("input[name=nps-nps]")
    page.wait_for_timeout(100)
    assert drafts == []
