"""Reports, journeys and installations for the tests of asking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.sampling.actions import change_sampling
from surveyapp.sampling.decisions import decide_due
from surveyapp.sampling.eligibility import Rules
from surveyapp.sampling.interactions import Received, receive
from surveyapp.store.db import Store
from surveyapp.store.models import (
    Decision,
    Interaction,
    Journey,
    Stage,
    SurveyRow,
    Touchpoint,
)
from tests.responses import makers
from tests.responses.makers import SECRET

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)


def make_bank(session: Session, *, gap: int | None = None) -> Journey:
    """A journey with touchpoints apply/form, apply/branch and use/branch."""
    journey = Journey(code="account", name="Open an account", provider="Northbank")
    journey.run_gap_days = gap
    for place, (stage, points) in enumerate(
        {"apply": ("form", "branch"), "use": ("branch",)}.items()
    ):
        touchpoints = [
            Touchpoint(code=code, name=f"the {code}", position=at) for at, code in enumerate(points)
        ]
        journey.stages.append(
            Stage(code=stage, name=stage, position=place, touchpoints=touchpoints)
        )
    session.add(journey)
    session.flush()
    return journey


def report(number: int = 1, *, days: float = 0, **other: Any) -> dict[str, Any]:
    """A good report, ``days`` before NOW."""
    return {
        "journey": "account",
        "touchpoint": "form",
        "customer_ref": "4711",
        "at": (NOW - timedelta(days=days)).isoformat(),
        "external_id": f"event {number}",
        **other,
    }


def bring(store: Store, *reports: object, now: datetime = NOW) -> Received:
    """Receive a batch in a transaction of its own."""
    with store.writing() as session:
        return receive(session, reports, secret_key=SECRET, source="api", now=now)


def make_survey(
    session: Session, journey: Journey, *, at_end: bool = False, asks: str = "nps", **rules: Any
) -> SurveyRow:
    """An open survey at apply/form, or at the journey's end, that asks by these rules."""
    survey = makers.make_survey(
        session, asks=(asks,), journey=journey, at_end=at_end, name=f"Survey {asks}"
    )
    change_sampling(session, survey, {"active": True, **rules}, user_id=None)
    session.flush()
    return survey


def decide(store: Store, *, now: datetime = NOW, limit: int = 300, **rules: Any) -> int:
    """Decide about everything that waits; how many interactions were looked at."""
    given = Rules(**{"time_zone": "UTC", "rest_days": 30, "asks_a_year": 6, **rules})
    done = 0
    while True:
        with store.writing() as session:
            some = decide_due(session, now=now, secret_key=SECRET, rules=given, limit=limit)
        done += some
        if not some:
            return done


def decisions(store: Store) -> list[tuple[str, str, str]]:
    """External id, outcome and reason of every decision, in the order of external ids."""
    with store.reading() as session:
        rows = session.execute(
            select(Interaction.external_id, Decision.outcome, Decision.reason)
            .join(Decision, Decision.interaction_id == Interaction.id)
            .order_by(Interaction.external_id, Decision.survey_id)
        )
        return [(row[0] or "", row[1], row[2]) for row in rows]
