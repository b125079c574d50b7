"""Reports, journeys and installations for the tests of asking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.asking.interactions import Received, receive
from surveyapp.store.db import Store
from surveyapp.store.models import Journey, Stage, Touchpoint
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
