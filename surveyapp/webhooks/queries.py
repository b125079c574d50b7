"""Reads of webhooks and of what they were told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveyapp.errors import NotFound
from surveyapp.store.models import Delivery, Webhook
from surveyapp.webhooks.addresses import host_of
from surveyapp.webhooks.payloads import EVENTS


@dataclass(frozen=True)
class WebhookLine:
    """A webhook in a list; ``state`` as ``state_of`` gives it."""

    id: int
    name: str
    host: str
    events: tuple[str, ...]
    state: str
    failing_since: datetime | None
    delivered_at: datetime | None  # the last time that something arrived
    waiting: int


def lines(session: Session) -> list[WebhookLine]:
    """All webhooks by name."""
    arrived = {
        row[0]: row[1]
        for row in session.execute(
            select(Delivery.webhook_id, func.max(Delivery.delivered_at)).group_by(
                Delivery.webhook_id
            )
        )
    }
    waiting = {
        row[0]: row[1]
        for row in session.execute(
            select(Delivery.webhook_id, func.count())
            .where(Delivery.state.in_(("waiting", "sending")))
            .group_by(Delivery.webhook_id)
        )
    }
    return [
        WebhookLine(
            id=hook.id,
            name=hook.name,
            host=host_of(hook.url),
            events=tuple(event for event in EVENTS if event in hook.events),
            state=state_of(hook),
            failing_since=hook.failing_since,
            delivered_at=arrived.get(hook.id),
            waiting=waiting.get(hook.id, 0),
        )
        for hook in session.scalars(select(Webhook).order_by(Webhook.name, Webhook.id))
    ]


def state_of(webhook: Webhook) -> str:
    """ "on", "paused" by somebody, "failing": paused after three days of failures, or "gone": paused
    because its server answered 410 Gone.
    """
    if webhook.active:
        return "on"
    if webhook.gone_at is not None:
        return "gone"
    return "failing" if webhook.failing_since is not None else "paused"


def webhook(session: Session, webhook_id: int) -> Webhook:
    """A webhook, or NotFound."""
    found = session.get(Webhook, webhook_id)
    if found is None:
        raise NotFound("There is no such webhook; it may have been deleted.")
    return found


def deliveries(
    session: Session, webhook_id: int, *, limit: int, before: int | None = None
) -> list[Delivery]:
    """The webhook's log, newest first; ``before`` is the number where the page above ended."""
    query = select(Delivery).where(Delivery.webhook_id == webhook_id)
    if before is not None:
        query = query.where(Delivery.id < before)
    return list(session.scalars(query.order_by(Delivery.id.desc()).limit(limit)))


def delivery(session: Session, webhook_id: int, delivery_id: int) -> Delivery:
    """One delivery of this webhook; NotFound also when it belongs to another one."""
    found = session.get(Delivery, delivery_id)
    if found is None or found.webhook_id != webhook_id:
        raise NotFound("This webhook has no such delivery; deliveries are kept for 30 days.")
    return found
