"""Actions of the plan for programs."""

from __future__ import annotations

from datetime import date
from typing import Any

from surveyapp.journeys.action_plan_queries import is_overdue
from surveyapp.store.models import PlannedAction


def action_to_json(action: PlannedAction, *, today: date) -> dict[str, Any]:
    """An action; without stage and touchpoint it concerns the journey as a whole."""
    return {
        "id": action.id,
        "journey": action.journey.code,
        "stage": action.stage.code if action.stage else None,
        "touchpoint": action.touchpoint.code if action.touchpoint else None,
        "title": action.title,
        "owner": action.owner.name if action.owner else None,
        "due": action.due_on,
        "overdue": is_overdue(action, today),
        "state": action.state,
        "reason": action.driver or None,
        "opportunity": action.opportunity_id,
        "change": action.change_id,
    }
