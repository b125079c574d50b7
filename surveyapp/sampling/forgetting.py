"""Forgetting: one customer who wishes it, and everybody of whom nothing was heard for long."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from surveyapp.responses import erasures
from surveyapp.store.audit import record
from surveyapp.store.models import (
    Campaign,
    CampaignRecipient,
    Contact,
    CustomerOutcome,
    Decision,
    Draft,
    Interaction,
    Invitation,
    JourneyRun,
    OutgoingMessage,
    Response,
)
from surveyapp.surveys import queries

BATCH = 500  # rows of a kind that one transaction deletes
_WHY = "The customer's data were erased."


def forget(
    session: Session, customer_ref: str, *, user_id: int | None, now: datetime, secret_key: str
) -> int:
    """Erase what is known of a customer: address, attributes, outcomes, drafts, answers, and the pseudonym; how
    many answers there were.

    What was counted stays counted: interactions and decisions remain under a name that nobody can
    make again, so that the response rate does not change. Links that were sent open nothing any more.
    An opt-out stays, as the customer would be asked again without it.
    """
    invitations = invitations_of(session, customer_ref)
    answers = _erase_answers(session, customer_ref, invitations, now, secret_key)
    _stop(session, customer_ref, invitations)
    _rename(session, customer_ref, f"forgotten-{secrets.token_hex(16)}", now)
    session.execute(delete(Contact).where(Contact.customer_ref == customer_ref))
    session.execute(delete(CustomerOutcome).where(CustomerOutcome.customer_ref == customer_ref))
    record(session, user_id, "forget a customer", "contacts", answers=answers)
    session.expire_all()
    return answers


def invitations_of(session: Session, customer_ref: str) -> list[int]:
    """The invitations that this customer got, by an event or a list."""
    own = select(Interaction.id).where(Interaction.customer_ref == customer_ref)
    received = select(CampaignRecipient.message_id).where(
        CampaignRecipient.customer_ref == customer_ref
    )
    written = select(OutgoingMessage.invitation_id).where(
        or_(OutgoingMessage.customer_ref == customer_ref, OutgoingMessage.id.in_(received)),
        OutgoingMessage.invitation_id.is_not(None),
    )
    theirs = or_(Invitation.interaction_id.in_(own), Invitation.id.in_(written))
    return list(session.scalars(select(Invitation.id).where(theirs)))


def is_theirs(customer_ref: str, invitations: Collection[int]) -> ColumnElement[bool]:
    """Whether a response is this customer's, whose invitations these are."""
    runs = select(JourneyRun.id).where(JourneyRun.customer_ref == customer_ref)
    return or_(Response.journey_run_id.in_(runs), Response.invitation_id.in_(invitations))


def _erase_answers(
    session: Session, customer_ref: str, invitations: list[int], now: datetime, secret_key: str
) -> int:
    """Erase drafts and answers with all that was made of them; how many answers there were."""
    theirs = is_theirs(customer_ref, invitations)
    found = session.execute(select(Response.id, Response.survey_id).where(theirs)).all()
    for number, survey_id in found:
        survey = queries.survey(session, survey_id)
        erasures.erase(session, survey, number, now=now, secret_key=secret_key)
    tokens = select(Invitation.token_hash).where(Invitation.id.in_(invitations))
    session.execute(delete(Draft).where(Draft.token_hash.in_(tokens)))
    return len(found)


def _stop(session: Session, customer_ref: str, invitations: list[int]) -> None:
    """Send nothing more, and let no link that was sent open anything."""
    session.execute(
        update(OutgoingMessage)
        .where(
            OutgoingMessage.customer_ref == customer_ref,
            OutgoingMessage.state.in_(("waiting", "sending")),
        )
        .values(state="cancelled", error=_WHY)
    )
    session.execute(
        update(Invitation)
        .where(Invitation.id.in_(invitations), Invitation.state.in_(("created", "opened")))
        .values(state="suppressed", not_sent_reason=_WHY)
    )


def _rename(session: Session, customer_ref: str, nobody: str, now: datetime) -> None:
    """Put a name that nobody can make again in the pseudonym's place, and nothing in the details'."""
    session.execute(
        update(JourneyRun)
        .where(JourneyRun.customer_ref == customer_ref)
        .values(
            customer_ref=nobody,
            external_ref=None,
            ended_at=func.coalesce(JourneyRun.ended_at, JourneyRun.last_at, now),
        )
    )
    session.execute(
        update(Decision).where(Decision.customer_ref == customer_ref).values(customer_ref=nobody)
    )
    session.execute(
        update(OutgoingMessage)
        .where(OutgoingMessage.customer_ref == customer_ref)
        .values(customer_ref=nobody, content={})
    )
    _leave_campaigns(session, customer_ref)
    session.execute(
        update(Interaction)
        .where(Interaction.customer_ref == customer_ref)
        .values(customer_ref=nobody, attributes={}, external_id=None)
    )


def _leave_campaigns(session: Session, customer_ref: str) -> None:
    """Take the name from the campaigns' recipients; that so many were asked stays.

    The digest of a list is made of the pseudonyms on it. Where nobody else of the list has a name any
    more, it could tell only whether this customer had been on it, and goes.
    """
    theirs = CampaignRecipient.customer_ref == customer_ref
    campaigns = session.scalars(select(CampaignRecipient.campaign_id).where(theirs)).all()
    session.execute(update(CampaignRecipient).where(theirs).values(customer_ref=None))
    others = exists().where(
        CampaignRecipient.campaign_id == Campaign.id, CampaignRecipient.customer_ref.is_not(None)
    )
    alone = (Campaign.id.in_(campaigns), ~others)
    session.execute(update(Campaign).where(*alone).values(list_digest=None))


@dataclass(frozen=True)
class Old:
    """What is older than it may be kept: ids of interactions and outcomes, pseudonyms of contacts."""

    interactions: Sequence[int]
    contacts: Sequence[str]
    outcomes: Sequence[int]

    def __bool__(self) -> bool:
        return bool(self.interactions or self.contacts or self.outcomes)


def old(session: Session, *, before: datetime, limit: int = BATCH) -> Old:
    """Interactions and outcomes from before this moment, and contacts of whom nothing was heard since;
    ``limit`` of each at most. Looks at many rows, hence before the transaction that writes.
    """
    return Old(
        session.scalars(_old_interactions(before).limit(limit)).all(),
        session.scalars(_old_contacts(before).limit(limit)).all(),
        session.scalars(
            select(CustomerOutcome.id).where(CustomerOutcome.at < before).limit(limit)
        ).all(),
    )


def retire(session: Session, found: Old, *, before: datetime) -> int:
    """Delete what was found, the interactions with their decisions, outcomes, and the contacts of whom
    nothing was heard meanwhile; how many. Answers stay: they hold no address.
    """
    if found.interactions:
        invitations = Invitation.interaction_id.in_(found.interactions)
        session.execute(update(Invitation).where(invitations).values(interaction_id=None))
        session.execute(delete(Interaction).where(Interaction.id.in_(found.interactions)))
    if found.outcomes:
        session.execute(delete(CustomerOutcome).where(CustomerOutcome.id.in_(found.outcomes)))
    known = Contact.customer_ref.in_(found.contacts)
    gone = session.scalars(_old_contacts(before).where(known)).all() if found.contacts else []
    if gone:
        session.execute(delete(Contact).where(Contact.customer_ref.in_(gone)))
    count = len(found.interactions) + len(gone) + len(found.outcomes)
    if count:
        counts = {
            "interactions": len(found.interactions),
            "contacts": len(gone),
            "outcomes": len(found.outcomes),
        }
        record(session, None, "retire contacts", "contacts", **counts)
    return count


def _old_interactions(before: datetime) -> Select[int]:
    return select(Interaction.id).where(Interaction.at < before)


def _old_contacts(before: datetime) -> Select[str]:
    heard = exists().where(
        Interaction.customer_ref == Contact.customer_ref, Interaction.at >= before
    )
    return select(Contact.customer_ref).where(Contact.updated_at < before, ~heard)
