"""Targets of the demonstration: one that is reached, one that is open, one that is not reached."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.journeys.target_journeys import TARGET
from surveyapp.results.targets.actions import set_target
from surveyapp.store.models import Journey

_TARGETS = (
    ("", "sjq", 50.0),
    ("", "nps", 35.0),
    ("apply/identity", "csat", 70.0),
)
# Of its target state: at the journey's end, at a touchpoint of both, and at one that is new.
_WANTED = (
    ("", "nps", 45.0),
    ("apply/form", "ces", 80.0),
    ("apply/eid", "csat", 85.0),
)
_DAYS = 180


def set_targets(session: Session, journey: Journey, *, today: date, owner_id: int) -> None:
    """Set them for half a year from now; of a target state for a year from now."""
    wanted = journey.state == TARGET
    for place, metric, value in _WANTED if wanted else _TARGETS:
        set_target(
            session,
            journey,
            place=place,
            metric=metric,
            value=value,
            due=today + timedelta(days=2 * _DAYS if wanted else _DAYS),
            owner_id=owner_id,
            user_id=None,
            library=BUILT_IN,
        )
