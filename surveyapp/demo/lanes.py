"""What stands on the map of opening an account besides what is asked there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.demo.bank import JourneyPlan
from surveyapp.journeys.map_history import whole_map
from surveyapp.journeys.map_steps import ADD, LANE, SET, STAGE, TOUCHPOINT, Step, take
from surveyapp.store.models import Journey

# By stage, then lane.
_STAGES: Mapping[str, Mapping[str, str]] = {
    "decide": {
        "actions": "Compares offers, asks friends, makes an appointment",
        "thoughts": "What does it really cost?\nDo I have to change my salary account?",
        "support": "Price list, appointment calendar",
        "evidence": "Price comparison https://northbank.example/prices",
        "owner": "Product team",
        "own": "Hidden fees read like small print",
    },
    "apply": {
        "actions": "Fills in the form, looks for the passport, waits for the video call",
        "thoughts": "How long will this take?\nWhy do they ask me that twice?",
        "support": "Application service, video partner, register of residents",
        "evidence": "Recordings of five visits https://northbank.example/visits",
        "owner": "Onboarding team",
        "own": "The partner's agents are few in the evening",
    },
    "start": {
        "actions": "Signs in, transfers money, waits for the card",
        "thoughts": "Where is my card?",
        "support": "App, card production, post",
        "owner": "App team",
    },
}
# By touchpoint: assumed feeling, front stage, backstage.
_POINTS: Mapping[str, tuple[str, str, str]] = {
    "compare": ("1", "Table of accounts", "Prices are checked each week"),
    "advice": ("1", "An adviser with time", "Adviser prepares from the web form"),
    "form": ("0", "Five pages", "Data are checked against the register"),
    "identity": ("1", "Video call with an agent", "The partner assigns agents by queue"),
    "signin": ("1", "App with a first password", "Device is tied to the account"),
    "card": ("0", "Letter with the card", "Produced and posted by the partner"),
}
_LANE = "Risks"


def fill_in(session: Session, plan: JourneyPlan) -> None:
    """Write the lanes of a journey; nothing for one of which nothing stands here."""
    places = {stage.code for stage in plan.stages} & set(_STAGES)
    if not places:
        return
    journey_id = session.scalars(select(Journey.id).where(Journey.code == plan.code)).one()
    journey = whole_map(session, journey_id)
    lane = take(session, journey, Step(ADD, LANE, text=_LANE), user_id=None).id
    for stage in journey.stages:
        for field, text in _STAGES.get(stage.code, {}).items():
            at: dict[str, Any] = {"lane": lane} if field == "own" else {}
            step = Step(SET, STAGE, id=stage.id, field=field, text=text, **at)
            take(session, journey, step, user_id=None)
        for point in stage.touchpoints:
            known = zip(
                ("assumed_feeling", "front_stage", "backstage"),
                _POINTS.get(point.code, ()),
                strict=False,
            )
            for field, text in known:
                step = Step(SET, TOUCHPOINT, id=point.id, field=field, text=text)
                take(session, journey, step, user_id=None)
