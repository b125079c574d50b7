"""Trips through the page about a survey's closed loop."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from surveyapp.closed_loop.alert_duty import alerts_due
from surveyapp.store.columns import utc_now
from surveyapp.store.models import (
    Alert,
    AuditEntry,
    Journey,
    JourneyGrant,
    SurveyRow,
    Target,
    User,
)
from surveyapp.surveys.settings.closed_loop import read_case_rule
from tests.closed_loop.makers import make_loop, respond
from tests.responses.makers import make_survey
from tests.results import bank


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
NEW = "/journeys/1/alerts/new"
ALERT = {
    "what": "apply/form nps",
    "kind": "threshold",
    "direction": "below",
    "value": "-10.5",
    "months": "1",
    "comparison": "before",
    "minimum_n": "5",
    "people": "1",
    "digest": "now",
}
LAST_MONTH = utc_now().replace(day=1) - timedelta(days=10)


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
    assert "Save rule" not in page.text and "New alert" in page.text


def test_a_survey_without_a_score_has_nothing_to_watch(installation, olga, loop):
    with installation.store.writing() as session:
        made = make_survey(
            session, asks=("effort-causes",), journey=session.get_one(Journey, 1), name="Causes"
        )
    assert "No scores" in olga.get(f"/journeys/1/surveys/{made.id}/closed-loop").text


def test_an_alert_comes_from_where_somebody_looks(installation, olga, loop):
    """The form is filled with the score, place, months and answers of the page."""
    address = "/journeys/1/touchpoints/1?from=2026-01&to=2026-03&compare=year"
    with installation.store.writing() as session:
        for _ in range(6):
            respond(session, loop.survey, 2, at=LAST_MONTH)
    page = olga.get(address).text
    (link,) = re.findall(r'href="([^"]*alerts/new[^"]*metric=nps[^"]*)"', page)[:1]
    form = olga.get(html.unescape(link)).text
    assert '<option selected value="apply/form nps">' in form
    assert '<option selected value="year">' in form
    assert re.search(r'name="months"[^>]*value="3"', form)
    assert re.search(rf'checked[^>]*name="people"[^>]*value="{loop.owner}"', form)


def test_below_a_trend_the_alert_is_on_its_control_limits(installation, olga, loop):
    """From the touchpoint's page and from Explore; a trend without limits has a plain alert."""

    def answered(months: range) -> None:
        with installation.store.writing() as session:
            for back in months:
                at = LAST_MONTH - timedelta(days=30 * back)
                for value in (9, 9, 9, 3, 8 + back % 2):
                    respond(session, loop.survey, value, at=at)

    answered(range(1, 4))
    short = olga.get("/journeys/1/touchpoints/1?period=all").text
    assert "No control limits" in short and "alerts/new" in short and "kind=control" not in short
    answered(range(4, 11))
    everything = "period=all&scale=nps&place=apply%2Fform"
    for page in ("/journeys/1/touchpoints/1?period=all", f"/journeys/1/explore?{everything}"):
        links = re.findall(r'href="([^"]*alerts/new[^"]*)"', olga.get(page).text)
        (link,) = [each for each in links if "metric=nps" in each and "kind=control" in each]
        form = olga.get(html.unescape(link)).text
        assert '<option selected value="apply/form nps">' in form
        assert '<option selected value="control">' in form
        assert '<option selected value="outside">' in form
        assert re.search(r'name="months"[^>]*value="1"', form)


def test_both_limits_are_saved_shown_and_written_as_json(installation, olga, loop):
    sent = {**ALERT, "direction": "outside", "upper": "30"}
    assert olga.post(NEW, data=sent).status_code == 303
    (one,) = olga.get("/journeys/1/alerts.json").json["alerts"]
    assert (one["direction"], one["value"], one["upper"]) == ("outside", -10.5, 30)
    form = olga.get(f"/journeys/1/alerts/{one['id']}").text
    assert '<option selected value="outside">' in form
    assert re.search(r'name="upper"[^>]*value="30.0"', form)
    assert "NPS outside −10.5 to +30" in olga.get("/journeys/1/alerts").text
    refused = olga.post(NEW, data={**sent, "upper": ""})
    assert refused.status_code == 422 and "Enter an upper limit" in refused.text


def test_an_alert_from_a_weighted_page_is_weighted(installation, olga, loop):
    assert 'name="weighted"' not in olga.get(NEW).text
    with installation.store.writing() as session:
        bank.set_regions(session, 1)
    assert re.search(
        r'<input[^>]*checked[^>]*name="weighted"', olga.get(f"{NEW}?weighted=yes").text
    )
    assert not re.search(r'<input[^>]*checked[^>]*name="weighted"', olga.get(NEW).text)
    assert olga.post(NEW, data={**ALERT, "kind": "change", "weighted": "y"}).status_code == 303
    page = html.unescape(olga.get("/journeys/1/alerts").text)
    assert "Weighted NPS significantly lower" in page
    (told,) = olga.get("/journeys/1/alerts.json").json["alerts"]
    assert told["weighted"] is True


def test_beside_a_stage_a_segment_and_a_target_is_an_alert_of_theirs(installation, olga, loop):
    with installation.store.writing() as session:
        for _ in range(6):
            respond(session, loop.survey, 2, at=LAST_MONTH)
        owner = loop.owner
        session.add(Target(journey_id=1, place="apply", metric="nps", value=-20, owner_id=owner))
    page = olga.get("/journeys/1").text
    links = {html.unescape(each) for each in re.findall(r'href="([^"]*alerts/new[^"]*)"', page)}
    (target,) = [each for each in links if "value=-20" in each]
    stages = [each for each in links if "place=apply&" in each and "value=" not in each]
    (stage,) = [each for each in stages if "metric=nps" in each]
    for link in (target, stage):
        assert '<option selected value="apply nps">' in olga.get(link).text
    assert re.search(r'name="value"[^>]*value="-20"', olga.get(target).text)
    assert target in html.unescape(olga.get("/journeys/1/targets").text)
    assert olga.get("/journeys/1/alerts/new?metric=nps&value=nan&kind=x").status_code == 200


def test_an_alert_is_added_stopped_started_and_removed(installation, olga, loop, base):
    sent = {**ALERT, "emails": "a@example.org\r\nb@example.org, c@example.org"}
    assert olga.post(NEW, data=sent).status_code == 303
    with installation.store.writing() as session:
        alert = session.scalars(select(Alert)).one()
        assert alert.emails == ["a@example.org", "b@example.org", "c@example.org"]
        assert (alert.value, alert.months, alert.minimum_n) == (-10.5, 1, 5)
        assert alert.people == [loop.owner]
        for _ in range(6):
            respond(session, loop.survey, 2, at=LAST_MONTH)
    for address in ("/alerts", "/journeys/1/alerts", base):
        page = olga.get(address).text
        assert "NPS below −10.5" in page and 'state-failed">crossed<' in page and "−100" in page
        assert "never" in page  # told
    assert alerts_due(installation, utc_now()) == 1
    assert "1 not acknowledged" in olga.get("/journeys/1/alerts").text
    one = f"/journeys/1/alerts/{alert.id}"
    assert olga.post(f"{one}/crossings/1/acknowledge").status_code == 303
    assert "acknowledged by <bdi>Olga</bdi>" in olga.get("/journeys/1/alerts").text
    assert olga.post(f"{one}/mute", data={"days": "7"}).status_code == 303
    assert ">muted<" in olga.get("/journeys/1/alerts").text
    assert olga.post(f"{one}/mute", data={"days": "9999"}).status_code == 422
    assert olga.post(f"{one}/mute", data={"days": "0"}).status_code == 303
    assert olga.post(f"{one}/test").status_code == 303
    assert "Test: NPS below" in olga.get("/journeys/1/alerts").text
    assert olga.post(f"{one}/active", data={"active": "0"}).status_code == 303
    assert "paused" in olga.get("/journeys/1/alerts").text
    assert olga.post(f"{one}/active", data={"active": "1"}).status_code == 303
    assert olga.post(f"{one}/active").status_code == 422
    assert olga.post(f"{one}/remove").status_code == 303
    assert olga.post(f"{one}/remove").status_code == 404
    assert "No alerts yet" in olga.get("/journeys/1/alerts").text


def test_an_alert_is_changed_and_keeps_what_was_not(installation, olga, loop):
    assert olga.post(NEW, data={**ALERT, "emails": "a@example.org"}).status_code == 303
    with installation.store.writing() as session:
        alert = session.scalars(select(Alert)).one()
        alert.armed, alert.told_at = False, utc_now()
    one = f"/journeys/1/alerts/{alert.id}"
    assert f'href="{one}"' in olga.get("/journeys/1/alerts").text
    form = olga.get(one).text
    assert "a@example.org" in form and re.search(r'name="value"[^>]*value="-10.5"', form)
    same = {**ALERT, "emails": "b@example.org"}
    assert olga.post(one, data=same).status_code == 303  # only others are told: it goes on
    kept = alert_now(installation)
    assert (kept.emails, kept.armed, kept.told_at) == (["b@example.org"], False, alert.told_at)
    assert olga.post(one, data={**same, "value": "0", "what": "apply/form csat"}).status_code == 422
    assert olga.post(one, data={**same, "value": "20", "months": "3"}).status_code == 303
    kept = alert_now(installation)
    assert (kept.value, kept.months, kept.minimum_n, kept.armed) == (20, 3, 5, True)
    with installation.store.reading() as session:
        changes = select(AuditEntry).where(AuditEntry.action == "change alert")
        done = session.scalars(changes.order_by(AuditEntry.id))
        assert [entry.detail["changed"] for entry in done] == [["emails"], ["months", "value"]]
    bad = olga.post(one, data={**same, "emails": "nobody"})
    assert bad.status_code == 422 and "is not an email address" in bad.text


def alert_now(installation) -> Alert:
    with installation.store.reading() as session:
        return session.scalars(select(Alert)).one()


def test_an_alert_that_cannot_be_is_refused(installation, olga, loop):
    for change, said in (
        ({"value": "200"}, "would always or never be sent"),
        ({"months": "0"}, "Enter 1 to 12 months"),
        ({"emails": "nobody"}, "is not an email address"),
        ({"what": "apply/form ces"}, "Not a valid choice."),
        ({"people": "999"}, "not a valid choice"),
        ({"chat": "slack", "chat_url": "https://10.0.0.1/x"}, "is not a public address"),
    ):
        answer = olga.post(NEW, data={**ALERT, **change})
        assert answer.status_code == 422, change
        assert said in answer.text, change
    with installation.store.reading() as session:
        assert session.scalars(select(Alert)).all() == []


def test_a_reader_is_offered_people_with_access_alone(installation, sign_in, loop):
    with installation.store.reading() as session:
        bert = sign_in(session.get_one(User, loop.other))
    form = bert.get(NEW).text
    assert 'name="people"' in form and 'name="chat"' not in form and 'name="emails"' not in form
    assert bert.post(NEW, data={**ALERT, "emails": "x@example.org"}).status_code == 422


def test_the_page_says_that_messages_wait_without_a_mail_server(olga, base):
    assert "No mail server is configured" in olga.get(base).text
