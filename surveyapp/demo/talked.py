"""What colleagues say to each other on the map of the demonstration."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from surveyapp.journeys.comment_places import CommentPlace
from surveyapp.journeys.map_comments import answer, comment_on, resolve
from surveyapp.journeys.map_history import whole_map

_STAGE, _POINT = "start", "signin"


def talk(session: Session, journey_id: int, *, today: datetime, owner_id: int) -> None:
    """An open thread with an answer on a touchpoint, one on a stage's lane, and a resolved one."""
    journey = whole_map(session, journey_id)
    stage = next((each for each in journey.stages if each.code == _STAGE), None)
    if stage is None:
        return
    point = next(each for each in stage.touchpoints if each.code == _POINT)
    said = (
        (
            CommentPlace("touchpoint", point.id, "backstage"),
            "Who resets the fingerprint after a change of phone?",
            "The branch does, by a form. We should put that on the map.",
        ),
        (
            CommentPlace("stage", stage.id, "goal"),
            "Is this still the goal now that cards are activated in the app?",
            "",
        ),
        (
            CommentPlace("stage", stage.id, "support"),
            "Card production is missing here.",
            "Added.",
        ),
    )
    for days, (place, text, reply) in enumerate(said):
        at = today - timedelta(days=9 - days)
        written = comment_on(session, journey, place, text, people=(), user_id=owner_id, now=at)
        if reply:
            later = at + timedelta(hours=3)
            answer(
                *(session, journey, written.comment, reply),
                people=(),
                user_id=owner_id,
                now=later,
            )
    resolve(session, journey, written.comment, user_id=owner_id, now=today - timedelta(days=6))
