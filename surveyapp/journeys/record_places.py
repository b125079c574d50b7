"""Where in a journey a record is: at a stage, at a touchpoint, or of the journey as a whole."""

from __future__ import annotations

from surveyapp.errors import Invalid
from surveyapp.store.models import Journey


def check_place(journey: Journey, stage_id: int | None, touchpoint_id: int | None) -> None:
    """Invalid for a stage or touchpoint that the journey does not have."""
    stages = {None, *(stage.id for stage in journey.stages)}
    points = {None, *(point.id for stage in journey.stages for point in stage.touchpoints)}
    if stage_id not in stages or touchpoint_id not in points:
        raise Invalid(
            "The stage or touchpoint is not in this journey; choose from the list.", field="place"
        )
