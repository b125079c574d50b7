"""Registered changes for programs, the same from the page and from the API."""

from __future__ import annotations

from typing import Any

from surveyapp.store.models import RegisteredChange


def change_to_json(change: RegisteredChange) -> dict[str, Any]:
    """A change; without stages and touchpoints it is of the journey as a whole."""
    return {
        "id": change.id,
        "title": change.title,
        "from": change.started_on,
        "to": change.ended_on,
        "stages": [each.stage.code for each in change.places if each.stage],
        "touchpoints": [each.touchpoint.code for each in change.places if each.touchpoint],
        "made_by": made_by(change) or None,
        "cost": change.cost or None,
        "description": change.description or None,
        "expected_effect": change.expected or None,
    }


def made_by(change: RegisteredChange) -> str:
    """Who made a change: a member of staff, somebody else, or both."""
    return ", ".join(filter(None, (change.maker.name if change.maker else "", change.made_by)))
