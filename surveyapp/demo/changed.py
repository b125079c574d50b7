"""What Northbank changed: the repair that the answers show, and a change of which they show nothing;
and the actions behind them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.demo.bank import MONTHS, REPAIR_MONTH, JourneyPlan
from surveyapp.journeys import queries
from surveyapp.journeys.action_plan import ActionText, plan_action
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


# Touchpoint, title, days from today, state, reason.
_ACTIONS = (
    (
        "signin",
        "Make the first sign-in easier",
        -120,
        "done",
        "Customers gave up before they were in.",
    ),
    (
        "identity",
        "Agree on a maximum wait with the partner",
        -10,
        "doing",
        "CSAT of the identity check lies below all other touchpoints.",
    ),
    (
        "card",
        "Send a message when the card is in the post",
        25,
        "open",
        "Customers call to ask where it is.",
    ),
)


def register(session: Session, plan: JourneyPlan, *, today: datetime, owner_id: int) -> None:
    """Register the changes at the touchpoints of this journey, and the actions about them."""
    repair = today - timedelta(days=_DAYS * (MONTHS - REPAIR_MONTH))
    row = session.scalars(select(Journey.id).where(Journey.code == plan.code)).one()
    journey = queries.journey(session, row)
    places = {point.code: point.id for stage in journey.stages for point in stage.touchpoints}
    made = {}
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
            made[code] = register_change(session, journey, text, user_id=None).id
    for code, title, days, state, reason in _ACTIONS:
        if code in places:
            action = ActionText(
                title,
                touchpoint_id=places[code],
                owner_id=owner_id,
                due_on=(today + timedelta(days=days)).date(),
                state=state,
                driver=reason,
                change_id=made.get(code) if state == "done" else None,
            )
            plan_action(session, journey, action, user_id=None, now=today)
