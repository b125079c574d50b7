"""What the bank learnt from its pain points, what could be done, which actions come of it, and for whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.comments.pain_points import pain_points_of
from surveyapp.journeys.insights import InsightText, write_insight
from surveyapp.journeys.opportunities import OpportunityText, write_opportunity
from surveyapp.journeys.personas import PersonaText, write_persona
from surveyapp.results.drivers.joined_scores import joinable
from surveyapp.store.models import Journey, PlannedAction, Segment

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

# Code of the segment, persona, assumed emotions stage by stage.
_PERSONAS = (
    (
        "digital-first",
        PersonaText(
            "Mika, does it on the phone",
            demographics="29, works shifts in Tampere, no car, two bank apps on one phone.",
            goals="Have the account ready before the first salary.",
            needs="To stop and go on later without typing anything again.",
            says="I did this already, why again?",
            thinks="If it takes longer than the bus ride, I take the other bank.",
            does="Starts in the app, goes on at night, compares.",
            feels="In a hurry, then let down by the queue.",
            hears="Friends who opened one in ten minutes.",
        ),
        (1, -2, -1, 2, 1, 1),
    ),
    (
        "branch-first",
        PersonaText(
            "Helena, likes to sit opposite somebody",
            demographics="67, retired, lives near the branch, reads everything.",
            goals="Be sure that nothing goes wrong with the pension.",
            needs="One person who knows the case.",
            says="I would like to speak to somebody.",
            thinks="They will not know me next time.",
            does="Prints letters, brings papers twice.",
            feels="Welcome at the desk, lost on the telephone.",
            hears="Neighbours who were sent from one counter to the next.",
        ),
        (2, 1, 1, -1, -2, 0),
    ),
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
    _picture(session, journey, owner_id=owner_id, now=now)


def _picture(session: Session, journey: Journey, *, owner_id: int, now: datetime) -> None:
    """Two personas, of whom one is pictured wrongly."""
    segments = dict(session.execute(select(Segment.code, Segment.id)).all())
    for code, said, levels in _PERSONAS:
        stages = dict(zip((stage.id for stage in journey.stages), levels, strict=False))
        text = replace(said, segment_id=segments.get(code), levels=stages)
        write_persona(session, journey, None, text, user_id=owner_id, now=now)
