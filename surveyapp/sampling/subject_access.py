"""What is stored of one customer, as a document to hand out when they ask for it (GDPR, Article 15)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.sampling import forgetting
from surveyapp.sampling.opt_outs import address_key
from surveyapp.store.models import (
    Case,
    CaseNote,
    Contact,
    CustomerOutcome,
    Decision,
    Draft,
    Interaction,
    Invitation,
    OptOut,
    OutgoingMessage,
    Response,
    Score,
    SurveyRow,
)

_RESPONSE = ("public_id", "source", "language", "consent_version", "started_at", "submitted_at")
_GIVEN = ("corrected_at", "attributes", "wordings", "answers", "paradata")


def document(session: Session, customer_ref: str, *, secret_key: str) -> dict[str, Any]:
    """Everything that is joined to this pseudonym, as JSON values. Answers to anonymous surveys are not:
    nobody can tell whose they are.
    """
    contact = session.get(Contact, customer_ref)
    addresses = [each for each in (contact.email, contact.phone) if each] if contact else []
    keys = [customer_ref, *(address_key(secret_key, each) for each in addresses)]
    invitations = forgetting.invitations_of(session, customer_ref)
    responses = session.scalars(
        select(Response)
        .where(forgetting.is_theirs(customer_ref, invitations))
        .order_by(Response.id)
    ).all()
    names = {row.id: row.name for row in session.scalars(select(SurveyRow))}
    return {
        "customer": customer_ref,
        "contact": contact
        and _row(contact, "email", "phone", "language", "zone", "bounced_at", "updated_at"),
        "opt_outs": [
            _row(each, "source", "created_at")
            for each in session.scalars(select(OptOut).where(OptOut.key.in_(keys)))
        ],
        "events": [
            _row(
                each, "at", "channel", "outcome", "language", "attributes", "external_id", "source"
            )
            for each in _of(session, Interaction, customer_ref)
        ],
        "outcomes": [
            _row(each, "kind", "value", "at", "external_id", "source")
            for each in _of(session, CustomerOutcome, customer_ref)
        ],
        "decisions": [
            {"survey": names[each.survey_id], **_row(each, "outcome", "reason", "sent_at")}
            for each in _of(session, Decision, customer_ref)
        ],
        "messages": _messages(session, customer_ref, invitations),
        "drafts": _drafts(session, invitations, names),
        "responses": [
            {
                "survey": names[each.survey_id],
                **_row(each, *_RESPONSE, *_GIVEN),
                "scores": _scores(session, each.id),
                "cases": _cases(session, each.id),
            }
            for each in responses
        ],
    }


def _row(row: Any, *names: str) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _of(
    session: Session,
    table: type[Interaction] | type[Decision] | type[CustomerOutcome],
    customer_ref: str,
) -> Sequence[Any]:
    query = select(table).where(table.customer_ref == customer_ref)
    return session.scalars(query.order_by(table.id)).all()


def _messages(
    session: Session, customer_ref: str, invitations: Collection[int]
) -> list[dict[str, Any]]:
    theirs = (OutgoingMessage.customer_ref == customer_ref) | OutgoingMessage.invitation_id.in_(
        invitations
    )
    found = session.scalars(select(OutgoingMessage).where(theirs).order_by(OutgoingMessage.id))
    return [
        _row(each, "kind", "channel", "state", "due_at", "sent_at", "content") for each in found
    ]


def _drafts(
    session: Session, invitations: Collection[int], names: dict[int, str]
) -> list[dict[str, Any]]:
    tokens = select(Invitation.token_hash).where(Invitation.id.in_(invitations))
    found = session.scalars(select(Draft).where(Draft.token_hash.in_(tokens)))
    return [
        {"survey": names[each.survey_id], **_row(each, "fields", "language", "started_at")}
        for each in found
    ]


def _scores(session: Session, response_id: int) -> dict[str, float]:
    query = select(Score.scale, Score.value).where(Score.response_id == response_id)
    return {scale: value for scale, value in session.execute(query)}  # noqa: C416 - rows, typed


def _cases(session: Session, response_id: int) -> list[dict[str, Any]]:
    """Cases with what staff noted, but without the names of staff."""
    found = session.scalars(select(Case).where(Case.response_id == response_id)).all()
    return [
        {
            **_row(case, "scale", "value", "state", "outcome", "opened_at", "closed_at"),
            "notes": [
                _row(note, "kind", "text", "at")
                for note in session.scalars(select(CaseNote).where(CaseNote.case_id == case.id))
            ],
        }
        for case in found
    ]
