"""Events: what happened, written where it happened, spread by a worker afterwards.

A customer who answers should not wait until webhooks are told and cases opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Table, delete, insert, select
from sqlalchemy.orm import Session

from surveyapp.store.columns import utc_now
from surveyapp.store.models import Event
from surveyapp.store.statements import DatabaseConnection, Insertion

_EVENTS = cast(Table, Event.__table__)

Listener = Callable[[Session, Event], None]
AT_ONCE = 25  # in a transaction: customers who answer meanwhile wait for its end


def tell(at: Session | Connection, kind: str, **subject: Any) -> None:
    """Write an event into the caller's transaction; ``subject`` holds JSON values, ids above all."""
    tell_all(at.connection() if isinstance(at, Session) else at, kind, [subject])


def tell_all(at: DatabaseConnection, kind: str, subjects: Sequence[Mapping[str, Any]]) -> None:
    """``tell`` of several at once."""
    now = utc_now()
    rows = [{"kind": kind, "subject": subject, "at": now} for subject in subjects]
    _telling(at.dialect).run_all(at, rows)


@lru_cache(maxsize=8)
def _telling(dialect: Dialect) -> Insertion:
    return Insertion(insert(_EVENTS), dialect, columns=("kind", "subject", "at"))


def spread(session: Session, listeners: Mapping[str, tuple[Listener, ...]]) -> int:
    """Hand the oldest events to who listens and forget them; how many there were.

    All in the caller's transaction: a listener writes rows (a case, a delivery) and talks to nobody.
    """
    oldest = select(Event).order_by(Event.id).limit(AT_ONCE)
    # Of several workers at the same moment, each takes events that no other has in its hand.
    events = list(session.scalars(oldest.with_for_update(skip_locked=True)))
    for event in events:
        for listener in listeners.get(event.kind, ()):
            listener(session, event)
    if events:
        session.execute(delete(Event).where(Event.id.in_([event.id for event in events])))
    return len(events)
