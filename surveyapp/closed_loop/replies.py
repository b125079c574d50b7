"""Writing to the customer of a case: from a template or freely, by email, once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.closed_loop import cases, follow_up
from surveyapp.closed_loop.reply_templates import (
    LONGEST_SUBJECT,
    LONGEST_TEXT,
    templates_of,
)
from surveyapp.distribution.outgoing import REPLY
from surveyapp.errors import Conflict, Invalid
from surveyapp.installation import Installation
from surveyapp.store.audit import record
from surveyapp.store.models import (
    Case,
    CaseNote,
    Contact,
    OutgoingMessage,
    ReplyTemplate,
    Response,
    User,
)
from surveyapp.surveys import piping
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.survey import Survey
from surveyapp.surveys.texts import said


@dataclass(frozen=True)
class Reply:
    """What is about to be written to a customer."""

    subject: str = ""
    text: str = ""


@dataclass(frozen=True)
class LastReply:
    """How far the newest reply is: "waiting", "sending", "sent", "failed" or "cancelled"."""

    state: str
    at: datetime
    error: str


def offered(session: Session, case: Case, *, secret_key: str) -> list[ReplyTemplate]:
    """The templates of the case's journey, those in the customer's language first."""
    language = customer_language(session, case, secret_key=secret_key)
    found = templates_of(session, case.survey.journey_id)
    return sorted(found, key=lambda each: each.language != language)


def customer_language(session: Session, case: Case, *, secret_key: str) -> str:
    """The language in which the customer answered, or which the register says; else the survey's."""
    response = session.get(Response, case.response_id) if case.response_id else None
    if response is not None and response.language:
        return response.language
    reference = follow_up.reach(session, case, secret_key=secret_key).customer_ref
    contact = session.get(Contact, reference) if reference is not None else None
    return (contact.language if contact else "") or case.survey.language


def begun(session: Session, case: Case, template: ReplyTemplate, agent: User) -> Reply:
    """A template with its placeholders filled for this case, for the agent to go over."""
    survey = survey_of(case.survey)
    response = session.get(Response, case.response_id) if case.response_id else None
    own = {
        "provider": survey.theme.name or survey.provider,
        "touchpoint": said(survey, "touchpoint", template.language).text,
        "agent": agent.name,
    }
    attributes = response.attributes if response is not None else {}
    subject, text = (
        piping.filled(each, attributes, own) for each in (template.subject, template.text)
    )
    return Reply(" ".join(subject.split()), text)


def reply_to(survey: Survey, agent: User) -> str:
    """Where the customer's answer goes: the survey's own address for answers, else the agent."""
    return survey.distribution.reply_to or agent.email


def send_reply(
    session: Session,
    case: Case,
    reply: Reply,
    *,
    agent: User,
    installation: Installation,
    now: datetime | None = None,
) -> None:
    """Write to the customer, note it in the case's story, and mark an open case as contacted.

    The same words to the same customer on one day are one message: a form that was sent twice. Raises
    Invalid for a text that is missing or too long, Conflict for a closed case and a customer whom
    mail cannot reach or who has opted out.
    """
    now = now or installation.now()
    subject, text = _checked(reply)
    if case.state == "closed":
        raise Conflict("The case is closed; reopen it to write to the customer.")
    found = follow_up.reach(session, case, secret_key=installation.secret_key)
    if not found.by_mail:
        raise Conflict(f"{found.why_not} The reply was not sent.")
    digest = hashlib.sha256(f"{agent.id}\n{subject}\n{text}".encode()).hexdigest()[:32]
    key = f"reply to case {case.id} on {now:%Y-%m-%d}: {digest}"
    if session.scalar(select(OutgoingMessage.id).where(OutgoingMessage.key == key)) is not None:
        return
    answers_to = reply_to(survey_of(case.survey), agent)
    session.add(
        OutgoingMessage(
            key=key,
            kind=REPLY,
            case_id=case.id,
            survey_id=case.survey_id,
            customer_ref=found.customer_ref,
            content={"subject": subject, "text": text, "reply_to": answers_to},
            due_at=now,
        )
    )
    case.notes.append(CaseNote(user_id=agent.id, kind="reply", text=f"{subject}\n\n{text}"))
    record(session, agent.id, "reply to customer", f"case {case.id}")
    if case.state == "open":
        cases.mark_contacted(session, case, user_id=agent.id, now=now)
    session.flush()


def last_reply(session: Session, case_id: int) -> LastReply | None:
    """The newest reply to a case's customer; None where nobody wrote, or where it was long ago."""
    theirs = select(OutgoingMessage).where(OutgoingMessage.case_id == case_id)
    found = session.scalar(theirs.order_by(OutgoingMessage.id.desc()).limit(1))
    if found is None:
        return None
    return LastReply(found.state, found.sent_at or found.created_at, found.error)


def _checked(reply: Reply) -> tuple[str, str]:
    subject, text = reply.subject.strip(), reply.text.replace("\r\n", "\n").strip()
    if not subject:
        raise Invalid("Enter a subject.", field="subject")
    if not subject.isprintable():
        raise Invalid("A subject is a single line of printable characters.", field="subject")
    if not text:
        raise Invalid("Write what the customer shall read.", field="text")
    for name, value, most in (("subject", subject, LONGEST_SUBJECT), ("text", text, LONGEST_TEXT)):
        if len(value) > most:
            raise Invalid(
                f"The {name} has {len(value):,} characters; use at most {most:,}.", field=name
            )
    if unfilled := piping.names(text) | piping.names(subject):
        raise Invalid(
            f"The placeholder of {', '.join(sorted(unfilled))} is not filled; write the words"
            " instead.",
            field="text",
        )
    return subject, text
