"""Taking a record of a journey off its list, and putting it back."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from sqlalchemy import delete
from sqlalchemy.orm import Session

from surveyapp.errors import NotFound
from surveyapp.journeys.change_register import KEPT
from surveyapp.store.models import Insight, MapVersion, Opportunity, Persona

__all__ = ["KEPT", "put_back", "take_off"]

Record = TypeVar("Record", Insight, MapVersion, Opportunity, Persona)


def take_off(session: Session, row: Record, *, user_id: int | None, now: datetime) -> None:
    """Mark a record as removed; it can be put back for ``KEPT``. Older ones go for good."""
    table = type(row)
    session.execute(delete(table).where(table.removed_at < now - KEPT))
    row.removed_at, row.removed_by = now, user_id


def put_back(session: Session, table: type[Record], journey_id: int, row_id: int) -> Record:
    """A removed record, there again. Raises NotFound for one that is there, or gone for good."""
    row = session.get(table, row_id)
    if row is None or row.journey_id != journey_id or row.removed_at is None:
        raise NotFound("This has been restored already, or its time to restore it is over.")
    row.removed_at, row.removed_by = None, None
    return row
