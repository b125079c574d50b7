"""Reminders: planned when the invitation has left, looked at again when they are due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from surveyapp.store.inserts import insert
from surveyapp.store.models import Invitation, OutgoingMessage
from surveyapp.surveys.survey import Survey

_MESSAGES = cast(Table, OutgoingMessage.__table__)


def plan(session: Session, message: OutgoingMessage, survey: Survey, *, now: datetime) -> int:
    """Write the reminders that follow an invitation sent at ``now``; how many there are to be.

    Those that would come after the link's end are left out. Planning twice plans once.
    """
    invitation = session.get(Invitation, message.invitation_id)
    if invitation is None:
        return 0
    rows = [
        _row(message, number, now + timedelta(days=days), now)
        for number, days in enumerate(survey.distribution.reminders, start=1)
        if invitation.expires_at is None or now + timedelta(days=days) < invitation.expires_at
    ]
    if rows:
        connection = session.connection()
        once = insert(_MESSAGES, connection.dialect.name).on_conflict_do_nothing()
        connection.execute(once, rows)
    return len(rows)


def _row(message: OutgoingMessage, number: int, due_at: datetime, now: datetime) -> dict[str, Any]:
    return {
        "key": f"invitation {message.invitation_id} reminder {number}",
        "kind": "reminder",
        "channel": message.channel,
        "survey_id": message.survey_id,
        "invitation_id": message.invitation_id,
        "customer_ref": message.customer_ref,
        "content": {**message.content, "number": number},
        "state": "waiting",
        "due_at": due_at,
        "attempts": 0,
        "error": "",
        "created_at": now,
    }
