"""From an interaction to an answer: the whole way, as worker and customer go it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.installation import Installation, open_installation
from surveyapp.responses.actions import Stored, submit
from surveyapp.sampling import schedule
from surveyapp.settings import read
from surveyapp.store.models import (
    Decision,
    Interaction,
    Invitation,
    Journey,
    JourneyRun,
    Response,
    SurveyRow,
)
from surveyapp.surveys.links import token_of
from surveyapp.surveys.queries import short_ticket
from surveyapp.worker import DUTIES
from tests.installations import released
from tests.responses.makers import SECRET, as_survey, some_answers
from tests.sampling.makers import NOW, bring, make_bank, make_survey, report


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    made = read({}, home=tmp_path, database_url=database_url, secret_key=SECRET, rest_days=0)
    opened = open_installation(made)
    yield opened
    opened.close()


def test_the_worker_has_the_duty():
    assert DUTIES["decide whom to ask"][1] is schedule.decide


@pytest.mark.parametrize("anonymity", ["pseudonymous", "anonymous"])
def test_an_answer_joins_what_it_was_asked_about(installation: Installation, anonymity: str):
    """The answer carries customer, attributes and run of its interaction; an anonymous one nothing.

    Meanwhile the customer has begun another run, which the answer must not join.
    """
    with installation.store.writing() as session:
        journey = make_bank(session, gap=10)
        make_survey(session, journey, at_end=True, trigger={"touchpoints": ["form"]})
        session.scalars(select(SurveyRow)).one().anonymity = anonymity
    told = report(1, email="anna@example.org", attributes={"region": "North"})
    bring(installation.store, told)
    assert schedule.decide(installation, NOW) == 1
    assert schedule.decide(installation, NOW) == 0
    later = NOW + timedelta(days=20)
    bring(
        installation.store,
        report(2, touchpoint="use/branch", at=later.isoformat()),
        now=later,
    )
    with installation.store.writing() as session:
        invitation = session.scalars(select(Invitation)).one()
        token = token_of(SECRET, invitation.token_seed or "")
        found = short_ticket(session.connection(), token)
        assert found is not None
        survey = session.scalars(select(SurveyRow)).one()
        ticket = found[1]
        stored = submit(
            session,
            as_survey(session, survey),
            some_answers(1, ("nps",)),
            submission_key="a",
            attributes=ticket.attributes,
            customer_ref=ticket.customer_ref,
            invitation=ticket,
            now=later,
            library=BUILT_IN,
            keys=installation.epoch_keys,
        )
        assert isinstance(stored, Stored)
        assert stored.new
    released(installation)
    with installation.store.reading() as session:
        response = session.scalars(select(Response)).one()
        met = session.scalars(select(Interaction).where(Interaction.external_id == "event 1")).one()
        decision = session.scalars(select(Decision)).one()
        runs = session.scalars(select(JourneyRun).order_by(JourneyRun.id)).all()
        assert session.query(Journey).count() == 1
    assert [run.ended_at is None for run in runs] == [False, True]
    if anonymity == "anonymous":
        assert (response.journey_run_id, response.invitation_id, response.attributes) == (
            *(None, None),
            {},
        )
        assert decision.invitation_id is None
    else:
        assert response.journey_run_id == met.journey_run_id == runs[0].id
        assert response.attributes == {"region": "North"}
        assert response.invitation_id == decision.invitation_id
        assert runs[0].last_at == later
