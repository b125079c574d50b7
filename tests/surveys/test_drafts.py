"""Answers on the way: kept by token, gone when they are sent, never kept for an invitation that is over."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.responses.actions import submit
from surveyapp.store.db import Store
from surveyapp.store.models import Draft, Invitation, Response
from surveyapp.surveys import drafts
from surveyapp.surveys.links import Ticket
from surveyapp.surveys.queries import survey_at
from tests.responses.makers import NOW, as_survey, make_survey

TICKET = Ticket("a token")


@pytest.fixture
def survey(store: Store):
    with store.writing() as session:
        made = make_survey(session, asks=("nps",))
        session.add(Invitation(survey_id=made.id, token_hash=TICKET.token_hash))
    with store.reading() as session:
        return survey_at(session.connection(), made.link)


def save(store: Store, survey, fields, *, minutes: int = 0, **options) -> bool:
    with store.writing() as session:
        return drafts.save(
            session.connection(),
            survey_id=survey.id,
            ticket=options.pop("ticket", TICKET),
            fields=fields,
            now=NOW + timedelta(minutes=minutes),
            **options,
        )


def waiting(store: Store, survey, ticket: Ticket = TICKET):
    with store.reading() as session:
        return drafts.waiting(session.connection(), survey.id, ticket, now=NOW)


def test_what_is_saved_later_is_put_over_what_was_saved_before(store: Store, survey):
    assert waiting(store, survey) == drafts.Waiting("created", None)
    assert save(store, survey, {"nps-nps": ["3"], "nps-nps_reason": ["slow"]})
    assert save(store, survey, {"nps-nps": ["4"], "nps-nps_reason": [""]}, block=1, language="fi")
    saved = drafts.Saved({"nps-nps": ["4"]}, 1, "fi", unconfirmed=False)
    assert waiting(store, survey) == drafts.Waiting("opened", saved)


def test_the_first_draft_begins_the_answer_and_the_response_says_when(store: Store, survey):
    save(store, survey, {"nps-nps": ["3"]})
    save(store, survey, {"nps-nps": ["4"]}, minutes=7)
    with store.writing() as session:
        submit(
            session,
            as_survey(session, survey),
            {"nps": {"nps": "4"}},
            submission_key="k",
            attributes={},
            invitation=TICKET,
            started_at=NOW + timedelta(minutes=8),
            now=NOW + timedelta(minutes=9),
            library=BUILT_IN,
        )
    with store.reading() as session:
        assert session.scalars(select(Response.started_at)).one() == NOW
        assert session.scalars(select(Invitation.started_at)).one() == NOW
        assert session.scalars(select(Draft)).all() == []
    assert not save(store, survey, {"nps-nps": ["5"]}, minutes=10)
    assert waiting(store, survey) is None


def test_no_draft_is_kept_for_unknown_or_expired_links(store: Store, survey):
    late = Ticket("late")
    with store.writing() as session:
        session.add(Invitation(survey_id=survey.id, token_hash=late.token_hash, expires_at=NOW))
    assert not save(store, survey, {"nps-nps": ["5"]}, ticket=late)
    assert not save(store, survey, {"nps-nps": ["5"]}, ticket=Ticket("unknown"))
    with store.reading() as session:
        assert session.scalars(select(Draft)).all() == []


def test_clicks_in_messages_are_counted_apart_until_they_are_sent(store: Store, survey):
    tickets = [Ticket(f"token {number}") for number in range(4)]
    with store.writing() as session:
        session.add_all(
            Invitation(survey_id=survey.id, token_hash=ticket.token_hash) for ticket in tickets
        )
    for ticket, value in zip(tickets, "9933", strict=True):
        clicked = {"nps-nps": [value], drafts.PRESELECTED: [f"nps-nps:{value}"]}
        assert save(store, survey, clicked, ticket=ticket, unconfirmed=True)
    assert save(store, survey, {"nps-nps_reason": ["because"]}, ticket=tickets[0])
    with store.writing() as session:
        assert drafts.unconfirmed(session, survey.id) == {"nps-nps": {"9": 2, "3": 2}}
        begun = session.scalars(
            select(Invitation.started_at).where(Invitation.started_at.is_not(None))
        )
        assert len(begun.all()) == 1  # a click is no beginning of an answer
        submit(
            session,
            as_survey(session, survey),
            {"nps": {"nps": "9"}},
            submission_key="k",
            attributes={},
            invitation=tickets[0],
            now=NOW,
            library=BUILT_IN,
        )
        assert drafts.unconfirmed(session, survey.id) == {"nps-nps": {"9": 1, "3": 2}}


def test_drafts_that_nobody_can_send_or_has_touched_are_forgotten(store: Store, survey):
    def dropped(before: datetime) -> int:
        with store.writing() as session:
            found = drafts.old(session, before=before, now=NOW)
            return drafts.drop_old(session, found, before=before, now=NOW)

    save(store, survey, {"nps-nps": ["3"]})
    assert dropped(NOW) == 0
    assert dropped(NOW + timedelta(seconds=1)) == 1
    save(store, survey, {"nps-nps": ["3"]})
    with store.writing() as session:
        session.scalars(select(Invitation)).one().state = "suppressed"
    assert dropped(NOW) == 1


def test_a_draft_that_is_touched_before_it_is_dropped_stays(store: Store, survey):
    save(store, survey, {"nps-nps": ["3"]})
    later = NOW + timedelta(days=1)
    with store.reading() as session:
        found = drafts.old(session, before=later, now=NOW)
    assert len(found) == 1
    with store.writing() as session:
        session.scalars(select(Draft)).one().updated_at = later
    with store.writing() as session:
        assert drafts.drop_old(session, found, before=later, now=NOW) == 0


def test_drafts_are_dropped_a_batch_at_a_time(store: Store, survey, monkeypatch):
    monkeypatch.setattr(drafts, "BATCH", 2)
    with store.writing() as session:
        for number in range(5):
            session.add(Draft(token_hash=f"{number:064}", survey_id=survey.id, fields={}))
    gone = []
    while not gone or gone[-1]:
        with store.writing() as session:
            found = drafts.old(session, before=NOW, now=NOW)
            gone.append(drafts.drop_old(session, found, before=NOW, now=NOW))
    assert gone == [2, 2, 1, 0]
