"""Reads of stored analyses."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from surveyapp.errors import NotFound
from surveyapp.store.models import Analysis

_WITH = (joinedload(Analysis.job), joinedload(Analysis.segment), joinedload(Analysis.survey))


def analyses(session: Session, journey_id: int) -> list[Analysis]:
    """The journey's analyses with their jobs, the newest first."""
    query = select(Analysis).options(*_WITH).where(Analysis.journey_id == journey_id)
    return list(session.scalars(query.order_by(Analysis.id.desc())))


def analysis(session: Session, journey_id: int, analysis_id: int) -> Analysis:
    """An analysis of this journey; NotFound also when it belongs to another one."""
    found = session.scalar(select(Analysis).options(*_WITH).where(Analysis.id == analysis_id))
    if found is None or found.journey_id != journey_id:
        raise NotFound("There is no such analysis in this journey.")
    return found


def latest_study(session: Session, journey_id: int) -> Analysis | None:
    """The newest finished service journey study of a journey."""
    return session.scalar(
        select(Analysis)
        .where(
            Analysis.journey_id == journey_id,
            Analysis.kind == "sjq_study",
            Analysis.result.is_not(None),
        )
        .order_by(Analysis.id.desc())
        .limit(1)
    )


def latest_validation(session: Session, journey_id: int, instrument: str) -> Analysis | None:
    """The newest finished scale validation of an instrument on all of a journey's customers."""
    return session.scalar(
        select(Analysis)
        .where(
            Analysis.journey_id == journey_id,
            Analysis.kind == "validate_scale",
            Analysis.instrument == instrument,
            Analysis.segment_id.is_(None),
            Analysis.result.is_not(None),
        )
        .order_by(Analysis.id.desc())
        .limit(1)
    )
