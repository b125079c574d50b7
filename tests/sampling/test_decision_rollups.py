"""Decisions counted by day are those that are stored, after every change of them and of their invitations."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from surveyapp.distribution.outbox import _note_asked
from surveyapp.journeys.calendar import Calendar
from surveyapp.sampling import counted_by_day, forgetting
from surveyapp.sampling.decision_rollups import DECISIONS
from surveyapp.sampling.funnel import Counts, by_survey
from surveyapp.store.db import Store
from surveyapp.store.models import (
    INVITATION_STATES,
    Decision,
    DecisionChange,
    DecisionRollup,
    Interaction,
    Invitation,
    Journey,
    OutgoingMessage,
    SurveyRow,
)
from surveyapp.surveys import redemption
from surveyapp.surveys.links import pseudonym
from tests.installations import installation_on
from tests.responses.makers import SECRET
from tests.sampling.makers import NOW, bring, decide, make_bank, make_survey, report

HELSINKI = "Europe/Helsinki"
DAYS = ((None, None), (date(2026, 3, 1), date(2026, 3, 20)))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surveyapp.store.db._GIVE_WAY_SECONDS", 0.0)


def told(store: Store, zone: str = "UTC") -> list[dict[int, Counts]]:
    """The counts of each survey of all time and of some days."""
    with store.reading() as session:
        surveys = session.scalars(select(SurveyRow.id)).all()
        return [
            by_survey(session, surveys, Calendar(zone), since=since, until=until)
            for since, until in DAYS
        ]


def assert_counted(store: Store, zone: str = "UTC") -> None:
    """What pages are told is what the rows say, whether or not all changes have been added up."""
    one_by_one = "Pacific/Kiritimati" if zone == "UTC" else "UTC"
    with store.reading() as session:
        assert DECISIONS.recount(session) == []
        surveys = session.scalars(select(SurveyRow.id)).all()
        assert DECISIONS.counted_surveys(session, surveys, Calendar(zone)) == set(surveys)
        assert not DECISIONS.counted_surveys(session, surveys, Calendar(one_by_one))
    # Of all time the days of a zone that nothing is counted by give the same from the rows.
    assert told(store, zone)[0] == told(store, one_by_one)[0]


def test_every_change_is_counted_whoever_makes_it(store: Store):
    """Decided, sent, opened, answered, erased, used anonymously, and deleted when it is old."""
    installation = installation_on(store)
    with store.writing() as session:
        survey = make_survey(session, make_bank(session), rest="override").id
    DECISIONS.add_up(installation, NOW)
    people = ("anna", "berit", "cecil", "doris")
    bring(
        store,
        *(
            report(place, customer_ref=name, email=f"{name}@example.org")
            for place, name in enumerate(people)
        ),
    )
    decide(store)

    def counted() -> Counts:
        assert_counted(store)
        DECISIONS.add_up(installation, NOW)
        assert_counted(store)
        return told(store)[0][survey]

    assert counted() == Counts(asked=4)
    with store.writing() as session:
        for message in session.scalars(
            select(OutgoingMessage).order_by(OutgoingMessage.id).limit(3)
        ):
            _note_asked(session, message, NOW)
        made = session.scalars(select(Invitation.id).order_by(Invitation.id)).all()
    assert counted() == Counts(asked=4, sent=3)
    for number, reached in ((0, "opened_at"), (1, "started_at"), (2, "completed_at")):
        with store.writing() as session:
            own = update(Invitation).where(Invitation.id == made[number])
            session.execute(own.values({reached: NOW}))
    assert counted() == Counts(asked=4, sent=3, opened=3, started=2, completed=1)
    with store.writing() as session:
        who = pseudonym(SECRET, "doris")
        forgetting.forget(session, who, user_id=None, now=NOW, secret_key=SECRET)
    assert counted() == Counts(asked=4, sent=3, opened=3, started=2, completed=1, held_back=1)
    with store.writing() as session:
        redemption._redeem(session, [made[0]])  # answered anonymously: its invitation goes
    assert counted() == Counts(asked=4, sent=3, opened=3, started=3, completed=2, held_back=1)
    with store.writing() as session:
        later = NOW + timedelta(days=9)
        old = forgetting.old(session, before=later)
        forgetting.retire(session, old, before=later)
    assert counted() == Counts()
    with store.reading() as session:
        assert session.scalars(select(DecisionRollup.n)).all() == []
        assert session.scalars(select(DecisionChange.id)).all() == []


def test_counting_goes_on_while_anything_changes(store: Store, monkeypatch: pytest.MonkeyPatch):
    """Rows of both tables change in every way between the steps of a worker, which counts a few at a time."""
    monkeypatch.setattr(counted_by_day, "WINDOW", 7)
    monkeypatch.setattr(counted_by_day, "BATCH", 5)
    installation = installation_on(store)
    chance = random.Random(11)  # noqa: S311 - seeded on purpose
    with store.writing() as session:
        journey = make_bank(session)
        number = journey.id
        surveys = [make_survey(session, journey).id for _ in range(2)]
    bring(store, *(report(n, customer_ref=f"c{n}") for n in range(60)))
    with store.writing() as session:
        events = session.scalars(select(Interaction.id)).all()
        session.execute(
            insert(Invitation),
            [
                {"survey_id": surveys[n % 2], "token_hash": f"{n}", **_invited(chance)}
                for n in range(40)
            ],
        )
        made = session.scalars(select(Invitation.id)).all()
        rows = [_decided(chance, made) for _ in events[:50]]
        for n, (event, row) in enumerate(zip(events, rows, strict=False)):
            row |= {"interaction_id": event, "survey_id": surveys[n % 2], "customer_ref": f"c{n}"}
        session.execute(insert(Decision), rows)
    steps = (DECISIONS.begin, DECISIONS.count_batch, DECISIONS.add_changes)
    for turn in range(40):
        with store.writing() as session:
            _change(session, chance, surveys, events)
        with store.writing() as session:
            chance.choice(steps)(session)
        with store.reading() as session:
            assert DECISIONS.recount(session) == []
        if turn == 20:  # the days of another zone
            with store.writing() as session:
                session.get_one(Journey, number).zone = HELSINKI
    while DECISIONS.add_up(installation, NOW):
        pass
    assert_counted(store, HELSINKI)


def _invited(chance: random.Random) -> dict[str, Any]:
    at = {name: chance.choice((None, NOW)) for name in ("sent_at", "opened_at", "started_at")}
    completed_at = chance.choice((None, None, NOW))
    return {"state": chance.choice(INVITATION_STATES), "completed_at": completed_at, **at}


def _decided(chance: random.Random, invitations: Any) -> dict[str, Any]:
    outcome = chance.choice(("ask", "skip"))
    asked = outcome == "ask"
    return {
        "outcome": outcome,
        "reason": "" if asked else chance.choice(("no_address", "rested")),
        "invitation_id": chance.choice((None, *invitations)) if asked else None,
        "sent_at": chance.choice((None, NOW)) if asked else None,
        "decided_at": datetime(2026, 3, 1, tzinfo=UTC)
        + timedelta(hours=chance.randrange(20, 40 * 24)),
    }


def _change(session: Session, chance: random.Random, surveys: list[int], events: Any) -> None:
    made = session.scalars(select(Invitation.id)).all()
    decided = session.scalars(select(Decision.id)).all()
    kind = chance.randrange(5)
    if kind == 0:
        taken = set(session.scalars(select(Decision.interaction_id)))
        event = chance.choice(sorted({*events} - taken))
        own = {"interaction_id": event, "survey_id": chance.choice(surveys), "customer_ref": "x"}
        session.execute(insert(Decision), [own | _decided(chance, made)])
    elif kind == 1:
        gone = chance.sample(decided, 2)
        session.execute(delete(Decision).where(Decision.id.in_(gone)))
    elif kind == 2:
        session.execute(delete(Invitation).where(Invitation.id.in_(chance.sample(made, 1))))
    elif kind == 3:
        values = _decided(chance, made)
        del values["decided_at"]  # it never changes, and places the row where there are partitions
        session.execute(
            update(Decision).where(Decision.id.in_(chance.sample(decided, 3))).values(values)
        )
    else:
        some = Invitation.id.in_(chance.sample(made, 3))
        session.execute(update(Invitation).where(some).values(_invited(chance)))
