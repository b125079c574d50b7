"""Bounces: addresses from which mail came back. Nothing more is sent there until a new one is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from surveyapp.asking.contacts import read_email
from surveyapp.errors import Invalid
from surveyapp.sending.parcel import TO_CUSTOMERS
from surveyapp.store.audit import record
from surveyapp.store.models import Contact, Invitation, OutgoingMessage

Bounce = tuple[str, str, datetime]  # address, reason in a few words, when

MOST_BOUNCES = 20_000  # in one call
CAME_BACK = "Mail to the customer came back."
_LONGEST_REASON = 200
_AT_ONCE = 500


@dataclass(frozen=True)
class Noted:
    """What a list of bounces came to, an address that it names twice counted once.

    ``refused`` are (place from 1, why).
    """

    noted: int  # addresses of customers who are known here
    already: int  # known to bounce before
    unknown: int  # nobody's here
    refused: tuple[tuple[int, str], ...]
    cancelled: int  # messages that will not be sent


def note_bounces(
    session: Session, bounces: Iterable[Bounce], *, user_id: int | None = None
) -> Noted:
    """Mark these addresses and cancel what waits to be sent to them. The same again changes nothing.

    Raises Invalid for more than MOST_BOUNCES.
    """
    found: dict[str, tuple[str, datetime]] = {}
    refused: list[tuple[int, str]] = []
    for place, (address, reason, at) in enumerate(bounces, start=1):
        if place > MOST_BOUNCES:
            raise Invalid(f"More than {MOST_BOUNCES:,} addresses; send them in several lists.")
        try:
            found.setdefault(read_email(address), (_words(reason), at))
        except Invalid as error:
            refused.append((place, str(error)))
    noted = already = cancelled = 0
    addresses = sorted(found)
    for start in range(0, len(addresses), _AT_ONCE):
        contacts = session.scalars(
            select(Contact).where(Contact.email.in_(addresses[start : start + _AT_ONCE]))
        ).all()
        new = [each for each in contacts if each.bounced_at is None]
        for contact in new:
            contact.bounce_reason, contact.bounced_at = found[contact.email]
        noted += len({each.email for each in new})
        already += len({each.email for each in contacts} - {each.email for each in new})
        cancelled += _cancel(session, [each.customer_ref for each in new])
    if noted:
        record(session, user_id, "note bounces", "contacts", addresses=noted, cancelled=cancelled)
    return Noted(noted, already, len(addresses) - noted - already, tuple(refused), cancelled)


def _cancel(session: Session, customers: list[str]) -> int:
    """Messages and invitations of these customers that have not left yet."""
    if not customers:
        return 0
    gone = session.execute(
        update(OutgoingMessage)
        .where(
            OutgoingMessage.customer_ref.in_(customers),
            OutgoingMessage.state == "waiting",
            OutgoingMessage.channel == "email",
            OutgoingMessage.kind.in_(TO_CUSTOMERS),
        )
        .values(state="cancelled", error=CAME_BACK)
        .returning(OutgoingMessage.invitation_id)
    ).all()
    unsent = [number for (number,) in gone if number is not None]
    session.execute(
        update(Invitation)
        .where(
            Invitation.id.in_(unsent), Invitation.sent_at.is_(None), Invitation.state == "created"
        )
        .values(state="suppressed", not_sent_reason=CAME_BACK)
    )
    return len(gone)


def _words(reason: str) -> str:
    return " ".join("".join(s if s.isprintable() else " " for s in reason).split())[
        :_LONGEST_REASON
    ]
