"""What came of the actions that are done: "you said, we did", with the scores before and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.journeys.action_plan_queries import measured
from surveyapp.results.registered_changes.effects import ChangeEffect, Effects
from surveyapp.results.view_models import Marker

MOST = 8  # the newest


@dataclass(frozen=True)
class ActionEffect:
    """A done action, its reason and the change that came of it, with the change's effect."""

    action_id: int
    title: str
    reason: str
    where: str
    change_id: int
    change: Marker
    effect: ChangeEffect


def action_effects(
    session: Session, journey_id: int, *, today: date, minimum_cell: int, library: Library
) -> tuple[ActionEffect, ...]:
    """The effects of a journey's done actions with a registered change, the newest first."""
    found = []
    for action in measured(session, journey_id)[:MOST]:
        if action.change is None:
            continue
        place = action.touchpoint or action.stage
        read = Effects(
            session,
            journey_id,
            action.change.id,
            today=today,
            minimum_cell=minimum_cell,
            library=library,
        )
        found.append(
            ActionEffect(
                action.id,
                action.title,
                action.driver,
                place.name if place else "Whole journey",
                action.change.id,
                read.own.marker,
                read.effect(),
            )
        )
    return tuple(found)
