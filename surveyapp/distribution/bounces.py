"""Bounces: addresses from which mail came back. Nothing more is sent there until a new one is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from surveyapp.distribution.outgoing import TO_CUSTOMERS
from surveyapp.errors import Invalid
from surveyapp.sampling.contacts import read_email
from surveyapp.store.audit import record
from surveyapp.store.db import Store
from surveyapp.store.models import Contact, Invitation, OutgoingMessage

Bounce = tuple[str, str, datetime]  # address, reason in a few words, when
Found = dict[str, tuple[str, datetime]]  # reason and moment by address

MOST_BOUNCES = 20_000  # in one call
CAME_BACK = "Email to the customer bounced."
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
    found, refused = _read(bounces)
    parts = [_mark(session, part) for part in _parts(found)]
    noted = _together(parts, len(found), refused)
    _record(session, noted, user_id)
    return noted


def note_list(store: Store, bounces: Iterable[Bounce], *, user_id: int | None) -> Noted:
    """As ``note_bounces``, a part of the list in a transaction: customers who answer meanwhile wait for
    one of them. After a stop half-way the same list again does the rest.
    """
    found, refused = _read(bounces)
    parts: list[Noted] = []
    for part in _parts(found):
        if parts:
            store.give_way()
        with store.writing() as session:
            parts.append(_mark(session, part))
    noted = _together(parts, len(found), refused)
    with store.writing() as session:
        _record(session, noted, user_id)
    return noted


def _read(bounces: Iterable[Bounce]) -> tuple[Found, list[tuple[int, str]]]:
    """Why and when mail came back, by address; and what is no address."""
    found: Found = {}
    refused: list[tuple[int, str]] = []
    for place, (address, reason, at) in enumerate(bounces, start=1):
        if place > MOST_BOUNCES:
            raise Invalid(f"More than {MOST_BOUNCES:,} addresses; send them in several lists.")
        try:
            found.setdefault(read_email(address), (_words(reason), at))
        except Invalid as error:
            refused.append((place, str(error)))
    return found, refused


def _parts(found: Found) -> Iterator[Found]:
    addresses = sorted(found)
    for start in range(0, len(addresses), _AT_ONCE):
        yield {each: found[each] for each in addresses[start : start + _AT_ONCE]}


def _mark(session: Session, found: Found) -> Noted:
    """Mark the addresses of a part; those that are nobody's are counted for the whole list."""
    contacts = session.scalars(select(Contact).where(Contact.email_index.in_(sorted(found)))).all()
    new = [each for each in contacts if each.bounced_at is None]
    for contact in new:
        contact.bounce_reason, contact.bounced_at = found[contact.email]
    addresses = {each.email for each in new}
    already = {each.email for each in contacts} - addresses
    cancelled = _cancel(session, [each.customer_ref for each in new])
    return Noted(len(addresses), len(already), 0, (), cancelled)


def _together(parts: Sequence[Noted], count: int, refused: Sequence[tuple[int, str]]) -> Noted:
    noted, already = sum(each.noted for each in parts), sum(each.already for each in parts)
    cancelled = sum(each.cancelled for each in parts)
    return Noted(noted, already, count - noted - already, tuple(refused), cancelled)


def _record(session: Session, noted: Noted, user_id: int | None) -> None:
    if noted.noted:
        counts = {"addresses": noted.noted, "cancelled": noted.cancelled}
        record(session, user_id, "note bounces", "contacts", **counts)


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
