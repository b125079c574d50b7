"""Alerts: one message for each fall, from enough answers, with the interval in it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select

from instruments.loader import BUILT_IN
from surveyapp.closed_loop import alerts
from surveyapp.errors import Invalid, NotFound
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import (
    Alert,
    AuditEntry,
    Event,
    JourneyGrant,
    OutgoingMessage,
    SurveyRow,
)
from tests.closed_loop.makers import BASE, NOW, make_loop, respond
from tests.installations import installation_on
from tests.responses.makers import as_survey, make_survey

WANTED = {"scale": "nps", "below": 20.0, "minimum_n": 5, "days": 7, "emails": ["a@example.org"]}


@pytest.fixture
def installation(store, tmp_path):
    """What a duty is handed: the store and this installation's settings."""
    return installation_on(store, home=tmp_path, base_url=BASE)


@pytest.fixture
def loop(store):
    with store.writing() as session:
        return make_loop(session)


def add(store, loop, **changes) -> int:
    with store.writing() as session:
        survey = session.get_one(SurveyRow, loop.survey)
        made = alerts.create_alert(
            session,
            as_survey(session, survey),
            **{**WANTED, **changes},
            user_id=loop.owner,
            library=BUILT_IN,
        )
        return made.id


def answers(store, loop, *scores: int, at=NOW) -> None:
    with store.writing() as session:
        for nps in scores:
            respond(session, loop.survey, nps, at=at)


def told(store) -> list[OutgoingMessage]:
    with store.reading() as session:
        query = select(OutgoingMessage).where(OutgoingMessage.kind == "alert")
        return list(session.scalars(query.order_by(OutgoingMessage.id)))


def test_a_fall_is_told_once_by_mail_and_event(store, installation, loop):
    number = add(store, loop, emails=["a@example.org", "b@example.org"])
    answers(store, loop, 9, 9, 3, 3, 3)
    assert alerts.alerts_due(installation, NOW) == 1
    assert alerts.alerts_due(installation, NOW + timedelta(minutes=5)) == 0
    first, second = told(store)
    assert [first.content["to"], second.content["to"]] == ["a@example.org", "b@example.org"]
    assert first.content["subject"] == "NPS at After the form is below +20"
    for part in (
        "Net Promoter Score (NPS): −20, below the threshold of +20.",
        "Interval: −",
        "Answers: 5",
        "Period: 28 April 2026 to 4 May 2026 (UTC)",
        f"{BASE}/journeys/1/surveys/{loop.survey}/closed-loop",
        "so the fall may be due to chance",
    ):
        assert part in first.content["text"]
    with store.reading() as session:
        event = session.scalars(select(Event).where(Event.kind == "alert")).one()
        assert event.subject["alert_id"] == number
        assert (event.subject["estimate"], event.subject["n"]) == (-20, 5)
        alert = session.get_one(Alert, number)
        assert (alert.armed, alert.told_at) == (False, NOW)


def test_staff_who_may_not_read_the_journey_are_not_told_of_it(store, installation, loop):
    """An address of nobody on the staff is a choice of whoever made the alert."""
    add(store, loop, emails=["olga@example.org", "Bert@example.org", "a@example.org"])
    with store.writing() as session:
        session.execute(delete(JourneyGrant).where(JourneyGrant.user_id == loop.other))
    answers(store, loop, 3, 3, 3, 3, 3)
    assert alerts.alerts_due(installation, NOW) == 1
    assert [each.content["to"] for each in told(store)] == ["olga@example.org", "a@example.org"]
    with store.reading() as session:
        query = select(AuditEntry.detail).where(AuditEntry.action == "withhold alert")
        assert session.scalars(query).all() == [{"user": "Bert@example.org"}]


def test_a_fall_beyond_chance_is_called_one(store, installation, loop):
    add(store, loop, below=50.0)
    answers(store, loop, *[2] * 30)
    alerts.alerts_due(installation, NOW)
    assert "The whole interval is below the threshold." in told(store)[0].content["text"]


@pytest.mark.parametrize(
    ("scores", "changes", "expected"),
    [
        ([3, 3, 3, 3], {"minimum_n": 1}, 0),  # fewer than the smallest cell, whatever was asked for
        ([3, 3, 3, 3, 3], {"minimum_n": 6}, 0),
        ([3, 3, 3, 3, 3], {}, 1),
        ([9, 9, 9, 9, 3, 3, 8, 8, 8, 8], {}, 0),  # +20 is the limit itself
        ([], {}, 0),
    ],
)
def test_enough_answers_must_say_so(store, installation, loop, scores, changes, expected):
    add(store, loop, **changes)
    answers(store, loop, *scores)
    assert alerts.alerts_due(installation, NOW) == expected


def test_only_the_last_days_are_looked_at(store, installation, loop):
    add(store, loop)
    answers(store, loop, *[1] * 9, at=NOW - timedelta(days=7))
    assert alerts.alerts_due(installation, NOW) == 0
    answers(store, loop, *[1] * 9, at=NOW - timedelta(days=6))
    assert alerts.alerts_due(installation, NOW) == 1


def test_it_tells_again_after_the_score_was_back(store, installation, loop):
    add(store, loop)
    answers(store, loop, *[1] * 5)
    assert alerts.alerts_due(installation, NOW) == 1
    back = NOW + timedelta(days=8)
    answers(store, loop, *[10] * 5, at=back)
    assert alerts.alerts_due(installation, back) == 0  # armed again, tells of nothing
    again = NOW + timedelta(days=16)
    answers(store, loop, *[1] * 5, at=again)
    assert alerts.alerts_due(installation, again) == 1
    assert len(told(store)) == 2


def test_a_score_that_goes_up_and_down_in_a_day_is_told_once(store, installation, loop):
    add(store, loop)
    answers(store, loop, *[1] * 5)
    assert alerts.alerts_due(installation, NOW) == 1
    answers(store, loop, *[10] * 40)
    assert alerts.alerts_due(installation, NOW + timedelta(hours=1)) == 0
    answers(store, loop, *[1] * 90)
    assert alerts.alerts_due(installation, NOW + timedelta(hours=2)) == 0


def test_stopped_alerts_and_closed_surveys_are_silent(store, installation, loop):
    number = add(store, loop)
    answers(store, loop, *[1] * 5)
    with store.writing() as session:
        alert = session.get_one(Alert, number)
        alerts.set_active(session, alert, False, user_id=loop.owner)
        alerts.set_active(session, alert, False, user_id=loop.owner)
    assert alerts.alerts_due(installation, NOW) == 0
    with store.writing() as session:
        alerts.set_active(session, session.get_one(Alert, number), True, user_id=loop.owner)
        session.get_one(SurveyRow, loop.survey).state = "closed"
    assert alerts.alerts_due(installation, NOW) == 0
    with store.writing() as session:
        session.get_one(SurveyRow, loop.survey).state = "open"
    assert alerts.alerts_due(installation, NOW) == 1
    with store.reading() as session:
        query = select(AuditEntry.action).where(AuditEntry.action.contains("alert"))
        assert sorted(session.scalars(query)) == ["create alert", "start alert", "stop alert"]


def test_an_alert_without_addresses_tells_webhooks_only(store, installation, loop):
    add(store, loop, emails=[])
    answers(store, loop, *[1] * 5)
    assert alerts.alerts_due(installation, NOW) == 1
    assert told(store) == []
    with store.reading() as session:
        assert session.scalar(select(func.count()).where(Event.kind == "alert")) == 1


def test_shares_and_means_are_watched_as_they_are_reported(store, installation, loop):
    """CSAT is a share of people: all of them gave 4 of 5 and are satisfied."""
    number = add(store, loop, scale="csat", below=100.0)
    answers(store, loop, *[9] * 5)
    with store.reading() as session:
        survey = session.get_one(SurveyRow, loop.survey)
        (seen,) = alerts.watches(
            session, as_survey(session, survey), today=NOW.date(), minimum_cell=5, library=BUILT_IN
        )
    assert (seen.alert.id, seen.figure.estimate, seen.low) == (number, 100, False)


def test_a_handful_is_not_shown_on_the_page_either(store, loop):
    add(store, loop, minimum_n=1)
    answers(store, loop, *[1] * 4)
    with store.reading() as session:
        survey = session.get_one(SurveyRow, loop.survey)
        (seen,) = alerts.watches(
            session, as_survey(session, survey), today=NOW.date(), minimum_cell=5, library=BUILT_IN
        )
    assert (seen.figure.hidden, seen.figure.estimate, seen.low) == (Hidden.FEW, None, False)


def test_a_score_that_is_asked_no_longer_is_not_watched(store, installation, loop):
    number = add(store, loop)
    with store.writing() as session:
        session.get_one(Alert, number).scale = "gone"
    assert alerts.alerts_due(installation, NOW) == 0


def test_what_cannot_be_watched_is_refused_by_its_field(store, loop):
    for field, value in (
        ("scale", "ces"),
        ("below", -100.0),
        ("below", 100.5),
        ("below", float("nan")),
        ("minimum_n", 0),
        ("minimum_n", 2.5),
        ("days", 366),
        ("emails", ["not an address"]),
        ("emails", ["a@b.example\nBcc: c@d.example"]),
        ("emails", [f"a{k}@example.org" for k in range(21)]),
    ):
        with pytest.raises(Invalid) as refused:
            add(store, loop, **{field: value})
        assert refused.value.field == field, value


def test_an_alert_belongs_to_its_survey(store, loop):
    number = add(store, loop)
    with store.writing() as session:
        own = session.get_one(SurveyRow, loop.survey)
        other = make_survey(session, asks=("nps",), journey=own.journey, name="Other")
        with pytest.raises(NotFound):
            alerts.alert_of(session, as_survey(session, other), number)
        alerts.remove(
            session, alerts.alert_of(session, as_survey(session, own), number), user_id=loop.owner
        )
    with store.reading() as session, pytest.raises(NotFound):
        alerts.alert_of(
            session, as_survey(session, session.get_one(SurveyRow, loop.survey)), number
        )
