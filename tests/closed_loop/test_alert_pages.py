"""Trips through the page about a survey's closed loop."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from surveyapp.store.columns import utc_now
from surveyapp.store.models import Alert, AuditEntry, Journey, JourneyGrant, SurveyRow, User
from surveyapp.surveys.settings.closed_loop import read_case_rule
from tests.closed_loop.makers import make_loop, respond
from tests.responses.makers import make_survey


@pytest.fixture
def loop(installation):
    with installation.store.writing() as session:
        made = make_loop(session, rule={})
        owner = session.get_one(User, made.owner)
        owner.role = "researcher"
        session.add(JourneyGrant(user_id=owner.id, kind="editor"))
        return made


@pytest.fixture
def olga(installation, sign_in, loop):
    with installation.store.reading() as session:
        return sign_in(session.get_one(User, loop.owner))


@pytest.fixture
def base(loop):
    return f"/journeys/1/surveys/{loop.survey}/closed-loop"


RULE = {
    "scale": "nps",
    "at_most": "6",
    "due_days": "3",
    "owner_id": "",
    "follow_up_survey_id": "",
}
ALERT = {"watched": "nps", "below": "-10.5", "days": "7", "minimum_n": "5", "emails": ""}


def rule_of(installation, loop):
    with installation.store.reading() as session:
        return read_case_rule(session.get_one(SurveyRow, loop.survey).closed_loop)


def test_a_rule_is_set_shown_and_taken_away(installation, olga, loop, base):
    assert "No cases are opened yet" in olga.get(base).text
    follow = str(loop.follow_up)
    sent = {**RULE, "owner_id": str(loop.other), "follow_up_survey_id": follow}
    assert olga.post(f"{base}/rule", data=sent).status_code == 303
    rule = rule_of(installation, loop)
    assert (rule.scale, rule.at_most, rule.due_days) == ("nps", 6, 3)
    assert (rule.owner_id, rule.follow_up_survey_id) == (loop.other, loop.follow_up)
    assert rule.working_days is False
    page = olga.get(base).text
    assert "New responses open cases" in page
    for value in ("nps", str(loop.other), follow):
        assert re.search(rf'<option selected value="{value}">', page)
    assert re.search(r'name="at_most"[^>]*value="6"', page)
    assert olga.post(f"{base}/rule", data={**sent, "working_days": "y"}).status_code == 303
    assert rule_of(installation, loop).working_days
    assert re.search(r'<input checked[^>]*name="working_days"', olga.get(base).text)
    assert olga.post(f"{base}/rule", data={**RULE, "scale": ""}).status_code == 303
    assert rule_of(installation, loop) is None


def test_a_rule_that_cannot_be_is_refused_and_kept_in_the_form(installation, olga, loop, base):
    for change, said in (
        ({"at_most": "11"}, "must be below its maximum"),
        ({"at_most": ""}, "Enter the highest score that opens a case"),
        ({"at_most": "few"}, "Not a valid float value."),
        ({"due_days": "400"}, "use a number from 0 to 365"),
        ({"scale": "sjq"}, "Not a valid choice."),
        ({"owner_id": "99"}, "Not a valid choice."),
        ({"mine": "1"}, "This form has no field"),
    ):
        answer = olga.post(f"{base}/rule", data={**RULE, **change})
        assert answer.status_code == 422, change
        assert said in answer.text
    assert rule_of(installation, loop) is None


def test_an_anonymous_survey_says_why_it_opens_no_cases(installation, olga, loop):
    with installation.store.writing() as session:
        journey = session.get_one(Journey, 1)
        made = make_survey(session, asks=("nps",), journey=journey, name="A", anonymity="anonymous")
    page = olga.get(f"/journeys/1/surveys/{made.id}/closed-loop")
    assert "a low score cannot be traced to a customer" in page.text
    assert "Save rule" not in page.text and "Add alert" in page.text


def test_a_survey_without_a_score_has_nothing_to_watch(installation, olga, loop):
    with installation.store.writing() as session:
        made = make_survey(
            session, asks=("effort-causes",), journey=session.get_one(Journey, 1), name="Causes"
        )
    assert "No scores" in olga.get(f"/journeys/1/surveys/{made.id}/closed-loop").text


def test_an_alert_is_added_stopped_started_and_removed(installation, olga, loop, base):
    sent = {**ALERT, "emails": "a@example.org\r\nb@example.org, c@example.org"}
    assert olga.post(f"{base}/alerts", data=sent).status_code == 303
    with installation.store.writing() as session:
        alert = session.scalars(select(Alert)).one()
        assert alert.emails == ["a@example.org", "b@example.org", "c@example.org"]
        assert (alert.below, alert.days, alert.minimum_n) == (-10.5, 7, 5)
        for _ in range(6):
            respond(session, loop.survey, 2, at=utc_now())
    page = olga.get(base).text
    assert "NPS below −10.5" in page and 'state-failed">low<' in page and "−100" in page
    assert "never" in page  # told
    one = f"{base}/alerts/{alert.id}"
    assert olga.post(f"{one}/active", data={"active": "0"}).status_code == 303
    assert "paused" in olga.get(base).text
    assert olga.post(f"{one}/active", data={"active": "1"}).status_code == 303
    assert olga.post(f"{one}/active").status_code == 422
    assert olga.post(f"{one}/remove").status_code == 303
    assert olga.post(f"{one}/remove").status_code == 404
    assert "No alerts yet." in olga.get(base).text


def test_an_alert_is_changed_and_keeps_what_was_not(installation, olga, loop, base):
    assert olga.post(f"{base}/alerts", data={**ALERT, "emails": "a@example.org"}).status_code == 303
    with installation.store.writing() as session:
        alert = session.scalars(select(Alert)).one()
        alert.armed, alert.told_at = False, utc_now()
    one = f"{base}/alerts/{alert.id}"
    assert f'href="{one}"' in olga.get(base).text
    form = olga.get(one).text
    assert "a@example.org" in form and re.search(r'name="below"[^>]*value="-10.5"', form)
    same = {**ALERT, "emails": "b@example.org"}
    assert olga.post(one, data=same).status_code == 303  # only others are told: it goes on
    kept = alert_now(installation)
    assert (kept.emails, kept.armed, kept.told_at) == (["b@example.org"], False, alert.told_at)
    assert olga.post(one, data={**same, "below": "0", "watched": "csat"}).status_code == 422
    assert olga.post(one, data={**same, "below": "20", "days": "30"}).status_code == 303
    kept = alert_now(installation)
    assert (kept.below, kept.days, kept.minimum_n, kept.armed) == (20, 30, 5, True)
    with installation.store.reading() as session:
        done = session.scalars(select(AuditEntry).where(AuditEntry.action == "change alert"))
        assert [entry.detail["changed"] for entry in done] == [["emails"], ["below", "days"]]
    bad = olga.post(one, data={**same, "emails": "nobody"})
    assert bad.status_code == 422 and "is not an email address" in bad.text


def alert_now(installation) -> Alert:
    with installation.store.reading() as session:
        return session.scalars(select(Alert)).one()


def test_an_alert_that_cannot_be_is_refused(installation, olga, loop, base):
    for change, said in (
        ({"below": "200"}, "would always or never be sent"),
        ({"below": ""}, "Enter the threshold."),
        ({"days": "0"}, "Enter 1 to 365 days"),
        ({"emails": "nobody"}, "is not an email address"),
        ({"watched": "ces"}, "Not a valid choice."),
    ):
        answer = olga.post(f"{base}/alerts", data={**ALERT, **change})
        assert answer.status_code == 422, change
        assert said in answer.text
    with installation.store.reading() as session:
        assert session.scalars(select(Alert)).all() == []


def test_the_page_says_that_messages_wait_without_a_mail_server(olga, base):
    assert "No mail server is configured" in olga.get(base).text
