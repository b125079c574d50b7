"""What the bank learnt from its pain points, what could be done, and which actions come of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.comments.pain_points import pain_points_of
from surveyapp.journeys.insights import InsightText, write_insight
from surveyapp.journeys.opportunities import OpportunityText, write_opportunity
from surveyapp.results.joined_scores import joinable
from surveyapp.store.models import Journey, PlannedAction

# Touchpoint of the pain points, insight, what it rests on.
_INSIGHTS = (
    (
        None,
        "Customers mind the silence more than the wait",
        "Eight interviews, and comments that ask for news rather than for speed.",
    ),
    (
        "identity",
        "Evening callers leave the queue after ten minutes",
        "The partner's log of calls beside CSAT of the identity check.",
    ),
    ("signin", "People look for the code in the wrong message", "Watching six first sign-ins."),
)
# Place of the insight, touchpoint, title, effort, impact, state; the action at the touchpoint joins.
_OPPORTUNITIES = (
    (0, None, "Tell customers each week where their application stands", 2, 5, "open"),
    (1, "identity", "Offer an appointment for the video call", 4, 4, "open"),
    (1, "identity", "Agree on a maximum wait with the partner", 2, 4, "doing"),
    (2, "signin", "Sign in without a second code", 3, 4, "done"),
    (0, "card", "Say when the card will arrive", 1, 3, "open"),
)


def learn(session: Session, journey: Journey, *, owner_id: int, now: datetime) -> None:
    """Insights from the pain points, opportunities from them, and the actions that realise these."""
    places = {point.code: point.id for stage in journey.stages for point in stage.touchpoints}
    points = pain_points_of(session, journey.id)
    labels = joinable(session, journey.id, library=BUILT_IN)
    scores = [key for kind in labels.values() for key in kind]
    insights = []
    for code, title, text in _INSIGHTS:
        place = places.get(code) if code else None
        ids = [each.id for each in points if each.touchpoint_id == place]
        said = InsightText(title, text, ids)
        insights.append(write_insight(session, journey, None, said, user_id=owner_id, now=now).id)
    for insight, code, title, effort, impact, state in _OPPORTUNITIES:
        place = places.get(code) if code else None
        own = [key for key in scores if place and key.partition(":")[0] == str(place)]
        row = write_opportunity(
            session,
            journey,
            None,
            OpportunityText(
                title,
                effort,
                impact,
                touchpoint_id=place,
                driver_key=(own or scores or [""])[0],
                owner_id=owner_id,
                state=state,
                insight_ids=[insights[insight]],
            ),
            user_id=owner_id,
            now=now,
        )
        if state == "open" and code == "identity":
            continue
        for action in session.scalars(
            select(PlannedAction).where(
                PlannedAction.journey_id == journey.id, PlannedAction.touchpoint_id == place
            )
        ):
            action.opportunity_id = row.id if place else action.opportunity_id
