"""Asking for analyses: a row and a job in the caller's transaction."""

from __future__ import annotations

from sqlalchemy.orm import Session

from surveyapp.errors import Invalid, NotFound
from surveyapp.store import queue
from surveyapp.store.audit import record
from surveyapp.store.models import Analysis, Deployment, Journey, Segment


def ask_validation(
    session: Session,
    *,
    journey_id: int,
    deployment_id: int | None,
    instrument: str,
    key: str | None,
    segment_id: int | None,
    seed: int,
    user_id: int | None,
) -> Analysis:
    """Ask for the validation of a scale on the answers of a deployment, or of the whole journey.

    Raises NotFound for an unknown journey, deployment or segment, Invalid for an instrument that
    is not asked there.
    """
    journey = session.get(Journey, journey_id)
    if journey is None:
        raise NotFound(f"there is no journey number {journey_id}")
    if segment_id is not None and session.get(Segment, segment_id) is None:
        raise NotFound(f"there is no segment number {segment_id}")
    deployments = [
        deployment
        for deployment in journey.deployments
        if deployment_id is None or deployment.id == deployment_id
    ]
    if deployment_id is not None and not deployments:
        raise NotFound(f"journey {journey.code} has no deployment number {deployment_id}")
    analysis = Analysis(
        kind="validate_scale",
        journey_id=journey_id,
        deployment_id=deployment_id,
        segment_id=segment_id,
        instrument=instrument,
        parameters={"key": key, "version": _version(deployments, instrument)},
        seed=seed,
        created_by=user_id,
    )
    session.add(analysis)
    session.flush()
    job = queue.ask(session, "validate_scale", {"analysis_id": analysis.id}, user_id=user_id)
    analysis.job_id = job.id
    session.flush()
    record(
        session,
        user_id,
        "ask validation",
        f"journey {journey.code}",
        instrument=instrument,
        key=key,
    )
    return analysis


def _version(deployments: list[Deployment], instrument: str) -> str | None:
    """The newest version asked; older answers of the same items are taken with it."""
    versions = [
        ask.get("version")
        for deployment in deployments
        for ask in deployment.asks
        if ask["instrument"] == instrument
    ]
    if not versions:
        raise Invalid(
            f"{instrument} is not asked there; choose an instrument of the deployment",
            field="instrument",
        )
    return versions[-1]
