"""A survey that knows enough, or will not by the planned day, is told of once; so are overdue cases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from surveyapp.closed_loop.overdue_cases import escalate_overdue
from surveyapp.closed_loop.stop_rules import Plan, remove_stop_rule, set_stop_rule, stop_rules_due
from surveyapp.errors import Invalid
from surveyapp.store.models import Case, Journey, JourneyGrant, OutgoingMessage, StopRule, SurveyRow
from tests.closed_loop.makers import BASE, NOW, make_loop, open_case, respond
from tests.installations import installation_on

PLAN = Plan("csat", margin=30.0)  # 11 answers


@pytest.fixture
def loop(store):
    with store.writing() as session:
        made = make_loop(session)
        row = session.get_one(SurveyRow, made.survey)
        session.get_one(Journey, row.journey_id).owner_id = made.other
        return made


@pytest.fixture
def installation(store, tmp_path):
    return installation_on(store, home=tmp_path, base_url=BASE)


def plan(installation, loop, wanted: Plan = PLAN) -> None:
    with installation.store.writing() as session:
        row = session.get_one(SurveyRow, loop.survey)
        set_stop_rule(session, row, wanted, user_id=loop.owner, installation=installation)


def answers(store, loop, *at) -> None:
    with store.writing() as session:
        for moment in at:
            respond(session, loop.survey, 9, at=moment)


def mails(store) -> list[dict[str, str]]:
    with store.reading() as session:
        query = select(OutgoingMessage.content).where(
            OutgoingMessage.kind.in_(("stop rule", "case"))
        )
        return list(session.scalars(query.order_by(OutgoingMessage.id)))


def test_the_owner_and_whoever_asked_are_told_once_when_the_answers_suffice(
    store, installation, loop
):
    plan(installation, loop)
    answers(store, loop, *[NOW - timedelta(days=1)] * 10)
    assert stop_rules_due(installation, NOW) == 0
    answers(store, loop, NOW)
    assert stop_rules_due(installation, NOW + timedelta(hours=1)) == 0  # looked at once a day
    assert stop_rules_due(installation, NOW + timedelta(days=1)) == 1
    assert stop_rules_due(installation, NOW + timedelta(days=2)) == 0
    assert [each["to"] for each in mails(store)] == ["bert@example.org", "olga@example.org"]
    first = mails(store)[0]
    assert first["subject"] == "After the form: enough answers"
    assert "a margin of ±30 needs 11" in first["text"]
    page = f"{BASE}/journeys/1/surveys/{loop.survey}/sample-size?measure=csat&margin=30"
    assert page in first["text"]
    plan(installation, loop, Plan("csat", margin=20.0))  # another plan
    assert stop_rules_due(installation, NOW + timedelta(days=2)) == 0
    with store.reading() as session:
        assert session.get_one(StopRule, loop.survey).reached_at is None


def test_a_number_of_answers_may_come_first(store, installation, loop):
    plan(installation, loop, Plan("csat", margin=2.0, answers=5))
    answers(store, loop, *[NOW] * 5)
    assert stop_rules_due(installation, NOW) == 1


def test_a_pace_that_is_too_slow_is_told_once(store, installation, loop):
    plan(installation, loop, Plan("csat", margin=5.0, due=date(2026, 7, 1)))
    weeks = [NOW - timedelta(weeks=week) for week in range(8, 0, -1)]
    answers(store, loop, *(moment for moment in weeks for _ in range(3)))
    assert stop_rules_due(installation, NOW) == 1
    assert stop_rules_due(installation, NOW + timedelta(days=1)) == 0
    first = mails(store)[0]
    assert first["subject"] == "After the form: behind its plan"
    assert "after 1 July 2026" in first["text"]


def test_a_plan_that_is_taken_back_tells_nobody(store, installation, loop):
    plan(installation, loop)
    answers(store, loop, *[NOW] * 11)
    with store.writing() as session:
        row = session.get_one(SurveyRow, loop.survey)
        remove_stop_rule(session, row, user_id=loop.owner)
    assert stop_rules_due(installation, NOW) == 0
    for wrong in (Plan("ces", 5.0), Plan("csat", 5.0, answers=0)):
        with pytest.raises(Invalid):
            plan(installation, loop, wrong)


def test_the_journeys_owner_is_told_of_overdue_cases_once(store, installation, loop):
    numbers = [open_case(store, loop) for _ in range(2)]
    late = NOW + timedelta(days=400)
    with store.writing() as session:
        written = len(mails(store))
        closed = session.get_one(Case, numbers[0])
        closed.state, closed.outcome = "closed", "recovered"
    open_case(store, loop)
    assert escalate_overdue(installation, late) == 2
    assert escalate_overdue(installation, late) == 0
    told = mails(store)[-1]
    assert len(mails(store)) == written + 2  # of the new case, and of both that are overdue
    assert told["to"] == "bert@example.org"
    assert told["subject"] == "2 cases of Open an account overdue"
    assert f"{BASE}/cases/{numbers[1]}" in told["text"]
    assert f"{BASE}/cases/{numbers[0]}\n" not in told["text"]


def test_an_owner_without_access_is_told_nothing_and_the_cases_wait(store, installation, loop):
    open_case(store, loop)
    late = NOW + timedelta(days=400)
    with store.writing() as session:
        query = select(JourneyGrant).where(JourneyGrant.user_id == loop.other)
        for grant in session.scalars(query):
            session.delete(grant)
    assert escalate_overdue(installation, late) == 0
    with store.writing() as session:
        row = session.get_one(SurveyRow, loop.survey)
        session.get_one(Journey, row.journey_id).owner_id = loop.owner
    assert escalate_overdue(installation, late) == 1
