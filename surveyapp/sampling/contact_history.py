"""When customers were asked, or are to be, and who shares a mailbox with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from surveyapp.store.models import CampaignRecipient, Contact, Decision, OutgoingMessage

_AT_ONCE = 500  # addresses in a statement


def times_asked(
    connection: Connection, customers: Sequence[str], *, since: datetime
) -> dict[str, list[datetime]]:
    """By customer the moments after ``since`` at which each was or will be asked; nobody's are left out.

    A message that was cancelled or failed for good has asked nobody.
    """
    found: dict[str, list[datetime]] = {}
    for query in (
        select(Decision.customer_ref, Decision.due_at).where(
            Decision.customer_ref.in_(customers),
            Decision.outcome == "ask",
            Decision.due_at > since,
        ),
        select(CampaignRecipient.customer_ref, OutgoingMessage.due_at)
        .join(OutgoingMessage, OutgoingMessage.id == CampaignRecipient.message_id)
        .where(
            CampaignRecipient.customer_ref.in_(customers),
            OutgoingMessage.due_at > since,
            OutgoingMessage.state.in_(("waiting", "sending", "sent")),
        ),
    ):
        for customer, due_at in connection.execute(query):
            found.setdefault(customer, []).append(due_at)
    return found


def sharing(connection: Connection, addresses: Mapping[str, str]) -> dict[str, set[str]]:
    """By customer the customers who are reached at the same email address, itself among them.

    ``addresses`` are {customer: email address}; an empty one is nobody's. What one of them is asked
    counts for all: it is one mailbox, and often one person with two customer numbers.
    """
    together: dict[str, set[str]] = {}
    for customer, address in addresses.items():
        if address:
            together.setdefault(address, set()).add(customer)
    known = sorted(together)
    for start in range(0, len(known), _AT_ONCE):
        query = select(Contact.email, Contact.customer_ref).where(
            Contact.email_index.in_(known[start : start + _AT_ONCE])
        )
        for address, customer in connection.execute(query):
            together[address].add(customer)
    return {
        customer: together.get(address, set()) | {customer}
        for customer, address in addresses.items()
    }


def times_by_address(
    asked: Mapping[str, Collection[datetime]], together: Collection[str]
) -> list[datetime]:
    """The moments at which any of these customers was or will be asked."""
    return [moment for customer in sorted(together) for moment in asked.get(customer, ())]
