"""Target states and the journeys that they are the target of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.store.audit import record
from surveyapp.store.models import Journey

TARGET = "target"


def set_target_of(
    session: Session, journey: Journey, current_id: int | None, *, user_id: int | None
) -> None:
    """Say of which journey this one is the target; None: of none. Raises Invalid where it is no target
    state, or the other one is no journey as it is today.
    """
    if current_id == journey.target_of_id:
        return
    if current_id is not None:
        current = session.get(Journey, current_id)
        if journey.state != TARGET:
            raise Invalid(
                "Only a target state is the target of a journey; choose the state Target.",
                field="target_of",
            )
        if current is None or current.id == journey.id or current.state == TARGET:
            raise Invalid(
                "Choose a journey as customers experience it today; a target state has no target.",
                field="target_of",
            )
    journey.target_of_id = current_id
    record(session, user_id, "set target journey", f"journey {journey.code}", of=current_id)


def targets_of_journey(session: Session, journey_id: int) -> Sequence[Journey]:
    """The target states of a journey, by name; archived ones are none any more."""
    query = select(Journey).where(Journey.target_of_id == journey_id, Journey.state == TARGET)
    return list(session.scalars(query.order_by(Journey.name, Journey.id)))


def kind_to_json(
    session: Session, journey: Journey, granted: Select[int] | None = None
) -> dict[str, Any]:
    """What a journey's map shows, and the code of the journey that it is the target of.

    ``granted`` are the ids of the journeys that whoever asks may see; None: all. Of another one no code is
    given.
    """
    query = select(Journey.code).where(Journey.id == journey.target_of_id)
    if granted is not None:
        query = query.where(Journey.id.in_(granted))
    return {"kind": journey.kind, "target_of": session.scalar(query)}
