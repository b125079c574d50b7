"""Asking for the analysis of a journey's outcomes, and the newest one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.jobs import kinds
from surveyapp.results.outcomes.rows import counts
from surveyapp.results.outcomes.staleness import OutcomeChanges, outcome_changes
from surveyapp.store.audit import record
from surveyapp.store.models import Interaction, Job, Journey, OutcomeAnalysis, Stage, Touchpoint


@dataclass(frozen=True)
class FoundOutcomes:
    """The stored result, None before the first; ``changes``: of its data since; ``stored``: outcomes by
    kind; ``job``: the last one.
    """

    result: Mapping[str, Any] | None
    made_at: datetime | None
    changes: OutcomeChanges
    stored: Mapping[str, int]
    job: Job | None

    @property
    def is_stale(self) -> bool:
        """Whether what it was made of has changed since."""
        return bool(self.changes)

    @property
    def is_running(self) -> bool:
        """Whether an analysis waits or runs."""
        return self.job is not None and self.job.state in ("waiting", "running")


def ask_outcome_analysis(session: Session, journey: Journey, *, user_id: int | None) -> Job:
    """Ask for the analysis; the job that already waits or runs for it, where there is one.

    Raises Invalid where there is neither an outcome nor an event.
    """
    if not can_be_analysed(session, journey.id):
        raise Invalid(
            "There are no outcomes of customers to analyse, and no events; import some first."
        )
    job = _last(session, journey.id)
    if job is not None and job.state in ("waiting", "running"):
        return job
    kind = kinds.ANALYSE_OUTCOMES
    payload = kinds.JourneyPayload(journey.id)
    job = kind.ask(session, payload, journey_id=journey.id, user_id=user_id)
    record(session, user_id, "analyse outcomes", f"journey {journey.code}")
    return job


def can_be_analysed(session: Session, journey_id: int) -> bool:
    """Whether anything is known of the journey's customers beside their answers."""
    points = select(Touchpoint.id).join(Stage).where(Stage.journey_id == journey_id)
    met = select(Interaction.id).where(Interaction.touchpoint_id.in_(points)).limit(1)
    return bool(counts(session, journey_id)) or session.scalar(met) is not None


def found_outcomes(session: Session, journey_id: int) -> FoundOutcomes:
    """The newest analysis of a journey, and what it would be made of now."""
    row = session.get(OutcomeAnalysis, journey_id)
    stored = counts(session, journey_id)
    return FoundOutcomes(
        row.result if row else None,
        row.made_at if row else None,
        outcome_changes(session, row, stored=sum(stored.values())) if row else OutcomeChanges(),
        stored,
        _last(session, journey_id),
    )


def _last(session: Session, journey_id: int) -> Job | None:
    return session.scalar(
        select(Job)
        .where(Job.kind == kinds.ANALYSE_OUTCOMES.name, Job.journey_id == journey_id)
        .order_by(Job.id.desc())
        .limit(1)
    )
