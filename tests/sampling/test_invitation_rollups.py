"""Invitations counted by day are those that are stored, after every change and at every step of counting."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.distribution.outbox import _note_asked
from surveyapp.installation import Installation
from surveyapp.journeys.calendar import Calendar
from surveyapp.results.funnels.invitation_funnels import invitation_funnels
from surveyapp.results.funnels.invitations_made import invitations
from surveyapp.results.scope import ALL_TIME, Scope, period
from surveyapp.sampling import counted_by_day, forgetting
from surveyapp.sampling.invitation_rollups import INVITATIONS
from surveyapp.store.db import Store
from surveyapp.store.models import (
    INVITATION_STATES,
    Invitation,
    InvitationChange,
    InvitationCounting,
    InvitationRollup,
    Journey,
    OutgoingMessage,
    SurveyRow,
)
from surveyapp.surveys import drafts, redemption
from surveyapp.surveys.actions import invite
from surveyapp.surveys.invitations import note_opened, use_invitation
from surveyapp.surveys.links import Ticket, pseudonym, token_of
from surveyapp.surveys.queries import short_ticket
from tests.installations import installation_on
from tests.responses.makers import SECRET, as_survey
from tests.sampling.makers import NOW, bring, decide, make_bank, make_survey, report

HELSINKI = ZoneInfo("Europe/Helsinki")


@pytest.fixture
def installation(store: Store, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setattr("surveyapp.store.db._GIVE_WAY_SECONDS", 0.0)
    return installation_on(store)


def assert_counted(store: Store, number: int) -> None:
    """What pages are told is what the rows say, whether or not all changes have been added up."""
    with store.reading() as session:
        assert INVITATIONS.recount(session) == []
        journey = session.get_one(Journey, number)
        calendar = Calendar(journey.zone)
        surveys = session.scalars(select(SurveyRow.id).order_by(SurveyRow.id)).all()
        assert INVITATIONS.counted_surveys(session, surveys, calendar) == set(surveys)
        for when in (ALL_TIME, period(date(2026, 3, 1), date(2026, 3, 20))):
            told = invitations(session, surveys, when, calendar)
            assert {
                (survey, state, n)
                for survey, states in told.items()
                for state, n in states.items()
                if n
            } == _by_rows(session, calendar, when.since, when.until)


def _by_rows(
    session: Session, calendar: Calendar, since: date | None, until: date | None
) -> set[tuple[int, str, int]]:
    found: Counter[tuple[int, str]] = Counter()
    for row in session.scalars(select(Invitation)):
        day = row.created_at.astimezone(ZoneInfo(calendar.zone)).date()
        waits = row.token_seed is not None and row.channel != "link"
        waits = waits and row.state == "created" and row.sent_at is None
        if not waits and (since or day) <= day <= (until or day):
            found[row.survey_id, row.state] += 1
    return {(*key, n) for key, n in found.items()}


def test_every_change_is_counted_whoever_makes_it(store: Store, installation: Installation):
    """Decided, sent, opened, begun, answered, listed, erased, and left behind by an anonymous answer."""
    with store.writing() as session:
        journey = make_bank(session)
        number, row = journey.id, make_survey(session, journey, rest="override")
        survey = as_survey(session, row)
    INVITATIONS.add_up(installation, NOW)
    people = ("anna", "berit", "cecil", "doris")
    bring(store, *(_of(name, place) for place, name in enumerate(people)))

    def check() -> None:
        assert_counted(store, number)
        INVITATIONS.add_up(installation, NOW)
        assert_counted(store, number)

    check()
    decide(store)
    check()
    with store.writing() as session:
        for message in session.scalars(select(OutgoingMessage)):
            _note_asked(session, message, NOW)
    check()
    with store.writing() as session:
        made = session.scalars(select(Invitation).order_by(Invitation.id)).all()
        tickets = [_ticket(session, each) for each in made]
        at = session.connection()
        note_opened(at, survey_id=survey.id, ticket=tickets[0], now=NOW)
    check()
    with store.writing() as session:
        given: dict[str, Any] = {"block": 0, "language": "en", "now": NOW}
        at, fields = session.connection(), {"nps.nps": ["9"]}
        drafts.save(at, survey_id=survey.id, ticket=tickets[1], fields=fields, **given)
        used = use_invitation(at, survey_id=survey.id, ticket=tickets[2], now=NOW)
        assert used is not None
        invite(session, survey, [{"customer_ref": "eve"}], installation=installation, user_id=None)
    check()
    with store.reading() as session:
        told, *_ = invitation_funnels(session, Scope(number), library=BUILT_IN)
    assert [step.n for step in told.steps] == [5, 3, 2, 1]
    with store.writing() as session:
        forgetting.forget(
            session, pseudonym(SECRET, "doris"), user_id=None, now=NOW, secret_key=SECRET
        )
    check()
    with store.writing() as session:
        redemption._redeem(session, [made[0].id])
    check()
    with store.reading() as session:
        kept = session.scalar(select(func.sum(InvitationRollup.n)))
        assert (kept, session.scalar(select(func.count(InvitationChange.id)))) == (4, 0)


def _of(name: str, number: int) -> dict[str, Any]:
    return report(number, customer_ref=name, email=f"{name}@example.org")


def _ticket(session: Session, invitation: Invitation) -> Ticket:
    found = short_ticket(session.connection(), token_of(SECRET, invitation.token_seed or ""))
    assert found is not None
    return found[1]


def test_counting_goes_on_while_anything_changes(
    store: Store, installation: Installation, monkeypatch: pytest.MonkeyPatch
):
    """Rows change in every way between the steps of a worker, which counts a few at a time."""
    monkeypatch.setattr(counted_by_day, "WINDOW", 7)
    monkeypatch.setattr(counted_by_day, "BATCH", 5)
    chance = random.Random(11)  # noqa: S311 - seeded on purpose
    with store.writing() as session:
        journey = make_bank(session)
        number = journey.id
        surveys = [make_survey(session, journey).id for _ in range(2)]
        session.execute(insert(Invitation), [_any(chance, surveys, n) for n in range(60)])
    steps = (
        INVITATIONS.begin,
        INVITATIONS.count_batch,
        INVITATIONS.add_changes,
    )
    for turn in range(60):
        with store.writing() as session:
            ids = session.scalars(select(Invitation.id)).all()
            _change(session, chance, surveys, ids, turn)
        with store.writing() as session:
            chance.choice(steps)(session)
        with store.reading() as session:
            assert INVITATIONS.recount(session) == []
        if turn == 30:  # the days of another zone
            with store.writing() as session:
                session.get_one(Journey, number).zone = "Europe/Helsinki"
    while INVITATIONS.add_up(installation, NOW):
        pass
    assert_counted(store, number)
    with store.reading() as session:
        days = {row.day for row in session.scalars(select(InvitationRollup))}
        made = session.scalars(select(Invitation.created_at)).all()
    assert days == {moment.astimezone(HELSINKI).date() for moment in made}


def _any(chance: random.Random, surveys: list[int], n: int) -> dict[str, Any]:
    return {"survey_id": chance.choice(surveys), "token_hash": f"{n}", **_values(chance)}


def _values(chance: random.Random) -> dict[str, Any]:
    def perhaps() -> datetime | None:
        return chance.choice((None, NOW))

    return {
        "token_seed": chance.choice((None, "seed")),
        "channel": chance.choice(("link", "email", "sms")),
        "state": chance.choice(INVITATION_STATES),
        "created_at": datetime(2026, 3, 1, tzinfo=UTC)
        + timedelta(hours=chance.randrange(20, 40 * 24)),
        "sent_at": perhaps(),
        "started_at": perhaps(),
        "opened_at": perhaps(),
    }


def _change(
    session: Session, chance: random.Random, surveys: list[int], ids: Any, turn: int
) -> None:
    some = chance.sample(ids, min(len(ids), 3))
    kind = chance.randrange(3)
    if kind == 0:
        session.execute(insert(Invitation), [_any(chance, surveys, 1000 + turn)])
    elif kind == 1:
        session.execute(delete(Invitation).where(Invitation.id.in_(some)))
    else:
        values = _values(chance)
        del values["created_at"]  # it never changes, and places the row where there are partitions
        session.execute(update(Invitation).where(Invitation.id.in_(some)).values(values))


def test_what_another_transaction_has_not_ended_is_counted_when_it_has(
    store: Store, installation: Installation
):
    """On PostgreSQL it is not seen while the counting passes it; on SQLite nobody passes a writer."""
    chance = random.Random(5)  # noqa: S311 - seeded on purpose
    with store.writing() as session:
        journey = make_bank(session)
        number, surveys = journey.id, [make_survey(session, journey).id]
        session.execute(insert(Invitation), [_any(chance, surveys, n) for n in range(10)])
    with store.writing() as session:
        first = session.scalar(select(func.min(Invitation.id)))
        change = update(Invitation).where(Invitation.id == first).values(state="suppressed")
        session.execute(change)
        session.execute(insert(Invitation), [_any(chance, surveys, 10)])
        if not store.is_sqlite:
            INVITATIONS.add_up(installation, NOW)
    INVITATIONS.add_up(installation, NOW)
    assert_counted(store, number)


def test_a_count_that_is_wrong_is_found_and_counted_anew(store: Store, installation: Installation):
    chance = random.Random(3)  # noqa: S311 - seeded on purpose
    with store.writing() as session:
        journey = make_bank(session)
        number, surveys = journey.id, [make_survey(session, journey).id]
        session.execute(insert(Invitation), [_any(chance, surveys, n) for n in range(10)])
    INVITATIONS.add_up(installation, NOW)
    with store.writing() as session:
        session.execute(text("UPDATE invitation_rollups SET n = n + 1"))
    with store.reading() as session:
        faults = INVITATIONS.recount(session)
        assert len(faults) == session.scalar(select(func.count()).select_from(InvitationRollup))
    assert INVITATIONS.count_anew(store, [number]) == 10
    assert_counted(store, number)
    with store.reading() as session:
        assert session.scalars(select(InvitationCounting.counted_to)).all() == [None]
