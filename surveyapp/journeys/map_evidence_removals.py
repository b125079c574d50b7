"""Evidence taken off a map, put back, and deleted for good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, NotFound
from surveyapp.installation import Installation
from surveyapp.journeys.map_evidence import evidence_row, refuse_twice
from surveyapp.journeys.record_removals import KEPT
from surveyapp.store.audit import record
from surveyapp.store.columns import utc_now
from surveyapp.store.models import File, Journey, MapEvidence, Stage

_AT_ONCE = 100


def take_evidence_off(
    session: Session, journey: Journey, evidence_id: int, *, user_id: int | None
) -> None:
    """Take a quote or file off the map; it can be put back for ``KEPT``. Raises NotFound."""
    row = evidence_row(session, journey.id, evidence_id)
    row.removed_at, row.removed_by = utc_now(), user_id
    record(session, user_id, "remove map evidence", f"journey {journey.code}", number=row.id)


def put_evidence_back(
    session: Session, journey: Journey, evidence_id: int, *, user_id: int | None
) -> None:
    """Put a removed quote or file back. Raises NotFound where it is there already or gone for good: a
    quote goes with its response; Conflict without its stage, for one that is there twice or too many.
    """
    row = _removed(session, journey.id, evidence_id)
    stage = next((each for each in journey.stages if each.id == row.stage_id), None)
    if stage is None:
        raise Conflict("The stage of this evidence is gone; restore the stage first.")
    refuse_twice(session, stage, row)
    row.removed_at, row.removed_by = None, None
    record(session, user_id, "restore map evidence", f"journey {journey.code}", number=row.id)


def delete_evidence(
    installation: Installation,
    session: Session,
    journey: Journey,
    evidence_id: int,
    *,
    user_id: int | None,
) -> None:
    """Delete removed evidence, and the bytes of a file, before its time. Raises NotFound."""
    row = _removed(session, journey.id, evidence_id)
    record(session, user_id, "delete map evidence", f"journey {journey.code}", number=row.id)
    _delete(installation, session, row)


def forget_evidence(installation: Installation, now: datetime) -> int:
    """Delete evidence whose time to be put back is over; how many pieces."""
    due = MapEvidence.removed_at < now - KEPT
    with installation.store.reading() as session:
        numbers = session.scalars(select(MapEvidence.id).where(due).limit(_AT_ONCE)).all()
    gone = 0
    for number in numbers:
        with installation.store.writing() as session:
            query = select(MapEvidence).where(MapEvidence.id == number, due)
            row = session.scalar(query.with_for_update())
            if row is not None:
                _delete(installation, session, row)
                gone += 1
    return gone


def set_evidence_aside(session: Session, stage: Stage, *, user_id: int | None) -> list[int]:
    """Let evidence name its stage no more, before the stage goes; the numbers of what stood there."""
    there = select(MapEvidence).where(MapEvidence.stage_id == stage.id).order_by(MapEvidence.id)
    stood = []
    for row in session.scalars(there).all():
        if row.removed_at is None:
            stood.append(row.id)
            row.removed_at, row.removed_by = utc_now(), user_id
        row.stage_id = None
    session.flush()
    return stood


def take_evidence_back(session: Session, stage: Stage, content: Mapping[str, Any]) -> None:
    """Let the evidence that stood at a stage stand there again: what is left of it."""
    numbers: Sequence[int] = content.get("evidence", ())
    for row in session.scalars(select(MapEvidence).where(MapEvidence.id.in_(numbers))):
        row.stage_id, row.removed_at, row.removed_by = stage.id, None, None


def removed_count(session: Session, journey_id: int) -> int:
    """How many pieces can be put back, those among them whose words nobody may read."""
    gone = (MapEvidence.journey_id == journey_id, MapEvidence.removed_at.is_not(None))
    query = select(func.count()).select_from(MapEvidence).where(*gone)
    return session.scalar(query.where(MapEvidence.stage_id.is_not(None))) or 0


def _removed(session: Session, journey_id: int, evidence_id: int) -> MapEvidence:
    row = session.get(MapEvidence, evidence_id)
    if row is None or row.journey_id != journey_id or row.removed_at is None:
        raise NotFound(
            "This evidence stands on the map already, or is gone for good: its file was deleted, or its"
            " customer's answers were."
        )
    return row


def _delete(installation: Installation, session: Session, row: MapEvidence) -> None:
    file = session.get(File, row.file_id) if row.file_id is not None else None
    session.delete(row)
    session.flush()
    if file is not None:
        installation.files.remove(session, file)
