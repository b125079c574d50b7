"""When customers were asked, or are to be: after an interaction, or by a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from surveyapp.store.models import CampaignRecipient, Decision, OutgoingMessage


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
