"""Events: what happened, written where it happened, dispatched by a worker afterwards.

A customer who answers should not wait until webhooks are told and cases opened. One worker at a time
dispatches, so that what happened to a response first is also heard of first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Table, delete, insert, select, text
from sqlalchemy.orm import Session

from surveyapp.store.columns import utc_now
from surveyapp.store.models import Event
from surveyapp.store.statements import DatabaseConnection, Insertion

_EVENTS = cast(Table, Event.__table__)

Subscriber = Callable[[Session, Event], None]
AT_ONCE = 25  # in a transaction: customers who answer meanwhile wait for its end
_ALONE = text("SELECT pg_try_advisory_xact_lock(23130, 1)")  # any pair that nothing else uses


def publish(at: Session | Connection, kind: str, **subject: Any) -> None:
    """Write an event into the caller's transaction; ``subject`` holds JSON values, ids above all."""
    publish_all(at.connection() if isinstance(at, Session) else at, kind, [subject])


def publish_all(at: DatabaseConnection, kind: str, subjects: Sequence[Mapping[str, Any]]) -> None:
    """``publish`` of several at once."""
    now = utc_now()
    rows = [{"kind": kind, "subject": subject, "at": now} for subject in subjects]
    _publishing(at.dialect).run_all(at, rows)


@lru_cache(maxsize=8)
def _publishing(dialect: Dialect) -> Insertion:
    return Insertion(insert(_EVENTS), dialect, columns=("kind", "subject", "at"))


def dispatch(session: Session, subscribers: Mapping[str, tuple[Subscriber, ...]]) -> int:
    """Hand the oldest events to their subscribers and delete them; how many there were, none while
    another worker dispatches.

    All in the caller's transaction: a subscriber writes rows (a case, a delivery) and talks to nobody.
    """
    if session.get_bind().dialect.name == "postgresql" and not session.scalar(_ALONE):
        return 0
    oldest = select(Event).order_by(Event.id).limit(AT_ONCE)
    # Whoever erases a response deletes events of it: these rows are held first.
    events = list(session.scalars(oldest.with_for_update(skip_locked=True)))
    for event in events:
        for subscriber in subscribers.get(event.kind, ()):
            subscriber(session, event)
    if events:
        session.execute(delete(Event).where(Event.id.in_([event.id for event in events])))
    return len(events)
