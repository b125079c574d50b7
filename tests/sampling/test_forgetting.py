"""Who is forgotten leaves no address, attribute, draft, answer or name; counts stay."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.responses.actions import submit
from surveyapp.sampling import customers, forgetting, opt_outs
from surveyapp.store.db import Store
from surveyapp.store.models import (
    Base,
    Campaign,
    CampaignRecipient,
    Contact,
    Decision,
    Draft,
    Interaction,
    Invitation,
    Journey,
    JourneyRun,
    OutgoingMessage,
    Response,
    SurveyRow,
)
from surveyapp.surveys.links import pseudonym, token_of
from surveyapp.surveys.queries import short_ticket
from tests.responses.makers import SECRET, as_survey, some_answers
from tests.sampling.makers import NOW, bring, decide, decisions, make_bank, make_survey, report

ANNA = pseudonym(SECRET, "anna")


@pytest.fixture
def bank(store: Store) -> Store:
    with store.writing() as session:
        journey = make_bank(session)
        make_survey(session, journey, rest="override")
    return store


def of(name: str, number: int, **other: object) -> dict[str, object]:
    return report(
        number,
        customer_ref=name,
        email=f"{name}@example.org",
        attributes={"nickname": f"nick of {name}"},
        run=f"order of {name}",
        **other,
    )


def answer(store: Store, invitation_id: int) -> None:
    with store.writing() as session:
        invitation = session.get_one(Invitation, invitation_id)
        token = token_of(SECRET, invitation.token_seed or "")
        found = short_ticket(session.connection(), token)
        assert found is not None
        submit(
            session,
            as_survey(session, session.get_one(SurveyRow, invitation.survey_id)),
            some_answers(1, ("nps",)),
            submission_key=token,
            attributes=found[1].attributes,
            customer_ref=found[1].customer_ref,
            invitation=found[1],
            now=NOW,
            library=BUILT_IN,
        )


def everything(store: Store) -> str:
    """The whole database as text."""
    with store.engine.connect() as connection:
        rows = [
            [list(map(str, row)) for row in connection.execute(select(table))]
            for table in Base.metadata.sorted_tables
        ]
    return json.dumps(rows)


def test_a_forgotten_customer_is_nowhere_and_counts_stay(bank: Store):
    bring(bank, of("anna", 1), of("anna", 2, days=1), of("bert", 3))
    decide(bank)
    with bank.reading() as session:
        of_anna = select(Decision.invitation_id).where(Decision.customer_ref == ANNA)
        first, second = session.scalars(of_anna.order_by(Decision.id)).all()
    answer(bank, first)
    with bank.writing() as session:
        hashed = session.get_one(Invitation, second).token_hash
        survey = session.scalars(select(SurveyRow.id)).one()
        session.add(
            Draft(token_hash=hashed, survey_id=survey, fields={"nps_reason": "half an answer"})
        )
        message = OutgoingMessage(
            key="by a list",
            kind="invitation",
            customer_ref=ANNA,
            content={"attributes": {"nickname": "nick of anna"}},
        )
        campaign = Campaign(survey_id=survey, day=NOW.date(), list_digest="0" * 16)
        session.add_all([message, campaign])
        session.flush()
        session.add(
            CampaignRecipient(message_id=message.id, campaign_id=campaign.id, customer_ref=ANNA)
        )
        opt_outs.opt_out(session, [ANNA], source="staff")
        before = decisions(bank)
    with bank.writing() as session:
        forgetting.forget(session, ANNA, user_id=None, now=NOW, secret_key=SECRET)
    left = everything(bank)
    for trace in ("anna@example.org", "nick of anna", "order of anna", "half an answer"):
        assert trace not in left
    assert left.count(ANNA) == 1  # the opt-out
    assert "nick of bert" in left
    assert len(decisions(bank)) == len(before)
    with bank.reading() as session:
        assert session.query(Response).count() == 0
        states = dict(session.execute(select(Invitation.id, Invitation.state)).all())
        assert (states[first], states[second]) == ("completed", "suppressed")
        messages = session.scalars(select(OutgoingMessage.state).order_by(OutgoingMessage.id)).all()
        assert sorted(messages) == ["cancelled", "cancelled", "cancelled", "waiting"]
        gone = session.scalars(
            select(Interaction).where(Interaction.customer_ref.like("forgotten-%"))
        ).all()
        assert [(each.attributes, each.external_id) for each in gone] == [({}, None)] * 2
        run = session.scalars(
            select(JourneyRun).where(JourneyRun.customer_ref.like("forgotten-%"))
        ).one()
        assert run.ended_at is not None
    bring(bank, of("anna", 9))
    decide(bank)
    assert ("event 9", "skip", "opted_out") in decisions(bank)


def test_a_link_that_had_been_opened_opens_nothing_after_its_customer_was_forgotten(bank: Store):
    bring(bank, of("anna", 1), of("bert", 2))
    decide(bank)
    with bank.writing() as session:
        asked = dict(session.execute(select(Decision.customer_ref, Decision.invitation_id)).all())
        for number in asked.values():
            invitation = session.get_one(Invitation, number)
            invitation.state, invitation.opened_at = "opened", NOW
        theirs = session.get_one(Invitation, asked[ANNA])
        draft = {"survey_id": theirs.survey_id, "fields": {"nps": "3"}}
        session.add(Draft(token_hash=theirs.token_hash, **draft))
    with bank.writing() as session:
        forgetting.forget(session, ANNA, user_id=None, now=NOW, secret_key=SECRET)
    for number in asked.values():
        answer(bank, number)
    with bank.reading() as session:
        assert session.query(Draft).count() == 0
        kept = session.scalars(select(Response.invitation_id)).all()
        assert kept == [asked[pseudonym(SECRET, "bert")]]
        assert session.get_one(Invitation, asked[ANNA]).state == "suppressed"


def test_a_contact_that_is_heard_of_before_it_is_deleted_stays(bank: Store):
    long_ago = NOW - timedelta(days=800)
    bring(bank, of("anna", 1, days=800), of("bert", 2, days=800), now=long_ago)
    before = NOW - timedelta(days=730)
    with bank.reading() as session:
        found = forgetting.old(session, before=before)
    assert len(found.contacts) == 2
    bring(bank, report(3, customer_ref="bert", days=10))
    with bank.writing() as session:
        forgetting.retire(session, found, before=before)
    with bank.reading() as session:
        assert session.scalars(select(Contact.email)).all() == ["bert@example.org"]


def test_what_is_old_is_deleted_and_what_is_not_stays(bank: Store):
    long_ago = NOW - timedelta(days=800)
    bring(bank, of("anna", 1, days=800), of("bert", 2, days=800), now=long_ago)
    decide(bank, now=long_ago)
    with bank.reading() as session:
        invitation = session.scalars(select(Decision.invitation_id).limit(1)).one()
    assert invitation is not None
    bring(bank, report(3, customer_ref="bert", days=10))
    before = NOW - timedelta(days=730)
    retired = []
    with bank.writing() as session:
        while not retired or retired[-1]:
            found = forgetting.old(session, before=before, limit=1)
            retired.append(forgetting.retire(session, found, before=before))
    assert retired == [2, 1, 0]
    with bank.reading() as session:
        assert session.scalars(select(Contact.email)).all() == ["bert@example.org"]
        assert session.scalars(select(Interaction.external_id)).all() == ["event 3"]
        assert session.query(Decision).count() == 0
        assert session.scalars(select(Invitation.interaction_id)).all() == [None, None]


def test_a_customer_is_found_by_reference_address_or_number(bank: Store):
    told = {**of("anna", 1), "phone": "+358401234567"}
    bring(bank, told, of("bert", 2), {**of("carl", 3), "email": "bert@example.org"})
    shared = sorted(pseudonym(SECRET, name) for name in ("bert", "carl"))
    with bank.reading() as session:

        def found(text: str) -> list[str]:
            return customers.search(session, text, secret_key=SECRET)

        assert found(" anna ") == found("ANNA@example.org") == found("+358 40 123 45 67") == [ANNA]
        assert found("bert@example.org") == shared
        assert found("nobody") == [pseudonym(SECRET, "nobody")]


def test_the_dossier_says_what_was_decided_and_why(bank: Store):
    with bank.writing() as session:
        journey = session.scalars(select(Journey)).one()
        make_survey(session, journey, asks="csat", trigger={"outcomes": ["approved"]})
    bring(bank, of("anna", 1), of("anna", 2, touchpoint="use/branch", days=1))
    with bank.reading() as session:
        waiting = customers.customer(session, ANNA, secret_key=SECRET)
    assert [(met.decided, met.asked) for met in waiting.happened] == [(False, ())] * 2
    decide(bank)
    with bank.reading() as session:
        known = customers.customer(session, ANNA, secret_key=SECRET)
        empty = customers.customer(session, pseudonym(SECRET, "nobody"), secret_key=SECRET)
    assert not empty.known
    first, second = known.happened
    assert [(each.words, each.why) for each in first.asked] == [
        ("Invitation pending", ""),
        (
            "Not invited",
            "The event's channel, outcome or attributes do not match the survey's rules.",
        ),
    ]
    assert (second.touchpoint, second.asked, second.decided) == ("the branch", (), True)
