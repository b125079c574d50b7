"""Answers that a survey refuses stay on the kiosk until staff have stored or discarded them."""

from __future__ import annotations

import io
import json
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.responses import rollups
from surveyapp.responses.imports import import_device
from surveyapp.store.models import AuditEntry, Response, SurveyRow
from tests.installations import released
from tests.responses.makers import as_survey
from tests.web.test_channels_kiosk import answer_all, filled, make_kiosk, ready
from tests.web.world import PASSWORD, add_user


@pytest.fixture
def client(app) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def survey(installation: Installation) -> SurveyRow:
    return make_kiosk(installation, asks=("nps", "ces"))


def stored(installation: Installation) -> list[Response]:
    with installation.store.reading() as session:
        assert rollups.recount(session) == []
        return list(session.scalars(select(Response).order_by(Response.id)))


def kiosk_file(survey: SurveyRow, *answers: dict[str, object], **changes: object) -> io.BytesIO:
    """A file as a device writes it."""
    made = [
        {
            "id": str(uuid4()),
            "link": survey.link,
            "language": "en",
            "answered": "2026-03-02T10:00:00.000Z",
            "fields": [["form-key", "x"], ["nps-nps", "9"], ["ces-ces", "6"]],
            **each,
        }
        for each in answers
    ]
    document = {"kind": "surveyapp kiosk answers", "version": 1, "answers": made, **changes}
    return io.BytesIO(json.dumps(document).encode())


def brought_in(installation: Installation, survey: SurveyRow, file: io.BytesIO):
    file.seek(0)
    return import_device(installation, as_survey(installation, survey), file)


def test_a_refusal_says_why(client, installation, survey):
    form = {**filled(client, survey.link), "nps-nps": ""}
    address = f"/k/{survey.link}/answers"
    answer = client.post(f"{address}?id={uuid4()}", data=form)
    assert answer.status_code == 422
    assert [why.partition("”")[2] for why in answer.json["why"]] == [
        " This question has no answer."
    ]
    assert "recommend" in answer.json["why"][0]
    foreign = client.post(f"{address}?id={uuid4()}", data={**form, "form-key": "invented"})
    assert (foreign.status_code, len(foreign.json["why"])) == (422, 1)


def test_a_kiosks_file_is_brought_in_as_far_as_the_survey_asks(installation, survey):
    gone = {"fields": [["nps-nps", "3"], ["csat-csat", "4"], ["ces-ces", ""]]}
    foreign = {"link": "another"}
    unreadable = {"fields": {"nps-nps": "3"}}
    wrong = {"fields": [["nps-nps", "99"]]}
    file = kiosk_file(survey, {}, gone, foreign, unreadable, wrong, {"id": "1"}, {"answered": 5})
    report = brought_in(installation, survey, file)
    assert (report.count_in, report.stored, report.refused_rows) == (7, 2, 5)
    assert [refusal.row for refusal in report.refused] == [3, 4, 5, 6, 7]
    kept = stored(installation)
    assert [each.answers["nps"]["nps"] for each in kept] == [9, 3]
    assert kept[1].answers["ces"] == {}
    assert {each.submitted_at.isoformat() for each in kept} == {"2026-03-02T10:00:00+00:00"}
    again = brought_in(installation, survey, file)
    assert (again.stored, again.already) == (0, 2)


@pytest.mark.parametrize("anonymity", ["pseudonymous", "anonymous"])
def test_a_file_and_a_device_that_sends_again_store_an_answer_once(client, installation, anonymity):
    made = make_kiosk(installation, asks=("nps", "ces"), anonymity=anonymity)
    form = filled(client, made.link)
    first, second = str(uuid4()), str(uuid4())
    address = f"/k/{made.link}/answers"
    assert client.post(f"{address}?id={first}", data=form).status_code == 204
    file = kiosk_file(made, {"id": first}, {"id": second})
    report = brought_in(installation, made, file)
    assert (report.stored, report.already) == (1, 1)
    assert client.post(f"{address}?id={second}", data=form).status_code == 204
    released(installation)
    kept = stored(installation)
    assert len(kept) == 2
    if anonymity == "anonymous":
        assert not {first, second} & {str(each.external_id)[-36:] for each in kept}


def test_what_is_no_file_of_a_kiosk_is_refused_whole(installation, survey):
    for body in (b"", b"[]", b'{"kind": "x"}', b"\xff", b"[" * 100_000):
        with pytest.raises(Invalid, match="file"):
            brought_in(installation, survey, io.BytesIO(body))
    with pytest.raises(Invalid, match="no answers"):
        brought_in(installation, survey, kiosk_file(survey))


def test_a_missing_consent_is_not_made_up(installation):
    made = make_kiosk(installation, asks=("nps", "ces"), consent="We keep it.", consent_version="1")
    with installation.store.writing() as session:
        session.execute(update(SurveyRow).values(consent_box=True))
        session.flush()
        made = session.get_one(SurveyRow, made.id)
    agreed = {"fields": [["nps-nps", "9"], ["consent", "yes"]]}
    report = brought_in(installation, made, kiosk_file(made, {}, agreed))
    assert (report.stored, report.refused_rows) == (1, 1)
    assert "consent" in report.refused[0].reason


def test_the_log_knows_what_was_discarded_before_it_is(installation, world, sign_in):
    client = sign_in(world.users["researcher"])
    for wrong in ({}, {"what": "eaten", "count": "1"}, {"what": "discarded", "count": "0"}):
        assert client.post("/devices/noted", data=wrong).status_code == 422
    told = {"what": "discarded", "count": "3", "link": "abc"}
    assert client.post("/devices/noted", data=told).status_code == 204
    with installation.store.reading() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.subject, entry.detail) == (
        "discard kiosk answers",
        "survey abc",
        {"answers": 3},
    )


def test_leaving_a_device_signs_out_and_goes_nowhere_else(installation, world, sign_in):
    client = sign_in(world.users["researcher"])
    for kiosk, target in (("abc", "/k/abc"), ("//evil.example", "/sign-in")):
        answer = client.post("/devices/leave", data={"kiosk": kiosk})
        assert (answer.status_code, answer.location) == (303, target)
        assert client.get("/devices").status_code == 303
        client = sign_in(world.users["researcher"])
    manager = sign_in(world.users["manager"])
    assert manager.get("/devices").status_code == 403


# In a real browser.


def refused(page: Page, base: str, installation: Installation, made: SurveyRow) -> None:
    """Have somebody answer an edition of the survey that is changed meanwhile."""
    ask(installation, made, 2)
    page.goto(f"{base}/k/{made.link}")
    ready(page)
    ask(installation, made, 3)
    answer_all(page, 2)
    page.get_by_text("Answers that could not be stored: 1").wait_for()
    page.get_by_role("button", name="Start over").click()


def ask(installation: Installation, survey: SurveyRow, count: int) -> None:
    """Have the survey ask the first of its instruments only."""
    with installation.store.writing() as session:
        session.get_one(SurveyRow, survey.id).asks = survey.asks[:count]


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_staff_mend_send_again_save_and_discard_on_the_device(browser, served, tmp_path):
    base, installation = served
    with installation.store.writing() as session:
        add_user(session, "researcher")
    context = browser.new_context(viewport={"width": 800, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(10_000)
    made = make_kiosk(installation, asks=("nps", "ces", "csat"))
    refused(page, base, installation, made)

    page.get_by_role("button", name="For staff").click()
    page.get_by_role("dialog").get_by_role("button", name="For staff").click()
    page.get_by_label("Email address").fill("researcher@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".sum")).to_have_text("1 answer could not be sent.")
    expect(page.locator(".kept .why li")).to_have_count(1)
    page.get_by_text("Show answers").click()
    expect(page.locator(".kept dl")).to_contain_text("person 2")
    assert Axe().run(page).response["violations"] == []

    with page.expect_download() as download:
        page.get_by_role("button", name="Download all").click()
    saved = json.loads(download.value.path().read_text())
    assert [each["link"] for each in saved["answers"]] == [made.link]
    assert ["nps-nps", "2"] in saved["answers"][0]["fields"]

    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("status")).to_contain_text("1 not stored")
    ask(installation, made, 2)
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("heading", name="No answers waiting")).to_be_visible()
    assert [each.answers["nps"]["nps"] for each in stored(installation)] == [2]

    refused(page, base, installation, made)
    page.goto(f"{base}/devices?kiosk={made.link}")
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("button", name="Keep answers").click()
    expect(page.locator(".kept")).to_have_count(1)
    context.set_offline(True)  # what cannot be noted is not done
    page.locator(".kept").get_by_role("button", name="Discard").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard answers", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Nothing was discarded")
    context.set_offline(False)
    page.locator(".kept").get_by_role("button", name="Discard").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard answers", exact=True).click()
    expect(page.get_by_role("heading", name="No answers waiting")).to_be_visible()

    page.goto("about:blank")  # the clock is that of all pages: this one would leave by itself too
    left = context.new_page()  # somebody who forgets to sign out
    left.clock.install()
    left.goto(f"{base}/devices?kiosk={made.link}")
    left.locator(".device[data-ready]").wait_for(state="attached")
    left.clock.fast_forward(170_000)
    assert "/devices" in left.url
    left.clock.fast_forward(15_000)
    left.wait_for_url(f"{base}/k/{made.link}")
    ready(left)
    left.close()
    page.goto(f"{base}/k/{made.link}")
    ready(page)
    with installation.store.writing() as session:
        session.get_one(SurveyRow, made.id).state = "closed"
    answer_all(page, 1)  # not refused for good, and yet staff have to do something
    page.get_by_text("Answers waiting to be sent: 1").wait_for()
    page.get_by_role("button", name="Start over").click()
    expect(page.get_by_role("button", name="For staff")).to_be_visible()
    assert page.goto(f"{base}/devices").url.startswith(f"{base}/sign-in")
    context.close()
