"""What Northbank changed: the repair that the answers show, and a change of which they show nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.demo.bank import MONTHS, REPAIR_MONTH, JourneyPlan
from surveyapp.journeys import queries
from surveyapp.journeys.change_register import ChangeText, register_change
from surveyapp.store.models import Journey

_DAYS = 30.4  # a month of the simulation

# Touchpoint, title, days after the repair, cost, what was expected, what was done.
_CHANGES = (
    (
        "signin",
        "New sign-in to the app",
        0,
        "EUR 60,000 and two months of the app team",
        "CSAT of the first sign-in up by at least ten points.",
        "Sign-in by fingerprint, and help on the same screen.",
    ),
    (
        "identity",
        "Waiting music in the video call",
        -45,
        "EUR 2,000",
        "Customers mind the wait less.",
        "The partner plays music instead of silence. The wait is as long as before.",
    ),
    (
        "documents",
        "New portal for documents",
        0,
        "EUR 35,000",
        "Fewer customers upload the same file twice.",
        "Says at once whether a file has arrived, and takes photos.",
    ),
)


def register(session: Session, plan: JourneyPlan, *, today: datetime) -> None:
    """Register the changes at the touchpoints of this journey."""
    repair = today - timedelta(days=_DAYS * (MONTHS - REPAIR_MONTH))
    row = session.scalars(select(Journey.id).where(Journey.code == plan.code)).one()
    journey = queries.journey(session, row)
    places = {point.code: point.id for stage in journey.stages for point in stage.touchpoints}
    for code, title, days, cost, expected, description in _CHANGES:
        if code in places:
            text = ChangeText(
                title,
                (repair + timedelta(days=days)).date(),
                touchpoint_ids=[places[code]],
                made_by="Partner" if code == "identity" else "App team",
                cost=cost,
                description=description,
                expected=expected,
            )
            register_change(session, journey, text, user_id=None)
