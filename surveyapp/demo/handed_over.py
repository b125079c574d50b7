"""Events of the second journey: by which channels its customers had come before they answered at its end."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from surveyapp.demo.bank import JourneyPlan
from surveyapp.store.models import (
    Interaction,
    Journey,
    JourneyRun,
    Response,
    Score,
    Stage,
    SurveyRow,
    Touchpoint,
)

_CHANNELS = ("website", "app", "phone", "branch")
_FIRST = (0.45, 0.25, 0.15, 0.15)
_HANDED_OVER, _AND_UNHAPPY = 0.25, 0.3  # share of all; more of those who recommend less
_CONTENT = 7  # answers to NPS from here on
_KNOWN = 0.9  # of the others no event was reported
_THEN = {"website": "phone", "app": "branch", "phone": "branch", "branch": "website"}


def hand_over(session: Session, plan: JourneyPlan, *, rng: np.random.Generator) -> None:
    """Store two events before each answer; more often by two channels where customers recommend less."""
    place = session.scalars(
        select(Touchpoint.id)
        .join(Stage, Stage.id == Touchpoint.stage_id)
        .join(Journey, Journey.id == Stage.journey_id)
        .where(Journey.code == plan.code)
        .order_by(Stage.position, Touchpoint.position)
    ).first()
    answers = session.execute(
        select(
            Response.journey_run_id,
            JourneyRun.customer_ref,
            Response.attributes,
            Response.submitted_at,
            Score.value,
        )
        .join(JourneyRun, JourneyRun.id == Response.journey_run_id)
        .join(Score, Score.response_id == Response.id)
        .join(SurveyRow, SurveyRow.id == Response.survey_id)
        .join(Journey, Journey.id == SurveyRow.journey_id)
        .where(Journey.code == plan.code, SurveyRow.touchpoint_id.is_(None), Score.scale == "nps")
        .order_by(Response.id)
    ).all()
    rows = []
    for run, customer, who, answered_at, value in answers:
        if rng.random() > _KNOWN:
            continue
        first = str(rng.choice(_CHANNELS, p=_FIRST))
        mixed = rng.random() < _HANDED_OVER + (value < _CONTENT) * _AND_UNHAPPY
        for channel, days in ((first, 9.0), (_THEN[first] if mixed else first, 4.0)):
            at = answered_at - timedelta(days=days)
            rows.append(
                {
                    "touchpoint_id": place,
                    "journey_run_id": run,
                    "customer_ref": customer,
                    "attributes": who,
                    "at": at,
                    "channel": channel,
                    "language": "en",
                    "source": "api",
                    "received_at": at,
                    "decided_at": at,  # no survey waits for them
                }
            )
    session.execute(insert(Interaction), rows)
