"""What shows on the first journey's map how it is: a quote of two stages, and the journey it leads to."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.journeys.map_evidence import add_quote, quotable
from surveyapp.journeys.sub_journeys import lead_to
from surveyapp.store.models import Journey

_STAGES = 2


def show_evidence(
    session: Session, journey: Journey, leads_to: str, *, minimum_cell: int, owner_id: int
) -> None:
    """Put the newest quotes on the map; the last stage leads to the journey with the code ``leads_to``."""
    quotes = quotable(session, journey.id, minimum_cell=minimum_cell)
    for stage in journey.stages[:_STAGES]:
        asked = {
            point.name for point in stage.touchpoints
        }  # a survey is called like its touchpoint
        quote = next((each for each in quotes if each.survey in asked), None)
        if quote is not None:
            add_quote(session, stage, quote, title=quote.survey, user_id=owner_id)
    other = session.scalars(select(Journey.id).where(Journey.code == leads_to)).first()
    if other is not None and journey.stages:
        lead_to(session, journey, journey.stages[-1], other, user_id=owner_id)
