"""A kiosk: one person after the other, and nothing lost while the connection is away."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select, update

from surveyapp.app import create_app
from surveyapp.installation import Installation
from surveyapp.responses import rollups
from surveyapp.settings import read
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Response, SurveyRow
from surveyapp.surveys.channels import change_channels
from surveyapp.web.installation import EXTENSION
from tests.accessibility import violations
from tests.conftest import CHROMIUM_ARGUMENTS
from tests.responses.makers import make_survey
from tests.serving import serving
from tests.web.respondents import fields, form_key, opened, parsed, sent

SHORT = {"kiosk": True, "kiosk_seconds": 3, "kiosk_idle_seconds": 30}


def make_kiosk(installation: Installation, **options) -> SurveyRow:
    with installation.store.writing() as session:
        made = make_survey(session, **options)
        change_channels(session, made, SHORT, end_hosts=(), user_id=None)
        return made


@pytest.fixture
def survey(installation: Installation) -> SurveyRow:
    return make_kiosk(installation, consent="We keep it.", consent_version="2")


def responses(installation: Installation) -> list[Response]:
    with installation.store.reading() as session:
        assert rollups.recount(session) == []
        return list(session.scalars(select(Response).order_by(Response.id)))


def filled(client: FlaskClient, link: str, seed: int = 1) -> dict[str, str]:
    return {**fields(seed), "form-key": form_key(opened(client, f"/k/{link}"))}


def test_there_is_no_kiosk_unless_staff_want_one(client, installation, survey):
    form = filled(client, survey.link)
    with installation.store.writing() as session:
        session.execute(update(SurveyRow).values(channels={}))
    unknown = client.get("/s/nothing").text
    for answer in (
        client.get(f"/k/{survey.link}"),
        client.post(f"/k/{survey.link}", data=form),
        client.get(f"/k/{survey.link}/thanks"),
        client.get("/k/nothing"),
    ):
        assert (answer.status_code, answer.text) == (404, unknown)
    kept = client.post(f"/k/{survey.link}/answers?id={uuid4()}", data=form)
    assert kept.status_code == 404
    assert responses(installation) == []


def test_without_script_a_kiosk_thanks_and_begins_anew(client, installation, survey):
    url = f"/k/{survey.link}"
    answer = sent(client, url)
    assert (answer.status_code, answer.location) == (303, f"{url}/thanks")
    assert client.get(answer.location).headers["Refresh"] == f"3; url={url}"
    assert len(responses(installation)) == 1


def test_what_a_device_sends_again_is_one_response(client, installation, survey):
    form = filled(client, survey.link)
    first, second = uuid4(), uuid4()
    for number in (first, first, second, first):  # one page, two people, tries that were not heard
        answer = client.post(f"/k/{survey.link}/answers?id={number}", data=form)
        assert (answer.status_code, answer.data) == (204, b"")
    kept = responses(installation)
    assert len(kept) == 2
    assert {(each.source, each.consent_version) for each in kept} == {("link", "2")}
    assert [each.paradata["way"] for each in kept] == ["kiosk", "kiosk"]


def test_answers_are_of_the_time_when_they_were_given(client, installation, survey):
    form = filled(client, survey.link)
    opened_at = utc_now().replace(microsecond=0)
    now = opened_at + timedelta(hours=10)
    object.__setattr__(installation, "now", lambda: now)
    for number, query in enumerate(
        ("age=3600&began=3660", "age=999999999&began=999999999", "age=-5", "age=x&began=0")
    ):
        address = f"/k/{survey.link}/answers?id={uuid4()}&{query}"
        data = {**form, "nps-nps": str(number)}
        assert client.post(address, data=data).status_code == 204
    kept = {each.answers["nps"]["nps"]: each for each in responses(installation)}
    hour = timedelta(hours=1)
    assert (kept[0].submitted_at, kept[0].started_at) == (
        now - hour,
        now - hour - timedelta(minutes=1),
    )
    # No earlier than the page, by whatever clock the device has.
    assert abs(kept[1].submitted_at - opened_at) < timedelta(seconds=5)
    assert kept[2].submitted_at == kept[3].submitted_at == now


def test_answers_that_were_given_in_time_are_taken_after_the_end(client, installation, survey):
    form = filled(client, survey.link)
    url = f"/k/{survey.link}/answers"
    with installation.store.writing() as session:
        session.execute(update(SurveyRow).values(closes_at=utc_now() + timedelta(seconds=1)))
    assert client.post(f"{url}?id={uuid4()}", data=form).status_code == 204
    with installation.store.writing() as session:
        session.execute(update(SurveyRow).values(closes_at=utc_now() - timedelta(seconds=30)))
    late = client.post(f"{url}?id={uuid4()}&age=0", data=form)
    assert late.status_code == 409  # the device keeps them: staff may extend the survey
    with installation.store.writing() as session:
        session.execute(update(SurveyRow).values(closes_at=None, state="closed"))
    assert client.post(f"{url}?id={uuid4()}", data=form).status_code == 409
    assert len(responses(installation)) == 1


def test_what_is_no_answer_of_a_device_is_refused_for_good(client, installation, survey):
    form = filled(client, survey.link)
    foreign = make_kiosk_beside(installation, survey)
    url = f"/k/{survey.link}/answers"
    other_key = form_key(opened(client, f"/k/{foreign}"))
    for number, data in (
        (uuid4(), {**form, "nps-nps": "11"}),
        (uuid4(), {**form, "form-key": "invented"}),
        (uuid4(), {**form, "form-key": other_key}),
        ("1", form),
        ("", form),
        ("x" * 400, form),
    ):
        assert client.post(f"{url}?id={number}", data=data).status_code == 422
    assert client.post(f"{url}?id={uuid4()}", data={"x": "y" * 600_000}).status_code == 413
    assert responses(installation) == []


def make_kiosk_beside(installation: Installation, survey: SurveyRow) -> str:
    with installation.store.writing() as session:
        first = session.get_one(SurveyRow, survey.id)
        made = make_survey(session, journey=first.journey, name="Another")
        change_channels(session, made, SHORT, end_hosts=(), user_id=None)
        return made.link


def test_a_kiosk_speaks_the_language_of_its_page(client, installation):
    made = make_kiosk(installation, language="de")
    script = parsed(opened(client, f"/k/{made.link}")).all("script", src="/static/kiosk.js")[0]
    assert '"required": "Bitte' in script.attributes["data-words"]
    assert script.attributes["data-seconds"] == "3"


# In a real browser.


class Outage:
    """The application on a port of its own, which can be away and come back."""

    def __init__(self, home: Path) -> None:
        self.app = create_app(read({}, home=home, log_level="ERROR"))
        self.installation: Installation = self.app.extensions[EXTENSION]
        self.port = 0
        self.start()

    def start(self) -> None:
        self.serves = serving(self.app, self.port)
        self.base = self.serves.__enter__()
        self.port = int(self.base.rpartition(":")[2])

    def stop(self) -> None:
        self.serves.__exit__(None, None, None)


@pytest.fixture
def outage(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Outage]:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    made = Outage(home)
    yield made
    made.stop()
    made.installation.close()


def device(browser: Browser, profile: Path) -> BrowserContext:
    """A browser with a profile on disk: starting it again is starting the same device again."""
    return browser.browser_type.launch_persistent_context(
        str(profile),
        executable_path=shutil.which("chromium"),
        args=list(CHROMIUM_ARGUMENTS),
        viewport={"width": 800, "height": 1100},
        reduced_motion="reduce",
    )


def ready(page: Page) -> None:
    page.wait_for_selector("html[data-kiosk=ready]", state="attached")


def answer_all(page: Page, place: int) -> None:
    for group in page.get_by_role("radiogroup").all():
        group.locator("label").nth(place).click()
    page.get_by_role("textbox").first.fill(f"person {place}")
    page.locator("form footer button").last.click()
    page.get_by_role("dialog", name="Thank you").wait_for()


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_answers_outlive_an_outage_and_a_restart_of_the_browser(browser, outage, tmp_path):
    made = make_kiosk(outage.installation, asks=("nps", "ces"))
    url = f"http://127.0.0.1:{outage.port}/k/{made.link}"
    context = device(browser, tmp_path / "profile")
    page = context.new_page()
    page.goto(url)
    ready(page)
    context.set_offline(True)
    outage.stop()
    answer_all(page, 1)
    page.get_by_text("Answers waiting to be sent: 1").wait_for()
    page.get_by_role("button", name="Start over").click()
    page.reload()  # somebody presses a key, or the power goes: the page is there all the same
    ready(page)
    assert page.get_by_role("radio", checked=True).count() == 0
    answer_all(page, 2)
    page.get_by_text("Answers waiting to be sent: 2").wait_for()
    context.close()
    assert responses(outage.installation) == []

    context = device(browser, tmp_path / "profile")  # the device starts where there is no net yet
    page = context.new_page()
    page.goto(url)
    page.get_by_text("Answers waiting to be sent: 2").wait_for()
    outage.start()
    page.evaluate("dispatchEvent(new Event('online'))")
    page.locator(".kiosk-bar p:empty").wait_for(state="attached")
    kept = responses(outage.installation)
    assert sorted(each.answers["nps"]["nps"] for each in kept) == [1, 2]
    page.reload()
    ready(page)
    assert len(responses(outage.installation)) == 2
    context.close()


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_the_next_person_finds_an_empty_form(browser, served):
    base, installation = served
    made = make_kiosk(installation, asks=("nps", "ces"))
    context = browser.new_context(viewport={"width": 800, "height": 1000})
    page = context.new_page()
    page.clock.install()
    page.goto(f"{base}/k/{made.link}")
    ready(page)

    page.locator("form footer button").last.click()  # nothing answered: told here, not sent
    faults = page.locator(".kiosk-fault")
    expect(faults).to_have_count(2)
    assert violations(page) == []

    answer_all(page, 3)
    assert violations(page) == []
    assert page.get_by_role("radio", checked=True).count() == 0  # before the thanks are gone
    page.clock.run_for(3500)
    page.get_by_role("dialog", name="Thank you").wait_for(state="hidden")

    page.get_by_role("radiogroup").first.locator("label").nth(1).click()
    page.clock.run_for(15_000)  # half of what is waited for has passed
    page.get_by_role("button", name="Continue the survey").click()
    page.clock.run_for(9_000)
    assert page.get_by_role("radio", checked=True).count() == 1
    page.clock.run_for(25_000)
    assert page.get_by_role("radio", checked=True).count() == 0
    assert page.get_by_role("dialog").count() == 0
    assert page.evaluate("Object.keys(localStorage).concat(Object.keys(sessionStorage))") == []
    context.close()
