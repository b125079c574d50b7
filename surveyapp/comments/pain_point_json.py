"""Pain points for programs."""

from __future__ import annotations

from typing import Any

from surveyapp.store.models import PainPoint


def pain_point_to_json(point: PainPoint) -> dict[str, Any]:
    """A pain point; without stage and touchpoint it is of the journey as a whole."""
    return {
        "id": point.id,
        "title": point.title,
        "severity": point.severity or None,
        "stage": point.stage.code if point.stage else None,
        "touchpoint": point.touchpoint.code if point.touchpoint else None,
        "theme": point.theme or None,
        "whys": point.whys,
        "owner": point.owner.name if point.owner else None,
        "state": point.state,
    }
