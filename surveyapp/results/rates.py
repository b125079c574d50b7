"""Response counts and rates by deployment, from rollups and invitation states."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analysis.metrics import share
from surveyapp.fielding.queries import answered_anonymously
from surveyapp.results import cells
from surveyapp.results.journey import Ground, Period, ground, period
from surveyapp.results.shapes import ResponseRate
from surveyapp.store.models import Deployment, Invitation

_NOBODY = (0, None, None)


def response_rates(
    session: Session,
    journey_id: int,
    *,
    since: date | None = None,
    until: date | None = None,
    roots: Sequence[str | Path] = (),
) -> tuple[ResponseRate, ...]:
    """What was sent and what came back, in the journey's order, its end last. Raises NotFound.

    A period counts answers given in it, and invitations made in it whenever they were answered.
    """
    base = ground(session, journey_id, roots=roots)
    when = period(since, until)
    answered = cells.days(session, base.ids, since=when.since, until=when.until)
    invited = _invitations(session, base.ids, when)
    return tuple(
        _rate(
            base, deployment, answered.get(deployment.id, _NOBODY), invited.get(deployment.id, {})
        )
        for deployment in sorted(base.deployments, key=lambda d: _order(base, d))
    )


def _invitations(
    session: Session, deployments: Sequence[int], when: Period
) -> dict[int, dict[str, int]]:
    query = (
        select(Invitation.deployment_id, Invitation.state, func.count())
        .where(Invitation.deployment_id.in_(deployments))
        .group_by(Invitation.deployment_id, Invitation.state)
    )
    begin = end = None
    if when.since is not None:
        begin = datetime.combine(when.since, time(), UTC)
        query = query.where(Invitation.created_at >= begin)
    if when.until is not None:
        end = datetime.combine(when.until + timedelta(days=1), time(), UTC)
        query = query.where(Invitation.created_at < end)
    found: dict[int, dict[str, int]] = {}
    for deployment, state, n in session.execute(query):
        found.setdefault(deployment, {})[state] = n
    # An anonymous deployment keeps no used invitation: its answers say how many there were.
    for deployment, n in answered_anonymously(session, deployments, begin=begin, end=end).items():
        found.setdefault(deployment, {})["completed"] = n
    return found


def _order(base: Ground, deployment: Deployment) -> tuple[int, int]:
    touchpoints = [t.id for stage in base.journey.stages for t in stage.touchpoints]
    place = deployment.touchpoint_id
    return (touchpoints.index(place) if place in touchpoints else len(touchpoints), deployment.id)


def _rate(
    base: Ground,
    deployment: Deployment,
    answered: tuple[int, date | None, date | None],
    states: dict[str, int],
) -> ResponseRate:
    completed = states.get("completed", 0)
    opened = states.get("opened", 0) + completed
    sent = states.get("created", 0) + opened
    rate = share(completed, sent) if sent else None
    names = {
        touchpoint.id: (stage.name, touchpoint.name)
        for stage in base.journey.stages
        for touchpoint in stage.touchpoints
    }
    stage, touchpoint = names.get(deployment.touchpoint_id or 0, (None, None))
    responses, first, last = answered
    return ResponseRate(
        deployment_id=deployment.id,
        code=deployment.code,
        name=deployment.name,
        stage=stage,
        touchpoint=touchpoint,
        responses=responses,
        sent=sent,
        opened=opened,
        completed=completed,
        not_sent=states.get("suppressed", 0),
        rate=rate.estimate if rate else None,
        low=rate.low if rate else None,
        high=rate.high if rate else None,
        first_day=first,
        last_day=last,
    )
