"""Alerts in chats: posted outside any transaction, again after a while until they are taken."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select

from surveyapp.closed_loop.alert_words import alerts_url
from surveyapp.closed_loop.chat_formats import FORMATS
from surveyapp.errors import SurveyappError
from surveyapp.installation import Installation
from surveyapp.store.models import Alert, AlertEvent
from surveyapp.webhooks.client import post

PAUSES = tuple(timedelta(minutes=each) for each in (1, 5, 30, 120, 480))
_STALE = timedelta(minutes=10)  # a worker that was killed with a post in its hand
_TIMEOUT = 15.0
_AT_ONCE = 20
_LATER = frozenset({408, 425, 429})  # of 4xx, those that say to try again


@dataclass(frozen=True)
class _Due:
    event_id: int
    url: str
    body: bytes
    attempts: int


def post_due(installation: Installation, now: datetime) -> int:
    """Post what is due to chats; how many were tried."""
    with installation.store.reading() as session:
        if session.scalar(_waiting(now).with_only_columns(AlertEvent.id).limit(1)) is None:
            return 0
    claimed = _claim(installation, now)
    for due in claimed:
        error, for_good = _posted(installation, due)
        with installation.store.writing() as session:
            event = session.get(AlertEvent, due.event_id)
            if event is not None:
                _note(event, due, error, for_good, now)
    return len(claimed)


def _claim(installation: Installation, now: datetime) -> list[_Due]:
    base_url = installation.settings.base_url
    with installation.store.writing() as session:
        query = _waiting(now).order_by(AlertEvent.id).limit(_AT_ONCE)
        claimed = []
        for event in session.scalars(query.with_for_update(of=AlertEvent, skip_locked=True)):
            alert = event.alert
            event.post_state, event.post_due_at = "sending", now + _STALE
            said = FORMATS[alert.chat](
                event.title, event.text, alerts_url(base_url, alert.journey_id)
            )
            body = json.dumps(said, ensure_ascii=False).encode()
            claimed.append(_Due(event.id, alert.chat_url, body, event.post_attempts))
        return claimed


def _posted(installation: Installation, due: _Due) -> tuple[str, bool]:
    """What went wrong, empty where nothing did, and whether trying again is of no use."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    places = installation.settings.hook_places
    try:
        answer = post(due.url, due.body, headers, timeout=_TIMEOUT, private=places)
    except SurveyappError as error:
        return str(error), False
    if answer.accepted:
        return "", False
    refused = 300 <= answer.status < 500 and answer.status not in _LATER
    return f"The chat answered {answer.status}: {answer.excerpt}", refused


def _note(event: AlertEvent, due: _Due, error: str, for_good: bool, now: datetime) -> None:
    event.post_attempts, event.post_error = due.attempts + 1, error[:300]
    if not error:
        event.post_state, event.post_due_at = "sent", None
    elif for_good or due.attempts >= len(PAUSES):
        event.post_state, event.post_due_at = "failed", None
    else:
        event.post_state, event.post_due_at = "waiting", now + PAUSES[due.attempts]


def _waiting(now: datetime) -> Select[AlertEvent]:
    """Due events whose alert still tells a chat. A claim is due again once it is stale."""
    return (
        select(AlertEvent)
        .join(Alert, Alert.id == AlertEvent.alert_id)
        .where(
            Alert.chat != "",
            AlertEvent.post_state.in_(("waiting", "sending")),
            AlertEvent.post_due_at <= now,
        )
    )
