"""Reads of the action plan, of one journey or of all that somebody may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, case, select
from sqlalchemy.orm import Session, joinedload

from surveyapp.errors import NotFound
from surveyapp.journeys.action_plan import ENDED
from surveyapp.journeys.change_register import KEPT
from surveyapp.store.models import Journey, PlannedAction, RegisteredChange

NEXT = 3
MOST = 500
_LISTED = 10  # removed ones
_WITH = (
    joinedload(PlannedAction.journey),
    joinedload(PlannedAction.stage),
    joinedload(PlannedAction.touchpoint),
    joinedload(PlannedAction.owner),
    joinedload(PlannedAction.change),
)
_THERE = PlannedAction.removed_at.is_(None)


@dataclass(frozen=True)
class WantedActions:
    """Which actions to list. ``state``: one of them, "todo" for those not ended, "" for all.

    ``granted`` are the ids of the journeys that whoever asks may see; None: all.
    """

    granted: Select[int] | None = None
    journey_id: int | None = None
    owner_id: int | None = None
    state: str = "todo"
    overdue_on: date | None = None  # only those not ended that were due before this day


def actions(session: Session, wanted: WantedActions) -> list[PlannedAction]:
    """The actions that are wanted: not ended ones by their due day, then the others, newest first."""
    conditions: list[ColumnElement[bool]] = [_THERE]
    if wanted.granted is not None:
        conditions.append(PlannedAction.journey_id.in_(wanted.granted))
    if wanted.journey_id is not None:
        conditions.append(PlannedAction.journey_id == wanted.journey_id)
    if wanted.owner_id is not None:
        conditions.append(PlannedAction.owner_id == wanted.owner_id)
    if wanted.state == "todo" or wanted.overdue_on:
        conditions.append(PlannedAction.state.not_in(ENDED))
    elif wanted.state:
        conditions.append(PlannedAction.state == wanted.state)
    if wanted.overdue_on:
        conditions.append(PlannedAction.due_on < wanted.overdue_on)
    return _listed(session, *conditions, most=MOST)


def next_actions(
    session: Session, granted: Select[int] | None, *, most: int = NEXT
) -> list[PlannedAction]:
    """The actions to do next over the journeys that somebody may see, the earliest due first.

    ``granted``: as ``auth.grants.journeys_granted`` gives it. Archived journeys have none.
    """
    conditions = [_THERE, PlannedAction.state.not_in(ENDED), Journey.state != "archived"]
    if granted is not None:
        conditions.append(PlannedAction.journey_id.in_(granted))
    return _listed(session, *conditions, most=most)


def is_overdue(action: PlannedAction, today: date) -> bool:
    """Whether an action should have been done before this day."""
    return action.state not in ENDED and action.due_on is not None and action.due_on < today


def measured(session: Session, journey_id: int) -> list[PlannedAction]:
    """A journey's done actions of which a registered change came, the newest first."""
    return _listed(
        session,
        _THERE,
        PlannedAction.journey_id == journey_id,
        PlannedAction.state == "done",
        PlannedAction.change.has(RegisteredChange.removed_at.is_(None)),
        most=MOST,
    )


def removed_actions(session: Session, journey_id: int, now: datetime) -> list[PlannedAction]:
    """Actions that were removed and can be restored."""
    gone = PlannedAction.removed_at >= now - KEPT
    return _listed(session, gone, PlannedAction.journey_id == journey_id, most=_LISTED)


def action(session: Session, journey_id: int, action_id: int) -> PlannedAction:
    """An action of this journey; NotFound also when it is another one's, or was removed."""
    query = select(PlannedAction).options(*_WITH).where(PlannedAction.id == action_id)
    found = session.scalar(query)
    if found is None or found.journey_id != journey_id or found.removed_at is not None:
        raise NotFound("There is no such action in this journey; it may have been removed.")
    return found


def _listed(session: Session, *conditions: ColumnElement[bool], most: int) -> list[PlannedAction]:
    ended = PlannedAction.state.in_(ENDED)
    query = (
        select(PlannedAction)
        .join(Journey, Journey.id == PlannedAction.journey_id)
        .options(*_WITH)
        .where(*conditions)
        .order_by(
            case((ended, 1), else_=0),
            PlannedAction.ended_at.desc(),
            PlannedAction.due_on.is_(None),
            PlannedAction.due_on,
            PlannedAction.id,
        )
        .limit(most)
    )
    return list(session.scalars(query))
