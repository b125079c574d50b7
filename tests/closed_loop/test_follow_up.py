"""Asking the customer of a case again: by mail or by a link, once, never against their will."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from instruments.loader import BUILT_IN
from surveyapp.closed_loop import queries
from surveyapp.closed_loop.follow_up import ask_again, follow_up_of, reach
from surveyapp.errors import Conflict
from surveyapp.responses.actions import Stored, submit
from surveyapp.store.columns import utc_now
from surveyapp.store.models import (
    Case,
    Contact,
    Decision,
    Interaction,
    Invitation,
    JourneyRun,
    OptOut,
    OutgoingMessage,
    Response,
    SurveyRow,
)
from surveyapp.surveys import links
from surveyapp.surveys.actions import close_survey
from tests.closed_loop.makers import BASE, make_loop, open_case
from tests.installations import installation_on
from tests.responses.makers import SECRET, as_survey

WHO = links.pseudonym(SECRET, "C-17")


@pytest.fixture
def loop(store):
    with store.writing() as session:
        return make_loop(session)


def meet(store, loop) -> int:
    """The customer met the touchpoint and left an address."""
    with store.writing() as session:
        survey = session.get_one(SurveyRow, loop.survey)
        run = session.scalars(select(JourneyRun)).one()
        met = Interaction(
            touchpoint_id=survey.touchpoint_id,
            journey_run_id=run.id,
            customer_ref=WHO,
            at=utc_now(),
        )
        session.add_all([met, Contact(customer_ref=WHO, email="Ann@example.org")])
        session.flush()
        return met.id


def ask(store, case_id: int, loop, *, by_mail: bool, later: timedelta = timedelta()) -> str:
    with store.writing() as session:
        asked = ask_again(
            session,
            session.get_one(Case, case_id),
            by_mail=by_mail,
            user_id=loop.owner,
            installation=installation_on(store, base_url=BASE),
            now=utc_now() + later,
        )
        return asked.url


def found(store, case_id: int):
    with store.reading() as session:
        return reach(session, session.get_one(Case, case_id), secret_key=SECRET)


def answer_with(store, loop, ticket: links.Ticket, nps: int) -> int:
    with store.writing() as session:
        stored = submit(
            session,
            as_survey(session, session.get_one(SurveyRow, loop.follow_up)),
            {"nps": {"nps": str(nps)}},
            submission_key="again",
            attributes=ticket.attributes,
            customer_ref=ticket.customer_ref,
            invitation=ticket,
            now=utc_now(),
            library=BUILT_IN,
        )
        assert isinstance(stored, Stored) and stored.new
        return stored.response_id


def test_mail_goes_to_a_customer_with_an_address_once(store, loop):
    case = open_case(store, loop, customer_ref=WHO)
    met = meet(store, loop)
    assert found(store, case).by_mail
    assert ask(store, case, loop, by_mail=True) == ""
    ask(store, case, loop, by_mail=True)
    with store.reading() as session:
        message = session.scalars(
            select(OutgoingMessage).where(OutgoingMessage.kind == "invitation")
        ).one()
        invitation = session.scalars(select(Invitation)).one()
        assert message.key == f"invitation {invitation.id}"
        assert (message.customer_ref, message.survey_id) == (WHO, loop.follow_up)
        assert message.content == {}  # no address: it is looked up when the mail leaves
        assert (invitation.interaction_id, invitation.channel) == (met, "email")
        decision = session.scalars(select(Decision)).one()
        assert (decision.outcome, decision.invitation_id) == ("ask", invitation.id)
        story = queries.story(session, case)
        assert [line.text for line in story] == ["Follow-up survey sent by email."]


def test_a_decision_against_asking_is_overruled_by_a_person(store, loop):
    case = open_case(store, loop, customer_ref=WHO)
    met = meet(store, loop)
    with store.writing() as session:
        session.add(
            Decision(
                interaction_id=met,
                survey_id=loop.follow_up,
                customer_ref=WHO,
                outcome="skip",
                reason="rest",
            )
        )
    ask(store, case, loop, by_mail=True)
    with store.reading() as session:
        decision = session.scalars(select(Decision)).one()
        assert (decision.outcome, decision.reason) == ("ask", "")
        assert f"case {case}" in decision.detail


def test_a_link_is_the_same_when_it_is_asked_for_again(store, loop):
    case = open_case(store, loop, customer_ref=WHO, attributes={"region": "North"})
    first = ask(store, case, loop, by_mail=False)
    assert ask(store, case, loop, by_mail=False) == first
    with store.reading() as session:
        link = session.get_one(SurveyRow, loop.follow_up).link
        signed = first.removeprefix(f"{BASE}/s/{link}/")
        ticket = links.read_ticket(SECRET, link, signed, now=utc_now())
        assert (ticket.customer_ref, ticket.attributes) == (WHO, {"region": "North"})
        invitation = session.scalars(select(Invitation)).one()
        assert invitation.token_hash == ticket.token_hash
        assert ticket.token not in str(vars(invitation))


def test_a_customer_whom_an_interaction_knows_gets_a_short_link(store, loop):
    case = open_case(store, loop, customer_ref=WHO)
    meet(store, loop)
    url = ask(store, case, loop, by_mail=False)
    with store.reading() as session:
        seed = session.scalars(select(Invitation.token_seed)).one()
    assert url == f"{BASE}/r/{links.token_of(SECRET, seed)}"


def test_a_link_works_for_somebody_unknown(store, loop):
    case = open_case(store, loop)
    assert found(store, case).why_not == "The customer who answered is not known."
    assert ask(store, case, loop, by_mail=False).startswith(f"{BASE}/s/")


def test_mail_without_an_address_says_so(store, loop):
    case = open_case(store, loop, customer_ref=WHO)
    with pytest.raises(Conflict, match="email address is not known"):
        ask(store, case, loop, by_mail=True)


def test_mail_takes_along_what_no_interaction_knows(store, loop):
    case = open_case(store, loop, customer_ref=WHO, attributes={"region": "North"})
    with store.writing() as session:
        session.add(Contact(customer_ref=WHO, email="ann@example.org"))
    assert ask(store, case, loop, by_mail=True) == ""
    with store.reading() as session:
        query = select(OutgoingMessage).where(OutgoingMessage.kind == "invitation")
        message = session.scalars(query).one()
        assert message.content == {"attributes": {"region": "North"}}
        assert message.customer_ref == WHO
        assert session.scalar(select(Decision.id)) is None


def test_what_could_not_be_sent_says_why_and_can_be_tried_anew(store, loop):
    case = open_case(store, loop, customer_ref=WHO)
    meet(store, loop)
    ask(store, case, loop, by_mail=True)
    with store.writing() as session:
        invitation = session.scalars(select(Invitation)).one()
        invitation.state, invitation.not_sent_reason = "suppressed", "The survey is closed."
    with store.reading() as session:
        after = follow_up_of(session, session.get_one(Case, case))
        assert (after.state, after.why_not_sent) == ("not sent", "The survey is closed.")
    ask(store, case, loop, by_mail=True)
    with store.reading() as session:
        assert follow_up_of(session, session.get_one(Case, case)).state == "waiting"


def test_mail_that_came_back_is_not_sent_again(store, loop):
    case = open_case(store, loop, customer_ref=WHO)
    meet(store, loop)
    with store.writing() as session:
        session.get_one(Contact, WHO).bounced_at = utc_now()
    assert found(store, case).why_not == "Email to the customer bounced."


@pytest.mark.parametrize("key", [WHO, links.pseudonym(SECRET, "ann@example.org")])
def test_who_opted_out_is_not_asked_by_any_way(store, loop, key):
    case = open_case(store, loop, customer_ref=WHO)
    meet(store, loop)
    with store.writing() as session:
        session.add(OptOut(key=key, source="link"))
    for by_mail in (True, False):
        with pytest.raises(Conflict, match="has opted out of surveys"):
            ask(store, case, loop, by_mail=by_mail)
    with store.reading() as session:
        assert session.scalar(select(Invitation.id)) is None


@pytest.mark.parametrize(("nps", "better"), [(9, True), (7, True), (6, False)])
def test_the_second_score_stands_beside_the_first(store, loop, nps, better):
    case = open_case(store, loop, customer_ref=WHO)
    url = ask(store, case, loop, by_mail=False)
    with store.reading() as session:
        link = session.get_one(SurveyRow, loop.follow_up).link
        assert follow_up_of(session, session.get_one(Case, case)).state == "waiting"
    ticket = links.read_ticket(SECRET, link, url.rsplit("/", 1)[1], now=utc_now())
    second = answer_with(store, loop, ticket, nps)
    with store.reading() as session:
        known = session.get_one(Case, case)
        after = follow_up_of(session, known)
        assert (after.state, after.value, after.above_limit) == ("answered", nps, better)
        first = session.get_one(Response, known.response_id)
        assert session.get_one(Response, second).journey_run_id == first.journey_run_id
    with pytest.raises(Conflict, match="already answered the follow-up survey"):
        ask(store, case, loop, by_mail=False)


def test_an_expired_link_can_be_followed_by_a_new_one(store, loop):
    case = open_case(store, loop, customer_ref=WHO)
    first = ask(store, case, loop, by_mail=False, later=timedelta(days=-40))
    with store.reading() as session:
        assert follow_up_of(session, session.get_one(Case, case)).state == "expired"
    assert ask(store, case, loop, by_mail=False) != first


def test_an_erased_response_ends_the_way_to_the_customer(store, loop):
    case = open_case(store, loop, customer_ref=WHO)
    with store.writing() as session:
        session.execute(delete(Response))
    assert "erased" in found(store, case).why_not
    with pytest.raises(Conflict, match="erased"):
        ask(store, case, loop, by_mail=True)


def test_without_an_open_follow_up_survey_nobody_is_asked(store, loop):
    case = open_case(store, loop)
    with store.writing() as session:
        close_survey(session, session.get_one(SurveyRow, loop.follow_up), user_id=None)
    with pytest.raises(Conflict, match="is not open"):
        ask(store, case, loop, by_mail=False)
    with store.writing() as session:
        survey = session.get_one(SurveyRow, loop.survey)
        survey.closed_loop = {**survey.closed_loop, "follow_up_survey_id": None}
    with pytest.raises(Conflict, match="No follow-up survey is chosen"):
        ask(store, case, loop, by_mail=False)
