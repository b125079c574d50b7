"""A reply to the customer of a case: from a template, by email, once, and never to who opted out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select

from surveyapp.closed_loop import cases, replies
from surveyapp.closed_loop.replies import Reply
from surveyapp.closed_loop.reply_templates import add_template
from surveyapp.distribution import outbox
from surveyapp.distribution.outgoing import written
from surveyapp.errors import Conflict, Invalid
from surveyapp.responses.erasures import erase
from surveyapp.sampling.opt_outs import opt_out
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import (
    AuditEntry,
    Case,
    CaseNote,
    Contact,
    Journey,
    OutgoingMessage,
    SurveyRow,
    User,
)
from surveyapp.surveys import links
from surveyapp.surveys.queries import survey_of
from tests.closed_loop.makers import BASE, make_loop, open_case
from tests.installations import installation_on
from tests.responses.makers import SECRET

WHO = links.pseudonym(SECRET, "C-17")
TEMPLATE = {
    "name": "Fee refunded",
    "language": "en",
    "subject": "Your contact with {provider}",
    "text": "Dear {attribute:name|customer},\n\nwe are sorry about {touchpoint}.\n\n{agent}",
}
REPLY = Reply("Your fee", "We have refunded it.")


@dataclass(frozen=True)
class Known:
    """A case whose customer can be reached, and who replies."""

    store: Store
    case: int
    agent: int
    survey: int

    def send(self, reply: Reply = REPLY) -> None:
        with self.store.writing() as session:
            replies.send_reply(
                session,
                session.get_one(Case, self.case),
                reply,
                agent=session.get_one(User, self.agent),
                installation=installation_on(self.store, base_url=BASE),
            )

    def messages(self) -> list[OutgoingMessage]:
        with self.store.reading() as session:
            kind = OutgoingMessage.kind == "reply"
            return list(session.scalars(select(OutgoingMessage).where(kind)))

    def claimed(self):
        """The reply as the outbox takes it to be sent; None where it is not wanted any more."""
        site = installation_on(self.store, base_url=BASE, mail_from="bank@example.org")
        with self.store.writing() as session:
            for other in session.scalars(
                select(OutgoingMessage).where(OutgoingMessage.kind != "reply")
            ):
                session.delete(other)
            found, _ = outbox.claim(session, {"email"}, site, now=utc_now())
            return None if found is None else written(found, site)


@pytest.fixture
def known(store) -> Known:
    with store.writing() as session:
        loop = make_loop(session)
        session.add(Contact(customer_ref=WHO, email="ann@example.org"))
    case = open_case(store, loop, 2, customer_ref=WHO, attributes={"name": "Ann"})
    return Known(store, case, loop.owner, loop.survey)


def test_a_template_begins_a_reply_with_what_is_known_of_the_case(known):
    with known.store.writing() as session:
        case, agent = session.get_one(Case, known.case), session.get_one(User, known.agent)
        journey = session.get_one(Journey, case.survey.journey_id)
        survey = survey_of(case.survey)
        template = add_template(session, journey, TEMPLATE, user_id=agent.id)
        begun = replies.begun(session, case, template, agent)
    plain = begun.text.replace("\u2068", "").replace("\u2069", "")
    assert plain == f"Dear Ann,\n\nwe are sorry about {survey.touchpoint}.\n\n{agent.name}"
    assert survey.provider in begun.subject


def test_a_reply_is_one_message_however_often_it_is_sent(known):
    known.send()
    known.send(replace(REPLY, text=f"{REPLY.text}\r\n"))
    (message,) = known.messages()
    assert message.customer_ref == WHO
    mail = known.claimed()
    assert (mail.to, mail.subject, mail.text) == ("ann@example.org", REPLY.subject, REPLY.text)
    with known.store.reading() as session:
        assert mail.reply_to == session.get_one(User, known.agent).email
        case = session.get_one(Case, known.case)
        assert case.state == "contacted" and case.contacted_at is not None
        told = session.scalars(select(CaseNote.text).where(CaseNote.kind == "reply")).all()
        assert told == ["Your fee\n\nWe have refunded it."]
        noted = session.scalars(select(AuditEntry.action)).all()
        assert noted.count("reply to customer") == 1


def test_the_surveys_own_address_takes_the_answers(known):
    with known.store.writing() as session:
        row = session.get_one(SurveyRow, known.survey)
        row.distribution = {**row.distribution, "reply_to": "care@example.org"}
    known.send()
    assert known.claimed().reply_to == "care@example.org"


def test_who_opts_out_before_it_leaves_gets_no_reply(known):
    known.send()
    with known.store.writing() as session:
        opt_out(session, [WHO], source="link")
    assert known.claimed() is None
    (message,) = known.messages()
    assert (message.state, message.error) == ("cancelled", "The customer has opted out of surveys.")
    with pytest.raises(Conflict, match="opted out"):
        known.send(replace(REPLY, text="Once more."))


def test_an_erased_answer_takes_the_words_and_the_waiting_reply_with_it(known):
    known.send()
    with known.store.writing() as session:
        case = session.get_one(Case, known.case)
        survey, number = survey_of(case.survey), case.response_id
        erase(session, survey, number, now=utc_now(), secret_key=SECRET)
    (message,) = known.messages()
    assert (message.state, message.content) == ("cancelled", {})
    with known.store.reading() as session:
        notes = session.scalars(select(CaseNote.text).where(CaseNote.case_id == known.case))
        assert not any("refunded" in text for text in notes)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply("", "Text"), "Enter a subject"),
        (Reply("Two\r\nBcc: x@example.org", "Text"), "single line"),
        (Reply("Subject", " "), "Write what the customer"),
        (Reply("Subject", "x" * 5001), "5,001 characters"),
        (Reply("Subject", "Dear {attribute:name|you}"), "of name is not filled"),
    ],
)
def test_a_reply_that_would_reach_the_customer_spoilt_is_refused(known, reply, said):
    with pytest.raises(Invalid, match=said):
        known.send(reply)
    assert known.messages() == []


def test_a_closed_case_is_reopened_first(known):
    with known.store.writing() as session:
        case = session.get_one(Case, known.case)
        cases.close(session, case, "recovered", user_id=known.agent)
    with pytest.raises(Conflict, match="reopen"):
        known.send()
