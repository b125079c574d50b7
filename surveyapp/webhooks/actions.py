"""Changes to webhooks, each in the audit log; and what staff have sent again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid
from surveyapp.store.audit import record
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Delivery, Webhook
from surveyapp.webhooks import signing
from surveyapp.webhooks.addresses import host_of, read_url
from surveyapp.webhooks.payloads import EVENTS, TEST, sample

MOST_WEBHOOKS = 50
LONGEST_NAME = 200


def add_webhook(
    session: Session,
    *,
    name: str,
    url: str,
    events: Iterable[str],
    private: Sequence[str] = (),
    user_id: int | None,
) -> Webhook:
    """Tell this address of these events from now on. Raises Invalid, Conflict when there are too many.

    ``private`` are the places that settings allow although they are not public.
    """
    if (session.scalar(select(func.count(Webhook.id))) or 0) >= MOST_WEBHOOKS:
        raise Conflict(f"There are already {MOST_WEBHOOKS} webhooks; delete one first.")
    webhook = Webhook(
        name=_name(name),
        url=_url(url, private),
        events=_events(events),
        seed=signing.new_seed(),
        created_by=user_id,
    )
    session.add(webhook)
    session.flush()
    record(session, user_id, "add webhook", _subject(webhook), **_shown(webhook))
    return webhook


def change_webhook(
    session: Session,
    webhook: Webhook,
    *,
    name: str,
    url: str,
    events: Iterable[str],
    private: Sequence[str] = (),
    user_id: int | None,
) -> None:
    """Change where it leads and what it is told; what waits goes to the new address."""
    url = _url(url, private)
    if url != webhook.url:  # another server has not asked for anything yet
        webhook.wait_until = None
    webhook.name, webhook.url = _name(name), url
    webhook.events = _events(events)
    record(session, user_id, "change webhook", _subject(webhook), **_shown(webhook))


def pause(session: Session, webhook: Webhook, *, user_id: int | None) -> None:
    """Tell it nothing; what waits keeps waiting, what happens meanwhile is not kept for it."""
    webhook.active, webhook.failing_since, webhook.gone_at = False, None, None
    record(session, user_id, "pause webhook", _subject(webhook))


def resume(session: Session, webhook: Webhook, *, user_id: int | None) -> None:
    """Tell it again, what waited first."""
    webhook.active, webhook.failing_since, webhook.gone_at = True, None, None
    webhook.wait_until = None
    record(session, user_id, "resume webhook", _subject(webhook))


def new_secret(session: Session, webhook: Webhook, *, now: datetime, user_id: int | None) -> None:
    """Sign with another secret from now on, and for a day with the old one as well: meanwhile the
    receiver is given the new one.
    """
    webhook.previous_seed, webhook.previous_until = webhook.seed, now + signing.OVERLAP
    webhook.seed = signing.new_seed()
    record(session, user_id, "renew webhook secret", _subject(webhook))


def drop_old_secret(session: Session, webhook: Webhook, *, user_id: int | None) -> None:
    """Sign with the newest secret only, at once: the old one may be known to others."""
    webhook.previous_seed = webhook.previous_until = None
    record(session, user_id, "drop old webhook secret", _subject(webhook))


def delete_webhook(session: Session, webhook: Webhook, *, user_id: int | None) -> None:
    """Forget it, with its log and what was still to be told."""
    record(session, user_id, "delete webhook", _subject(webhook))
    session.delete(webhook)


def send_test(session: Session, webhook: Webhook, *, user_id: int | None) -> Delivery:
    """Tell it a test event. Raises Conflict while it is paused."""
    _refuse_paused(webhook)
    told = sample(webhook.name, utc_now())
    delivery = Delivery(
        webhook_id=webhook.id, event=TEST, event_id=told.event_id, payload=told.payload
    )
    session.add(delivery)
    session.flush()
    record(session, user_id, "test webhook", _subject(webhook))
    return delivery


def replay(
    session: Session, webhook: Webhook, delivery: Delivery, *, user_id: int | None
) -> Delivery:
    """Tell it once more what it was told, as a delivery of its own; the old one stays as it is. It is
    the same event, with the same id, so that the receiver can tell whether it has had it.

    Raises Conflict while the first is under way, or the webhook is paused.
    """
    _refuse_paused(webhook)
    if delivery.state in {"waiting", "sending"}:
        raise Conflict("This delivery is still pending; it is retried automatically.")
    again = Delivery(
        webhook_id=webhook.id,
        response_id=delivery.response_id,
        event_id=delivery.event_id,
        event=delivery.event,
        payload=delivery.payload,
        replay_of=delivery.id,
    )
    session.add(again)
    session.flush()
    record(session, user_id, "replay delivery", _subject(webhook), delivery=delivery.id)
    return again


def _refuse_paused(webhook: Webhook) -> None:
    if not webhook.active:
        raise Conflict(f"{webhook.name} is paused; resume it first.")


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(
            f"The name has {len(name)} characters; use 1 to {LONGEST_NAME}.", field="name"
        )
    return name


def _url(url: str, private: Sequence[str]) -> str:
    url = url.strip()
    read_url(url, private=private)
    return url


def _events(events: Iterable[str]) -> list[str]:
    wanted = list(dict.fromkeys(events))
    unknown = [event for event in wanted if event not in EVENTS]
    if unknown or not wanted:
        found = f"{unknown[0][:40]!r} is not an event" if unknown else "No event is selected"
        raise Invalid(f"{found}; choose from {', '.join(EVENTS)}.", field="events")
    return wanted


def _shown(webhook: Webhook) -> dict[str, object]:
    # The rest of the address is often a secret of the receiver.
    return {"host": host_of(webhook.url), "events": list(webhook.events)}


def _subject(webhook: Webhook) -> str:
    return f"webhook {webhook.id} {webhook.name}"
