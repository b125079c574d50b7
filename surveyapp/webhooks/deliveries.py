"""From events to deliveries, and from deliveries to other programs' servers.

A delivery is a row first. It is posted outside any transaction, at least once, and again after
longer and longer pauses until it was taken or a day and a half has gone by. What tells of one response
goes in order: while an earlier delivery is to be tried again, the later ones wait. What staff send
again has had its turn, so it neither waits nor holds anything up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session, aliased

from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.store.db import Store
from surveyapp.store.models import Delivery, Event, Webhook, WebhookEvent
from surveyapp.webhooks import client, signing
from surveyapp.webhooks.addresses import Unreachable
from surveyapp.webhooks.endpoint import Outcome, note_outcome, outcome_of, secrets_of
from surveyapp.webhooks.payloads import telling

BACK_OFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(hours=24),
)
_HICCUPS = 3  # attempts of one delivery that may fail before its webhook is judged by it
KEPT = timedelta(days=30)  # in the log
BATCH = 1000  # deliveries that one transaction deletes
_STALE = timedelta(minutes=10)  # a worker that was killed with a delivery in its hand
_AT_ONCE = 100  # of one webhook in a round
_TIMEOUT = 15.0  # seconds for an answer: the least that the specification recommends
_ROUND_SECONDS = 10.0  # after which a round begins no further delivery
_SIDE_BY_SIDE = 8  # webhooks told at the same time


@dataclass(frozen=True)
class Due:
    """A claimed delivery: all that is needed to post it."""

    id: int
    public_id: str  # what the receiver is told: the same at each attempt, never that of another
    webhook_id: int
    url: str
    secrets: tuple[str, ...]
    event: str
    event_id: str
    payload: Mapping[str, Any]
    attempts: int  # before this one


def on_event(session: Session, event: Event) -> None:
    """Write a delivery for each webhook that wants to know of this."""
    listening = _listening(session)
    with session.no_autoflush:  # the deliveries of all events are inserted together
        told = telling(session, event) if listening else None
    for number, wanted in listening:
        if told is not None and told.event == wanted:
            session.add(
                Delivery(
                    webhook_id=number,
                    response_id=told.response_id,
                    event_id=told.event_id,
                    event=told.event,
                    payload=told.payload,
                )
            )


def _listening(session: Session) -> list[tuple[int, str]]:
    """Webhooks and the events that they are told of, read once a transaction."""
    if Webhook not in session.info:
        rows = session.execute(
            select(WebhookEvent.webhook_id, WebhookEvent.event)
            .join(Webhook, Webhook.id == WebhookEvent.webhook_id)
            .where(Webhook.active.is_(True))
            .order_by(Webhook.id)
        )
        session.info[Webhook] = [(row[0], row[1]) for row in rows]
    found: list[tuple[int, str]] = session.info[Webhook]
    return found


def deliver(installation: Installation, now: datetime) -> int:
    """One round: post what is due, several webhooks side by side; how many were tried.

    The deliveries of one webhook go one after the other, and after a failure the rest waits for the
    next round: a server in trouble is not sent a hundred at once, and holds up no other.
    """
    with installation.store.reading() as session:
        if session.scalar(select(Delivery.id).where(*_due(now)).limit(1)) is None:
            return 0  # without waiting for the lock of who writes
    with installation.store.writing() as session:
        claimed = claim(session, installation.secret_key, now=now)
    until = monotonic() + _ROUND_SECONDS
    with ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="webhook") as pool:
        tried = pool.map(lambda each: _tell(installation, each, now=now, until=until), claimed)
        return sum(tried)


def claim(session: Session, secret_key: str, *, now: datetime) -> list[list[Due]]:
    """Take what is due, by webhook, so that no other worker does. A claim lapses after 10 minutes."""
    hooks = session.scalars(
        select(Webhook)
        .where(
            Webhook.id.in_(select(Delivery.webhook_id).where(*_due(now))),
            Webhook.active.is_(True),
        )
        .order_by(Webhook.id)
    )
    claimed = []
    for hook in hooks:
        rows = session.scalars(
            select(Delivery)
            .where(Delivery.webhook_id == hook.id, *_due(now))
            .order_by(Delivery.due_at, Delivery.id)
            .limit(_AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            row.state, row.claimed_at = "sending", now
        claimed.append(
            [
                Due(
                    row.id,
                    row.public_id,
                    hook.id,
                    hook.url,
                    secrets_of(hook, secret_key, now=now),
                    row.event,
                    row.event_id,
                    row.payload,
                    row.attempts,
                )
                for row in rows
            ]
        )
    return claimed


def note(session: Session, due: Due, outcome: Outcome, *, now: datetime) -> None:
    """Write down what came of an attempt: done, to be tried again, or failed for good; and what it says
    of the webhook's server.
    """
    attempts = due.attempts + 1
    values: dict[str, Any] = {"attempts": attempts, "status": outcome.status, "claimed_at": None}
    if not outcome.error:
        values |= {"state": "delivered", "delivered_at": now, "error": ""}
    elif outcome.gone:  # kept, in case somebody resumes the webhook
        values |= {"state": "waiting", "due_at": now, "error": outcome.error}
    elif attempts > len(BACK_OFF):
        values |= {"state": "failed", "error": outcome.error[:300]}
    else:
        later = max(now + BACK_OFF[attempts - 1], outcome.wait_until or now)
        values |= {"state": "waiting", "due_at": later, "error": outcome.error[:300]}
    session.execute(update(Delivery).where(*_ours(due)).values(**values))
    webhook = session.get(Webhook, due.webhook_id, with_for_update=True)
    if webhook is not None:
        note_outcome(session, webhook, outcome, judged=attempts > _HICCUPS, now=now)


def forget(installation: Installation, now: datetime) -> int:
    """Delete what was told, or given up, longer ago than the log is kept; how many."""
    old = (Delivery.state.in_(("delivered", "failed")), Delivery.created_at < now - KEPT)
    with installation.store.reading() as session:
        ids = list(session.scalars(select(Delivery.id).where(*old).limit(BATCH)))
    if ids:
        with installation.store.writing() as session:
            session.execute(delete(Delivery).where(Delivery.id.in_(ids)))
    return len(ids)


def forget_all(store: Store, webhook_id: int) -> int:
    """Delete everything that this webhook was told or was to be told, BATCH in a transaction: customers
    who answer meanwhile wait for one of them. How many.
    """
    done = 0
    own = select(Delivery.id).where(Delivery.webhook_id == webhook_id).limit(BATCH)
    while True:
        with store.reading() as session:
            ids = session.scalars(own).all()
        if not ids:
            return done
        if done:
            store.give_way()
        with store.writing() as session:
            session.execute(delete(Delivery).where(Delivery.id.in_(ids)))
        done += len(ids)


def body_of(payload: Mapping[str, Any]) -> bytes:
    """The JSON that is posted, the same at each attempt."""
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _tell(
    installation: Installation, claimed: Sequence[Due], *, now: datetime, until: float
) -> int:
    """Post one webhook's deliveries in their order; give back what is not tried any more."""
    tried = 0
    for due in claimed:
        if monotonic() >= until:
            break
        outcome = _attempt(installation, due, now=now)
        tried += 1
        with installation.store.writing() as session:
            note(session, due, outcome, now=now)
        if outcome.error:
            break
    rest = [due.id for due in claimed[tried:]]
    if rest:
        with installation.store.writing() as session:
            session.execute(
                update(Delivery)
                .where(Delivery.id.in_(rest), Delivery.state == "sending")
                .values(state="waiting", claimed_at=None)
            )
    return tried


def _attempt(installation: Installation, due: Due, *, now: datetime) -> Outcome:
    body = body_of(due.payload)
    names = {"event": due.event, "event_id": due.event_id, "delivery": due.public_id}
    headers = signing.headers(due.secrets, body, **names, now=now)
    places = installation.settings.hook_places
    try:
        answer = client.post(due.url, body, headers, timeout=_TIMEOUT, private=places)
    except (Unreachable, Invalid) as error:
        return Outcome(None, str(error))
    return outcome_of(answer, now=now)


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Waiting and due, or left by a worker that was killed, and not behind another one of its response.

    Those of webhooks wait that are paused, or whose server has asked to be left alone for a while.
    """
    earlier = aliased(Delivery)
    behind = (
        select(earlier.id)
        .where(
            earlier.response_id == Delivery.response_id,
            earlier.webhook_id == Delivery.webhook_id,
            earlier.id < Delivery.id,
            earlier.state.in_(("waiting", "sending")),
            earlier.replay_of.is_(None),
        )
        .exists()
    )
    ready = (Webhook.active.is_(True), or_(Webhook.wait_until.is_(None), Webhook.wait_until <= now))
    return (
        or_(
            and_(Delivery.state == "waiting", Delivery.due_at <= now),
            and_(Delivery.state == "sending", Delivery.claimed_at <= now - _STALE),
        ),
        or_(Delivery.replay_of.is_not(None), ~behind),
        Delivery.webhook_id.in_(select(Webhook.id).where(*ready)),
    )


def _ours(due: Due) -> tuple[ColumnElement[bool], ...]:
    return Delivery.id == due.id, Delivery.state == "sending", Delivery.attempts == due.attempts
