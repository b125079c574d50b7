"""Half a year of events of the bank's systems: how far customers came, and who had to come again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from surveyapp.demo import population
from surveyapp.demo.bank import JourneyPlan, StagePlan
from surveyapp.store.models import Interaction, Journey, Stage, Touchpoint
from surveyapp.surveys.links import pseudonym

CUSTOMERS = 420
DAYS = 180
_GOES_ON = 0.8  # from a stage to the next; fewer where a customer had to come again
_AGAIN, _AGAIN_WEAK = 0.08, 0.3  # a second contact; at a touchpoint that scores low
_LOST_BY_IT = 0.15
_PAUSE, _WAIT = 12.0, 3.0  # days on average, between stages and before a second contact


def pass_through(
    session: Session,
    plan: JourneyPlan,
    *,
    secret_key: str,
    rng: np.random.Generator,
    today: datetime,
) -> None:
    """Store the events of customers who began in the last half year; nobody is asked because of them."""
    points = dict(
        session.execute(
            select(Touchpoint.code, Touchpoint.id)
            .join(Stage, Stage.id == Touchpoint.stage_id)
            .join(Journey, Journey.id == Stage.journey_id)
            .where(Journey.code == plan.code)
        ).all()
    )
    rows = [
        {**event, "customer_ref": pseudonym(secret_key, f"NB-P{number}"), "attributes": who}
        for number, who in enumerate(population.customers(rng, CUSTOMERS))
        for event in _events(plan.stages, points, rng, today)
    ]
    session.execute(insert(Interaction), rows)


def _events(
    stages: Sequence[StagePlan],
    points: Mapping[str, int],
    rng: np.random.Generator,
    today: datetime,
) -> Iterator[dict[str, Any]]:
    """One customer's events up to today, the earliest first."""
    at = today - timedelta(days=float(rng.uniform(0, DAYS)))
    for stage in stages:
        point = stage.touchpoints[int(rng.integers(len(stage.touchpoints)))]
        again = rng.random() < (_AGAIN_WEAK if point.level < 0 else _AGAIN)
        for _ in range(1 + again):
            if at >= today:
                return
            yield {
                "touchpoint_id": points[point.code],
                "at": at,
                "channel": point.channel,
                "language": "en",
                "source": "api",
                "received_at": at,
                "decided_at": at,  # no survey waits for them
            }
            at += timedelta(days=float(rng.exponential(_WAIT)))
        if rng.random() > _GOES_ON - again * _LOST_BY_IT:
            return
        at += timedelta(days=float(rng.exponential(_PAUSE)))
