"""Alerts of the demonstration: one of each kind, one on both sides and one with weights; at least one has told of a crossing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from surveyapp.closed_loop.alert_duty import alerts_due
from surveyapp.closed_loop.alert_rules import AlertRule
from surveyapp.closed_loop.alerts import Doer, create_alert
from surveyapp.installation import Installation
from surveyapp.store.models import Journey


def watch(installation: Installation, journey_code: str, owner_id: int) -> int:
    """Add the alerts and have them judge the last months, as a worker would; how many told."""
    by = Doer(owner_id)
    with installation.store.writing() as session:
        found = session.scalars(select(Journey).where(Journey.code == journey_code)).one()
        common: dict[str, Any] = {"journey_id": found.id, "people": [owner_id]}
        for rule in (
            AlertRule(
                scale="csat",
                place="apply/identity",
                value=60.0,
                months=6,
                minimum_n=10,
                emails=["care@northbank.example"],
                escalate_to=owner_id,
                **common,
            ),
            AlertRule(
                scale="csat",
                place="start/signin",
                value=40.0,
                outside=True,
                upper=85.0,
                months=3,
                minimum_n=10,
                digest="daily",
                **common,
            ),
            AlertRule(scale="sjq", kind="change", months=3, digest="weekly", **common),
            AlertRule(scale="nps", value=50.0, weighted=True, months=6, **common),
            AlertRule(scale="nps", kind="control", weighted=True, digest="daily", **common),
        ):
            create_alert(session, rule, by=by, installation=installation)
    return alerts_due(installation, installation.now())
