"""What became of the bank's customers: whether they left, what they brought in, whether they complained.

Of whoever answered at the end of the first journey. The rate of leaving falls by ``HAZARD_RATIO`` for each
point of journey quality, revenue rises with it; the analysis must find this again.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from surveyapp.demo.bank import JourneyPlan
from surveyapp.store.models import (
    CustomerOutcome,
    Interaction,
    Journey,
    JourneyRun,
    Response,
    Score,
    Stage,
    SurveyRow,
    Touchpoint,
)

OUTCOMES = 71  # of the generator, by which no answer changes
HAZARD_RATIO = 0.6  # of leaving, for one point of journey quality more
_MIDDLE = 4.5  # points; here a customer stays MEAN_DAYS on average
_MEAN_DAYS = 700.0
_COMPLAINT_DAYS = 900.0
WEAK, _WORSE = "identity", 2.5  # times the rate of leaving, for each visit of at most two
_REVENUE, _REVENUE_A_POINT, _SPREAD = 180.0, 25.0, 60.0


def become(
    session: Session, plan: JourneyPlan, *, rng: np.random.Generator, today: datetime
) -> None:
    """Store for each customer of the journey who answered whether and when they left, complained, and
    what they brought in.
    """
    answers = session.execute(
        select(JourneyRun.customer_ref, JourneyRun.id, Response.submitted_at, Score.value)
        .join(Response, Response.journey_run_id == JourneyRun.id)
        .join(Score, Score.response_id == Response.id)
        .join(SurveyRow, SurveyRow.id == Response.survey_id)
        .join(Journey, Journey.id == SurveyRow.journey_id)
        .where(Journey.code == plan.code, SurveyRow.touchpoint_id.is_(None), Score.scale == "sjq")
        .order_by(Response.id)
    ).all()
    journey_id = session.scalars(select(Journey.id).where(Journey.code == plan.code)).one()
    rows: list[dict[str, Any]] = []
    for ref, _, answered_at, score in answers:
        hazard = HAZARD_RATIO ** (score - _MIDDLE)
        for kind, mean in (("churn", _MEAN_DAYS), ("complaint", _COMPLAINT_DAYS)):
            days = float(rng.exponential(mean / hazard))
            at = answered_at + timedelta(days=days)
            rows.append(_row(kind, float(at <= today), min(at, today), ref))
        revenue = rng.normal(_REVENUE + _REVENUE_A_POINT * (score - _MIDDLE), _SPREAD)
        rows.append(_row("revenue", round(float(max(0.0, revenue)), 2), today, ref))
    rows += _of_passing(session, journey_id, rng, today)
    for number, row in enumerate(rows):
        row |= {"journey_id": journey_id, "external_id": f"demo {number}", "source": "csv"}
    session.execute(insert(CustomerOutcome), rows)


def _of_passing(
    session: Session, journey_id: int, rng: np.random.Generator, today: datetime
) -> list[dict[str, Any]]:
    """Whether customers who only passed through left: more of them who met a weak touchpoint."""
    visits = session.execute(
        select(Interaction.customer_ref, Touchpoint.code, Interaction.at)
        .join(Touchpoint, Touchpoint.id == Interaction.touchpoint_id)
        .join(Stage, Stage.id == Touchpoint.stage_id)
        .where(Stage.journey_id == journey_id)
        .order_by(Interaction.at, Interaction.id)
    ).all()
    last: dict[str, datetime] = {}
    weak: dict[str, int] = defaultdict(int)
    for ref, code, at in visits:
        last[ref] = at
        weak[ref] += code == WEAK
    rows = []
    for ref, since in last.items():
        days = float(rng.exponential(_MEAN_DAYS / _WORSE ** min(weak[ref], 2)))
        at = since + timedelta(days=days)
        rows.append(_row("churn", float(at <= today), min(at, today), ref))
    return rows


def _row(kind: str, value: float, at: datetime, ref: str) -> dict[str, Any]:
    return {"kind": kind, "value": value, "at": at, "customer_ref": ref, "received_at": at}
