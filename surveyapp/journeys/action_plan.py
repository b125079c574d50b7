"""The action plan: what somebody is to do about a journey until a day, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys.change_register import KEPT, LONGEST_TEXT, LONGEST_TITLE
from surveyapp.journeys.record_places import check_place
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, Opportunity, PlannedAction, RegisteredChange, User

STATES = ("open", "doing", "done", "dropped")
ENDED = ("done", "dropped")
_FIRST, _LAST = date(1990, 1, 1), date(2100, 12, 31)


@dataclass(frozen=True)
class ActionText:
    """What somebody says of an action; without a stage or touchpoint it concerns the whole journey."""

    title: str
    stage_id: int | None = None
    touchpoint_id: int | None = None
    owner_id: int | None = None
    due_on: date | None = None
    state: str = "open"
    driver: str = ""
    change_id: int | None = None
    opportunity_id: int | None = None


def plan_action(
    session: Session, journey: Journey, text: ActionText, *, user_id: int | None, now: datetime
) -> PlannedAction:
    """Add an action to a journey's plan. Raises Invalid, which names the field."""
    action = PlannedAction(journey_id=journey.id, created_by=user_id, created_at=now)
    _describe(session, journey, action, text, now)
    session.add(action)
    session.flush()
    _record(session, user_id, "plan action", journey, action)
    return action


def edit_action(
    session: Session,
    journey: Journey,
    action: PlannedAction,
    text: ActionText,
    *,
    user_id: int | None,
    now: datetime,
) -> PlannedAction:
    """Describe an action anew, its state too. Raises Invalid, which names the field."""
    _describe(session, journey, action, text, now)
    session.flush()
    _record(session, user_id, "edit action", journey, action)
    return action


def remove_action(
    session: Session, journey: Journey, action: PlannedAction, *, user_id: int | None, now: datetime
) -> None:
    """Take an action off the plan; it can be restored for ``KEPT``. Older ones go for good."""
    session.execute(delete(PlannedAction).where(PlannedAction.removed_at < now - KEPT))
    action.removed_at, action.removed_by = now, user_id
    _record(session, user_id, "remove action", journey, action)


def restore_action(
    session: Session, journey: Journey, action_id: int, *, user_id: int | None
) -> str:
    """Put a removed action back; its title. Raises NotFound for one that is there, or gone for good."""
    action = session.get(PlannedAction, action_id)
    if action is None or action.journey_id != journey.id or action.removed_at is None:
        raise NotFound("This has been restored already, or its time to restore it is over.")
    action.removed_at, action.removed_by = None, None
    _record(session, user_id, "restore action", journey, action)
    return action.title


def _record(
    session: Session, user_id: int | None, said: str, journey: Journey, action: PlannedAction
) -> None:
    subject = f"action {journey.code}/{action.id}"
    record(session, user_id, said, subject, title=action.title, state=action.state)


def _describe(
    session: Session, journey: Journey, action: PlannedAction, text: ActionText, now: datetime
) -> None:
    title = " ".join(text.title.split())
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise Invalid(
            f"The title has {len(title)} characters; use 1 to {LONGEST_TITLE}.", field="title"
        )
    if len(text.driver) > LONGEST_TEXT:
        raise Invalid(
            f"The reason has {len(text.driver)} characters; use at most {LONGEST_TEXT}.",
            field="driver",
        )
    if text.state not in STATES:
        raise Invalid(f"{text.state[:20]!r} is no state; use {', '.join(STATES)}.", field="state")
    if text.due_on is not None and not _FIRST <= text.due_on <= _LAST:
        raise Invalid(f"{text.due_on} is not a day from {_FIRST} to {_LAST}.", field="due_on")
    check_place(journey, text.stage_id, text.touchpoint_id)
    if text.owner_id is not None and session.get(User, text.owner_id) is None:
        raise Invalid("There is no such user; choose one from the list.", field="owner_id")
    change = session.get(RegisteredChange, text.change_id) if text.change_id else None
    if text.change_id and (change is None or change.journey_id != journey.id):
        raise Invalid("There is no such change; choose one from the list.", field="change_id")
    wanted = session.get(Opportunity, text.opportunity_id) if text.opportunity_id else None
    if text.opportunity_id and (wanted is None or wanted.journey_id != journey.id):
        raise Invalid(
            "There is no such opportunity; choose one from the list.", field="opportunity_id"
        )
    if text.state not in ENDED:
        action.ended_at = None
    elif action.ended_at is None or action.state != text.state:
        action.ended_at = now
    action.title, action.driver, action.state = title, text.driver.strip(), text.state
    action.stage_id, action.touchpoint_id = text.stage_id, text.touchpoint_id
    action.owner_id, action.due_on, action.change_id = text.owner_id, text.due_on, text.change_id
    action.opportunity_id = text.opportunity_id
