"""One customer, for staff who were asked about them: how to reach them, what we asked, why not."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.sampling.contacts import read_email, read_phone
from surveyapp.sampling.opt_outs import address_key
from surveyapp.sampling.reasons import Reason
from surveyapp.store.models import (
    Contact,
    Decision,
    Interaction,
    Invitation,
    Journey,
    OptOut,
    Stage,
    SurveyRow,
    Touchpoint,
)
from surveyapp.surveys.attributes import read_customer_ref
from surveyapp.surveys.links import pseudonym

MOST_SHOWN = 100  # interactions, the latest


@dataclass(frozen=True)
class Asked:
    """What one survey decided about one interaction, and what became of it."""

    journey_id: int
    survey_id: int
    survey: str
    asks: bool
    words: str  # of the outcome
    why: str  # a sentence; empty for an ask at once
    due_at: datetime | None
    sent_at: datetime | None
    opened_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True)
class Happened:
    """An interaction, and what was decided because of it; ``decided`` False while it waits."""

    at: datetime
    journey: str
    touchpoint: str
    channel: str
    outcome: str
    attributes: Mapping[str, Any]
    decided: bool
    asked: tuple[Asked, ...]


@dataclass(frozen=True)
class Customer:
    """Everything that is known of a customer beside their answers."""

    customer_ref: str
    contact: Contact | None
    opt_outs: tuple[OptOut, ...]
    happened: tuple[Happened, ...]
    more: bool  # there are older interactions

    @property
    def known(self) -> bool:
        return bool(self.contact or self.opt_outs or self.happened)


def search(session: Session, text: str, *, secret_key: str) -> list[str]:
    """The pseudonyms of whoever has this reference or address, whole; that of a reference always.

    Raises Invalid when the text is neither.
    """
    text = text.strip()
    if not text:
        raise Invalid(
            "Enter a customer reference, an email address or a phone number.", field="customer"
        )
    reference = read_customer_ref(text) or ""
    found = {pseudonym(secret_key, reference)}
    for read, column in ((read_email, Contact.email_index), (read_phone, Contact.phone_index)):
        try:
            address = read(text)
        except Invalid:
            continue
        holders = set(session.scalars(select(Contact.customer_ref).where(column == address)))
        found = holders or found
    return sorted(found)


def audit_reference(customer_ref: str, secret_key: str) -> str:
    """What the audit log calls the customer with this pseudonym: a keyed hash of it.

    The log cannot forget, hence it holds no pseudonym: without the key nobody can tell from a copy of
    the database whom an entry is about, and with it only who knows the customer's reference.
    """
    made = hmac.new(secret_key.encode(), f"audit\0{customer_ref}".encode(), "sha256")
    return made.hexdigest()[:16]


def keys_of(customer: Customer, secret_key: str) -> list[str]:
    """What stands for the customer and their addresses among the opt-outs."""
    return _keys(customer.customer_ref, customer.contact, secret_key)


def customer(session: Session, customer_ref: str, *, secret_key: str) -> Customer:
    """The customer with this pseudonym; one of whom nothing is known is empty."""
    contact = session.get(Contact, customer_ref)
    keys = _keys(customer_ref, contact, secret_key)
    opted = select(OptOut).where(OptOut.key.in_(keys)).order_by(OptOut.created_at)
    rows = session.execute(
        select(Interaction, Journey.name, Touchpoint.name)
        .join(Touchpoint, Touchpoint.id == Interaction.touchpoint_id)
        .join(Stage, Stage.id == Touchpoint.stage_id)
        .join(Journey, Journey.id == Stage.journey_id)
        .where(Interaction.customer_ref == customer_ref)
        .order_by(Interaction.at.desc(), Interaction.id.desc())
        .limit(MOST_SHOWN + 1)
    ).all()
    asked = _asked(session, [row[0].id for row in rows[:MOST_SHOWN]])
    happened = tuple(
        Happened(
            at=interaction.at,
            journey=journey,
            touchpoint=touchpoint,
            channel=interaction.channel,
            outcome=interaction.outcome,
            attributes=interaction.attributes,
            decided=interaction.decided_at is not None,
            asked=tuple(asked.get(interaction.id, ())),
        )
        for interaction, journey, touchpoint in rows[:MOST_SHOWN]
    )
    return Customer(
        customer_ref, contact, tuple(session.scalars(opted)), happened, len(rows) > MOST_SHOWN
    )


def _keys(customer_ref: str, contact: Contact | None, secret_key: str) -> list[str]:
    addresses = filter(None, (contact.email, contact.phone)) if contact else ()
    return [customer_ref, *(address_key(secret_key, each) for each in addresses)]


def _asked(session: Session, interactions: list[int]) -> dict[int, list[Asked]]:
    rows = session.execute(
        select(Decision, SurveyRow, Invitation)
        .join(SurveyRow, SurveyRow.id == Decision.survey_id)
        .outerjoin(Invitation, Invitation.id == Decision.invitation_id)
        .where(Decision.interaction_id.in_(interactions))
        .order_by(Decision.id)
    )
    found: dict[int, list[Asked]] = {}
    for decision, survey, invitation in rows:
        asked = Asked(
            journey_id=survey.journey_id,
            survey_id=survey.id,
            survey=survey.name,
            asks=decision.outcome == "ask",
            words=_words(decision, invitation),
            why=_why(decision, invitation),
            due_at=decision.due_at,
            sent_at=decision.sent_at,
            opened_at=invitation.opened_at if invitation else None,
            completed_at=invitation.completed_at if invitation else None,
        )
        found.setdefault(decision.interaction_id, []).append(asked)
    return found


def _words(decision: Decision, invitation: Invitation | None) -> str:
    if decision.outcome == "skip":
        return "Not invited"
    if invitation is None:
        return "Invited; whether they answered is not stored"
    if invitation.state == "suppressed":
        return "Not sent"
    if invitation.state == "completed":
        return "Answered"
    return "Invited" if decision.sent_at else "Invitation pending"


def _why(decision: Decision, invitation: Invitation | None) -> str:
    if invitation is not None and invitation.state == "suppressed":
        return invitation.not_sent_reason
    known = decision.reason in {reason.value for reason in Reason}
    return decision.detail or (Reason(decision.reason).sentence if known else "")
