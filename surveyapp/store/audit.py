"""The audit log: who did what to which thing. Rows are only ever added."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from surveyapp.store.models import AuditEntry


def record(
    session: Session, user_id: int | None, action: str, subject: str, **detail: Any
) -> AuditEntry:
    """Add an entry to the caller's transaction, so that a change and its entry live or die together.

    ``action`` begins with a verb ("create journey"), ``subject`` names the thing ("journey
    onboarding"). ``user_id`` None means a command or a customer. ``detail`` holds JSON values and
    never a password, token, answer or customer. Nothing reads an entry back but the log's page: what
    something else needs to know goes into a table of its own.
    """
    entry = AuditEntry(user_id=user_id, action=action[:60], subject=subject[:120], detail=detail)
    session.add(entry)
    return entry
