"""The map before Northbank's new sign-in as a version, and what it changed on the map since."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.demo.bank import MONTHS, REPAIR_MONTH, JourneyPlan
from surveyapp.journeys.map_history import whole_map
from surveyapp.journeys.map_steps import SET, STAGE, TOUCHPOINT, Step, take
from surveyapp.journeys.map_versions import VersionText, save_version
from surveyapp.store.models import Journey

_DAYS = 30.4  # a month of the simulation
_STAGE, _POINT = "start", "signin"
# Lanes of the stage, then of the touchpoint.
_SINCE = {
    "thoughts": "Where is my card?\nCan my partner sign in too?",
    "support": "App, fingerprint service, card production, post",
}
_SINCE_AT_POINT = {
    "front_stage": "App with sign-in by fingerprint, and help on the same screen",
    "backstage": "Fingerprint is tied to the device, the device to the account",
}


def redraw(session: Session, plan: JourneyPlan, *, today: datetime, owner_id: int) -> None:
    """Save the map of before the repair, and write what is new; nothing on a map without the sign-in."""
    if not any(point.code == _POINT for stage in plan.stages for point in stage.touchpoints):
        return
    journey_id = session.scalars(select(Journey.id).where(Journey.code == plan.code)).one()
    journey = whole_map(session, journey_id)
    repair = today - timedelta(days=_DAYS * (MONTHS - REPAIR_MONTH))
    said = VersionText(
        "Before the new sign-in", repair.date(), "First password by letter, help by phone."
    )
    save_version(session, journey, said, user_id=owner_id, now=repair)
    stage = next(each for each in journey.stages if each.code == _STAGE)
    point = next(each for each in stage.touchpoints if each.code == _POINT)
    for field, text in _SINCE.items():
        step = Step(SET, STAGE, id=stage.id, field=field, text=text)
        take(session, journey, step, user_id=None)
    for field, text in _SINCE_AT_POINT.items():
        step = Step(SET, TOUCHPOINT, id=point.id, field=field, text=text)
        take(session, journey, step, user_id=None)
