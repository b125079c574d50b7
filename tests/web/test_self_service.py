"""What is stored of a customer: seen, changed, downloaded and erased by whoever holds the link."""

from __future__ import annotations

import html
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from analysis.rules import RULES
from instruments.loader import BUILT_IN
from surveyapp.i18n.dates import date_and_time
from surveyapp.i18n.languages import texts
from surveyapp.installation import Installation
from surveyapp.responses import rollups
from surveyapp.store.columns import utc_now
from surveyapp.store.models import (
    AuditEntry,
    Interaction,
    Invitation,
    Report,
    Response,
    SurveyRow,
    Touchpoint,
)
from surveyapp.surveys import links
from tests.installations import released
from tests.responses.makers import make_survey, some_answers
from tests.web.respondents import fields, form_key, opened, parsed, sent, single_use
from tests.web.world import add_user, session_key


@pytest.fixture
def survey(installation: Installation) -> SurveyRow:
    with installation.store.writing() as session:
        return make_survey(session, consent="We keep it for a year.", consent_version="2")


@pytest.fixture
def path(client: FlaskClient, installation: Installation, survey: SurveyRow) -> str:
    """A personal link that has been answered."""
    customer: dict[str, Any] = {"customer_ref": "4711", "attributes": {"region": "North"}}
    (made,) = single_use(installation, survey, customer)
    answer = sent(client, made)
    assert answer.location == f"/s/{survey.link}/thanks?own=1"
    assert "see, change or erase" in client.get(answer.location).text
    return made


def responses(installation: Installation) -> list[Response]:
    with installation.store.reading() as session:
        assert rollups.recount(session) == []
        return list(session.scalars(select(Response)))


def short_link(installation: Installation, survey: SurveyRow, **options: Any) -> str:
    """The token of an invitation that followed an interaction."""
    seed = links.new_seed()
    ticket = links.Ticket(links.token_of(installation.secret_key, seed))
    with installation.store.writing() as session:
        visit = Interaction(
            touchpoint_id=session.scalars(select(Touchpoint.id)).one(),
            customer_ref="a pseudonym",
            at=utc_now(),
            attributes={"region": "South"},
        )
        session.add(visit)
        session.flush()
        session.add(
            Invitation(
                survey_id=survey.id,
                token_hash=ticket.token_hash,
                token_seed=seed,
                interaction_id=visit.id,
                **options,
            )
        )
    return ticket.token


def test_the_used_link_leads_to_what_is_stored_in_words(client, survey, path):
    assert client.get(path).location == f"{path}/mine"
    page = opened(client, f"{path}/mine")
    given = some_answers(1)
    assert f"{given['nps']['nps']} (0–10)" in page
    assert "reason 1" in page
    assert "region: North" in page
    assert "We keep it for a year." in page
    assert "4711" not in page
    assert client.get(f"{path}/mine").headers["Cache-Control"] == "no-store"


def test_the_day_is_told_without_seconds_and_the_moment_exactly_to_programs(
    client, installation, path
):
    (kept,) = responses(installation)
    (time,) = parsed(opened(client, f"{path}/mine")).all("time")
    zone = ZoneInfo(installation.settings.time_zone)
    assert time.text == date_and_time(kept.submitted_at, zone, texts("en"))
    # To the second: HTML knows no microseconds.
    told = datetime.fromisoformat(time.attributes["datetime"])
    assert told == kept.submitted_at.replace(microsecond=0)
    client.post(f"{path}/mine/change", data=fields(2))
    assert len(parsed(opened(client, f"{path}/mine")).all("time")) == 2


@pytest.mark.parametrize(
    ("language", "point", "row"),
    [
        ("fr", "1 (1–7)\u00a0: {label}", ", "),
        ("ar", "1 (من 1 إلى 7): \u2068{label}\u2069", "\u2069، \u2068"),
        ("fi", "1 (1–7): {label}", ", "),
    ],
)
def test_answers_are_told_with_the_marks_of_their_language(
    client, installation, language: str, point: str, row: str
):
    with installation.store.writing() as session:
        made = make_survey(session, language=language, asks=("ces", "effort-causes"))
    (path,) = single_use(installation, made)
    key = form_key(opened(client, path))
    data = {
        "form-key": key,
        "ces-ces": "1",
        "effort-causes-effort_causes": ["waiting", "repeating"],
    }
    assert client.post(path, data=data).status_code == 303
    page = html.unescape(opened(client, f"{path}/mine"))
    causes = BUILT_IN.load("effort-causes").wording(language).choices["effort_causes"]
    assert row.join((causes["waiting"], causes["repeating"])) in page
    label = BUILT_IN.load("ces").wording(language).labels["agree7"][1]
    assert f">{point.format(label=label)}<" in page


def test_what_is_stored_can_be_taken_elsewhere(client, survey, path):
    answer = client.get(f"{path}/mine/answers.json")
    assert "attachment" in answer.headers["Content-Disposition"]
    data = answer.json
    given = {each["name"]: each["answer"] for each in data["answers"]}
    assert given["nps-nps"] == some_answers(1)["nps"]["nps"]
    consent = {"version": "2", "text": "We keep it for a year.", "language": "en"}
    assert data["consent"] == consent
    assert data["attributes"] == {"region": "North"}
    assert data["scores"]["nps"] == given["nps-nps"]


def test_answers_are_changed_by_the_survey_filled_in(client, installation, path):
    form = parsed(opened(client, f"{path}/mine/change"))
    chosen = {
        tag.attributes["name"]: tag.attributes["value"]
        for tag in form.all("input", type="radio")
        if "checked" in tag.attributes
    }
    before = fields(1)
    assert chosen == {name: value for name, value in before.items() if name in chosen}
    assert len(chosen) == 19
    changed = {**before, "nps-nps": "0", "nps-nps_reason": "<b>It broke</b>"}
    answer = client.post(f"{path}/mine/change", data=changed)
    assert (answer.status_code, answer.location) == (303, f"{path}/mine?saved=1")
    page = opened(client, answer.location)
    assert "Your changes are saved" in page
    assert "&lt;b&gt;It broke" in page
    (kept,) = responses(installation)
    assert kept.answers["nps"] == {"nps": 0, "nps_reason": "<b>It broke</b>"}
    assert kept.corrected_at is not None
    assert kept.consent_version == "2"


def test_a_change_with_a_fault_shows_the_form_again_and_stores_nothing(client, installation, path):
    for wrong in ({**fields(1), "nps-nps": "11"}, {**fields(1), "score": "10"}):
        answer = client.post(f"{path}/mine/change", data=wrong)
        assert answer.status_code == 422
        assert "reason 1" in answer.text
    (kept,) = responses(installation)
    assert (kept.answers, kept.corrected_at) == (some_answers(1), None)


def test_erasing_asks_once_more_and_then_leaves_nothing(client, installation, survey, path):
    asked = opened(client, f"{path}/mine/erase")
    assert "cannot be undone" in asked
    assert len(responses(installation)) == 1  # looking erases nothing
    assert client.post(f"{path}/mine/erase").location == f"{path}/mine"
    assert responses(installation) == []
    for address in (path, f"{path}/mine", f"{path}/mine/change", f"{path}/mine/answers.json"):
        answer = client.get(address, follow_redirects=True)
        assert (answer.status_code, "answers are erased" in answer.text) == (200, True)
    assert client.post(f"{path}/mine/erase").status_code == 200
    assert client.post(f"{path}/mine/change", data=fields(2)).status_code == 200
    assert sent_again(client, path) == []
    with installation.store.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "erase response"))
        assert [(e.user_id, set(e.detail)) for e in entries] == [(None, {"answered"})]


def test_erasing_and_changing_at_the_same_moment_is_no_failure(app, installation, path):
    parts = ("erase", "change") * 4
    together = Barrier(len(parts))

    def post(part: str) -> int:
        together.wait()
        data = fields(2) if part == "change" else {}
        return app.test_client().post(f"{path}/mine/{part}", data=data).status_code

    with ThreadPoolExecutor(len(parts)) as threads:
        assert set(threads.map(post, parts)) <= {200, 303}  # 200: erased before it was asked
    assert responses(installation) == []


def sent_again(client: FlaskClient, path: str) -> list[str]:
    """Forms that the used link still offers."""
    page = client.get(path, follow_redirects=True).text
    return [tag.attributes["name"] for tag in parsed(page).all("input")]


def test_rights_outlive_the_survey_and_the_link(client, installation, survey):
    soon = utc_now().replace(year=utc_now().year + 1)
    (path,) = single_use(installation, survey, expires_at=soon)
    sent(client, path)
    with installation.store.writing() as session:
        session.execute(update(SurveyRow).values(state="closed"))
    later = soon.replace(year=soon.year + 1)
    object.__setattr__(installation, "now", lambda: later)
    assert client.get(path).location == f"{path}/mine"
    assert "Your answers" in opened(client, f"{path}/mine")
    assert client.post(f"{path}/mine/erase").status_code == 303
    assert responses(installation) == []


def test_strangers_find_the_page_of_strangers_at_every_address(client, installation, survey, path):
    with installation.store.writing() as session:
        other = make_survey(session, journey=survey_journey(session), code="other")
    unknown = client.get("/s/nothing").text
    foreign = path.replace(survey.link, other.link)
    for holder in (f"{path}x", foreign, f"/s/{survey.link}/{'a' * 22}", "/s/nothing/x"):
        for end in ("", "/mine", "/mine/change", "/mine/erase", "/mine/answers.json"):
            answer = client.get(holder + end)
            assert (answer.status_code, answer.text) == (404, unknown), holder + end
        for end in ("/mine/change", "/mine/erase"):
            assert client.post(holder + end, data=fields(1)).status_code == 404
    assert client.get("/r/nothing").text == unknown
    assert client.get(f"/r/{'a' * 22}/mine").text == unknown
    assert len(responses(installation)) == 1


def survey_journey(session):
    return session.scalars(select(SurveyRow)).one().journey


def test_a_link_that_was_not_used_leads_to_the_survey(client, installation, survey):
    (path,) = single_use(installation, survey)
    assert client.get(f"{path}/mine").location == path


def test_an_anonymous_survey_says_why_nothing_can_be_found(client, installation):
    with installation.store.writing() as session:
        made = make_survey(session, anonymity="anonymous")
    (path,) = single_use(installation, made)
    answer = sent(client, path)
    assert answer.location == f"/s/{made.link}/thanks"
    assert "erase" not in client.get(answer.location).text
    assert client.get(path).status_code == 404
    page = opened(client, f"{path}/mine")
    assert "This survey is anonymous" in page
    assert "nobody can look them up" in page
    assert client.post(f"{path}/mine/erase").status_code == 200
    assert released(installation) == len(responses(installation)) == 1


@pytest.mark.parametrize("language", ["ar", "de"])
def test_the_page_speaks_the_language_of_the_answers(client, installation, language: str):
    with installation.store.writing() as session:
        made = make_survey(session, language=language)
    (path,) = single_use(installation, made)
    sent(client, path)
    root = parsed(opened(client, f"{path}/mine")).all("html")[0].attributes
    assert root == {"lang": language} | ({"dir": "rtl"} if language == "ar" else {})
    links = [each.attributes["href"] for each in parsed(opened(client, f"{path}/mine")).all("a")]
    (erase,) = [each for each in links if "/erase" in each]
    page = opened(client, erase)
    assert texts(language).erase_title in page and texts(language).erase_send in page
    gone = client.post(erase, follow_redirects=True, headers={"Accept-Language": "en"})
    assert texts(language).erased_title in gone.text


def test_a_short_link_is_answered_once_for_its_interaction(client, installation, survey):
    token = short_link(installation, survey)
    assert len(f"/r/{token}") == 25
    long = f"/s/{survey.link}/{token}"
    assert client.get(f"/r/{token}?lang=fi&score=nps-nps:3").location == (
        f"{long}?lang=fi&score=nps-nps:3"
    )
    with installation.store.reading() as session:
        assert session.scalars(select(Invitation.state)).one() == "created"  # nothing was shown yet
    assert sent(client, long).status_code == 303
    (kept,) = responses(installation)
    assert (kept.source, kept.attributes) == ("invitation", {"region": "South"})
    assert kept.journey_run_id is not None
    assert client.get(f"/r/{token}", follow_redirects=True).request.path == f"{long}/mine"
    assert client.get(f"/r/{token}/mine").location == f"{long}/mine"


@pytest.mark.parametrize(
    "query",
    ["link=x", "ticket=x", "endpoint=x", "_external=1&_scheme=ftp", "_anchor=x", "_method=x"],
)
def test_a_short_link_hands_on_what_stands_after_the_question_mark_and_no_more(
    client, installation, survey, query: str
):
    token = short_link(installation, survey)
    assert client.get(f"/r/{token}?{query}").location == f"/s/{survey.link}/{token}?{query}"


def test_a_short_link_in_an_anonymous_survey_brings_nothing_along(client, installation):
    with installation.store.writing() as session:
        made = make_survey(session, anonymity="anonymous")
    token = short_link(installation, made)
    long = f"/s/{made.link}/{token}"
    data = {**fields(1), "form-key": form_key(opened(client, long))}
    answers = [client.post(long, data=data) for _ in range(2)]  # a double click
    assert {(a.status_code, a.location) for a in answers} == {(303, f"/s/{made.link}/thanks")}
    unknown = client.get("/s/nothing").text
    assert client.get(f"/r/{token}", follow_redirects=True).text == unknown
    released(installation)
    (kept,) = responses(installation)
    assert (kept.attributes, kept.journey_run_id, kept.invitation_id) == ({}, None, None)
    assert client.post(long, data=data).location == f"/s/{made.link}/thanks"
    assert client.get(f"/r/{token}").text == unknown
    assert client.get(long).text == unknown
    invented = {**data, "form-key": "invented"}
    assert client.post(long, data=invented).text == unknown


def test_an_expired_short_link_is_one_of_a_stranger(client, installation, survey):
    token = short_link(installation, survey, expires_at=utc_now())
    unknown = client.get("/s/nothing").text
    for answer in (
        client.get(f"/r/{token}", follow_redirects=True),
        client.post(f"/s/{survey.link}/{token}", data=fields(1)),
    ):
        assert (answer.status_code, answer.text) == (404, unknown)
    assert responses(installation) == []


def test_the_response_names_the_consent_that_stood_on_the_page(client, installation, survey):
    (path,) = single_use(installation, survey)
    data = {**fields(1), "form-key": form_key(opened(client, path))}
    with installation.store.writing() as session:
        session.execute(update(SurveyRow).values(consent="Something else.", consent_version="3"))
    assert client.post(path, data=data).status_code == 303
    (kept,) = responses(installation)
    assert kept.consent_version == "2"


def test_staff_see_which_report_an_erased_answer_has_outdated(app, client, installation, path):
    with installation.store.writing() as session:
        user = add_user(session, "manager")
        journey_id = session.scalars(select(SurveyRow.journey_id)).one()
        file = installation.files.put(session, b"%PDF", name="a.pdf", media_type="application/pdf")
        made = {"file": file, "rules_version": RULES}
        session.add(Report(kind="benchmark", title="Spring", journey_id=journey_id, **made))
    staff = app.test_client()
    with staff.session_transaction() as cookie:
        cookie["_user_id"] = session_key(installation, user)
    reports = f"/journeys/{journey_id}/reports"
    assert "Create the report again" not in opened(staff, reports)
    client.post(f"{path}/mine/erase")
    page = opened(staff, reports)
    assert "Create the report again" in page and "One report was made before" in page
    assert "Delete this report" not in page  # a manager removes no answers
