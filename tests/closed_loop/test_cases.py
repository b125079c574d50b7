"""Cases: one a low response, told to its owner, worked on and closed once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, func, select

from surveyapp.closed_loop import cases
from surveyapp.errors import Conflict, Invalid
from surveyapp.store.models import (
    AuditEntry,
    Case,
    Event,
    JourneyGrant,
    OutgoingMessage,
    Response,
    SurveyRow,
    User,
)
from surveyapp.surveys.settings.closed_loop import CaseRule
from tests.closed_loop.makers import BASE, NOW, hear, make_loop, open_case, respond
from tests.installations import installation_on


@pytest.fixture
def loop(store):
    with store.writing() as session:
        return make_loop(session)


def count(session, table) -> int:
    return session.scalar(select(func.count()).select_from(table))


@pytest.mark.parametrize(("nps", "opened"), [(0, 1), (6, 1), (7, 0), (10, 0)])
def test_a_score_at_the_limit_or_below_opens_a_case(store, loop, nps, opened):
    with store.writing() as session:
        hear(store, session, loop.survey, [respond(session, loop.survey, nps)])
        assert count(session, Case) == opened
        assert count(session, OutgoingMessage) == opened


def test_a_case_has_owner_due_day_and_score(store, loop):
    number = open_case(store, loop, 3)
    with store.reading() as session:
        case = session.get_one(Case, number)
        assert (case.scale, case.value, case.state, case.owner_id) == ("nps", 3, "open", loop.owner)
        opened = case.opened_at.astimezone(UTC)
        assert (case.due_at.date() - opened.date()).days == 2
        assert (case.due_at.hour, case.due_at.minute) == (23, 59)


def test_an_event_spread_twice_opens_one_case_and_writes_one_message(store, loop):
    with store.writing() as session:
        number = respond(session, loop.survey, 2)
        hear(store, session, loop.survey, [number, number])
        told = session.scalars(select(Event).where(Event.kind == "case")).all()
        assert [event.subject["case_id"] for event in told] == [session.scalar(select(Case.id))]
    with store.writing() as session:
        hear(store, session, loop.survey, [number])
        assert count(session, Case) == count(session, OutgoingMessage) == 1
        assert count(session, Event) == 0


def test_the_owner_is_told_by_a_link_without_the_answer(store, loop):
    number = open_case(store, loop, 3, reason="My name is Ann and the form lost my data.")
    with store.reading() as session:
        message = session.scalars(select(OutgoingMessage)).one()
    assert (message.kind, message.key, message.state) == ("case", f"case {number}", "waiting")
    assert message.content["to"] == "olga@example.org"
    assert "After the form" in message.content["subject"]
    assert f"{BASE}/cases/{number}" in message.content["text"]
    assert "3, on a scale from 0 to 10" in message.content["text"]
    assert "Ann" not in str(message.content)


def test_without_an_open_account_the_case_waits_for_an_owner(store, loop):
    with store.writing() as session:
        session.get_one(User, loop.owner).active = False
    number = open_case(store, loop)
    with store.reading() as session:
        assert session.get_one(Case, number).owner_id is None
        assert count(session, OutgoingMessage) == 0


def test_who_may_not_see_the_journey_any_more_owns_no_new_case_of_it(store, loop):
    with store.writing() as session:
        session.execute(delete(JourneyGrant).where(JourneyGrant.user_id == loop.owner))
    number = open_case(store, loop)
    with store.reading() as session:
        assert session.get_one(Case, number).owner_id is None
        assert count(session, OutgoingMessage) == 0


def test_no_rule_anonymity_and_a_response_gone_open_nothing(store, loop):
    with store.writing() as session:
        survey = session.get_one(SurveyRow, loop.survey)
        number = respond(session, loop.survey, 1)
        session.execute(delete(Response).where(Response.id == number))
        hear(store, session, loop.survey, [number])
        low = respond(session, loop.survey, 1)
        survey.anonymity = "anonymous"
        hear(store, session, loop.survey, [low])
        survey.anonymity, survey.closed_loop = "pseudonymous", {}
        hear(store, session, loop.survey, [low])
        assert count(session, Case) == 0


def test_an_erased_response_leaves_the_case(store, loop):
    number = open_case(store, loop)
    with store.writing() as session:
        session.execute(delete(Response))
    with store.reading() as session:
        case = session.get_one(Case, number)
        assert (case.response_id, case.value) == (None, 3)


def test_a_case_is_worked_on_and_closed(store, loop):
    number = open_case(store, loop)
    with store.writing() as session:
        case = session.get_one(Case, number)
        cases.assign(
            session,
            case,
            loop.other,
            user_id=loop.owner,
            installation=installation_on(store, base_url=BASE),
        )
        cases.mark_contacted(session, case, user_id=loop.other, now=NOW)
        cases.add_note(session, case, "  Will get the fee back. ", user_id=loop.other)
        cases.close(session, case, "recovered", user_id=loop.other, now=NOW)
    with store.reading() as session:
        case = session.get_one(Case, number)
        assert (case.state, case.outcome, case.owner_id) == ("closed", "recovered", loop.other)
        assert case.contacted_at == case.closed_at == NOW
        assert [(note.kind, note.text) for note in case.notes] == [
            ("change", "Assigned to Bert."),
            ("change", "Customer contacted."),
            ("note", "Will get the fee back."),
            ("change", "Closed: recovered."),
        ]
        done = session.scalars(
            select(AuditEntry.action).where(AuditEntry.subject == f"case {number}")
        ).all()
        assert sorted(done) == ["assign case", "close case", "contact on case", "note on case"]
        to = [m.content["to"] for m in session.scalars(select(OutgoingMessage))]
        assert sorted(to) == ["bert@example.org", "olga@example.org"]


def test_every_action_sent_twice_is_one(store, loop):
    number = open_case(store, loop)
    with store.writing() as session:
        case = session.get_one(Case, number)
        for _ in range(2):
            cases.assign(
                session,
                case,
                loop.other,
                user_id=loop.owner,
                installation=installation_on(store, base_url=BASE),
            )
        for _ in range(2):
            cases.mark_contacted(session, case, user_id=loop.other)
        for _ in range(2):
            cases.add_note(session, case, "Called.", user_id=loop.other)
        for _ in range(2):
            cases.close(session, case, "unreachable", user_id=loop.other)
        first = case.closed_at
        cases.close(session, case, "unreachable", user_id=loop.other)
        assert case.closed_at == first
        assert len(case.notes) == 4
        for _ in range(2):
            cases.reopen(session, case, user_id=loop.owner)
        assert len(case.notes) == 5
        assert count(session, AuditEntry) == 8  # two surveys, their rule, five changes


def test_a_closed_case_is_not_closed_otherwise(store, loop):
    number = open_case(store, loop)
    with store.writing() as session:
        case = session.get_one(Case, number)
        cases.close(session, case, "no_action", user_id=loop.owner)
        with pytest.raises(Conflict, match="no action needed"):
            cases.close(session, case, "recovered", user_id=loop.owner)
        with pytest.raises(Conflict, match="reopen"):
            cases.mark_contacted(session, case, user_id=loop.owner)


def test_reopening_forgets_the_outcome_and_keeps_the_story(store, loop):
    number = open_case(store, loop)
    with store.writing() as session:
        case = session.get_one(Case, number)
        cases.mark_contacted(session, case, user_id=loop.owner)
        cases.close(session, case, "recovered", user_id=loop.owner)
        cases.reopen(session, case, user_id=loop.owner)
        assert (case.state, case.outcome, case.closed_at) == ("contacted", "", None)
        assert case.notes[-1].text == "Reopened."


@pytest.mark.parametrize("text", ["", "   ", "x" * 5001])
def test_a_note_says_something_and_ends(store, loop, text):
    number = open_case(store, loop)
    with store.writing() as session, pytest.raises(Invalid) as refused:
        cases.add_note(session, session.get_one(Case, number), text, user_id=loop.owner)
    assert refused.value.field == "text"


def test_what_is_due_on_a_day_is_not_late_before_it_is_over():
    moment = datetime(2026, 5, 6, 0, 0, tzinfo=UTC)
    assert CaseRule("nps", 6, due_days=0).due_at(moment) == datetime(
        2026, 5, 6, 23, 59, 59, tzinfo=UTC
    )
