"""Drawing a new journey from a template."""

from __future__ import annotations

from sqlalchemy.orm import Session

from surveyapp.errors import Conflict
from surveyapp.journeys.actions import add_stage, add_touchpoint
from surveyapp.journeys.journey_templates import JourneyTemplate
from surveyapp.store.audit import record
from surveyapp.store.models import Journey


def draw_template(
    session: Session, journey: Journey, template: JourneyTemplate, *, user_id: int | None
) -> None:
    """Give an empty journey the template's stages and touchpoints; it remembers the template, whose
    questionnaires its survey plan suggests. Raises Conflict where something is drawn already.
    """
    if journey.stages:
        raise Conflict(
            f"{journey.name} has stages already; a template begins a new journey, so create one."
        )
    journey.template = template.code
    for drawn in template.stages:
        stage = add_stage(session, journey, name=drawn.name, goal=drawn.goal, user_id=user_id)
        for point in drawn.touchpoints:
            add_touchpoint(
                session,
                stage,
                name=point.name,
                channel=point.channel,
                ownership=point.ownership,
                moment_of_truth=point.moment_of_truth,
                backstage=point.backstage,
                user_id=user_id,
            )
    record(session, user_id, "draw journey", f"journey {journey.code}", template=template.code)
