"""Known shares of the demonstration's customers, from which the answers' own differ."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.jobs.kinds import SORT_SEGMENT
from surveyapp.journeys.population_shares import set_shares
from surveyapp.responses.sorting import sort_batch
from surveyapp.store import queue
from surveyapp.store.models import Job, Journey, WeightingCell

_REGIONS = "North 35\nSouth 30\nWest 20\nEast 15"


def tell_shares(session: Session, journey: Journey, *, today: date, worker: str) -> None:
    """Set the shares of the regions at the end of the year before; every answer to come is counted by them."""
    set_shares(
        session,
        journey,
        attribute="region",
        lines=_REGIONS,
        source="Customer register",
        counted_on=date(today.year - 1, 12, 31),
        user_id=None,
    )
    first = session.scalars(select(WeightingCell.id).order_by(WeightingCell.id)).first()
    if first is not None:
        sort_batch(session, first)  # at once: there is nothing to sort yet
    asked = select(Job.id).where(Job.kind == SORT_SEGMENT.name).order_by(Job.id.desc()).limit(1)
    job = session.scalar(asked)
    claimed = None if job is None else queue.claim(session, job, worker=worker)
    if claimed is not None:
        queue.finish(session, claimed)
