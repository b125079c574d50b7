"""Reads of the register of changes."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload, selectinload

from surveyapp.errors import NotFound
from surveyapp.journeys.change_register import KEPT
from surveyapp.store.columns import utc_now
from surveyapp.store.models import ChangedPlace, RegisteredChange

_WITH = (
    joinedload(RegisteredChange.maker),
    selectinload(RegisteredChange.places).joinedload(ChangedPlace.stage),
    selectinload(RegisteredChange.places).joinedload(ChangedPlace.touchpoint),
)
_LISTED = 10  # removed ones


def changes(session: Session, journey_id: int) -> list[RegisteredChange]:
    """A journey's changes with their places, the latest first."""
    return _changes(session, journey_id, RegisteredChange.removed_at.is_(None))


def removed_changes(session: Session, journey_id: int) -> list[RegisteredChange]:
    """Changes that were removed and can be restored."""
    return _changes(session, journey_id, RegisteredChange.removed_at >= utc_now() - KEPT)[:_LISTED]


def change(session: Session, journey_id: int, change_id: int) -> RegisteredChange:
    """A change of this journey; NotFound also when it is another one's, or was removed."""
    found = session.scalar(
        select(RegisteredChange).options(*_WITH).where(RegisteredChange.id == change_id)
    )
    if found is None or found.journey_id != journey_id or found.removed_at is not None:
        raise NotFound("There is no such change in this journey; it may have been removed.")
    return found


def _changes(
    session: Session, journey_id: int, which: ColumnElement[bool]
) -> list[RegisteredChange]:
    query = (
        select(RegisteredChange)
        .options(*_WITH)
        .where(RegisteredChange.journey_id == journey_id, which)
        .order_by(RegisteredChange.started_on.desc(), RegisteredChange.id.desc())
    )
    return list(session.scalars(query))
