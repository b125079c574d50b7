"""Targets of the demonstration: one that is reached, one that is open, one that is not reached."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.results.target_actions import set_target
from surveyapp.store.models import Journey

_TARGETS = (
    ("", "sjq", 50.0),
    ("", "nps", 35.0),
    ("apply/identity", "csat", 70.0),
)
_DAYS = 180


def set_targets(session: Session, journey: Journey, *, today: date, owner_id: int) -> None:
    """Set them for half a year from now."""
    for place, metric, value in _TARGETS:
        set_target(
            session,
            journey,
            place=place,
            metric=metric,
            value=value,
            due=today + timedelta(days=_DAYS),
            owner_id=owner_id,
            user_id=None,
            library=BUILT_IN,
        )
