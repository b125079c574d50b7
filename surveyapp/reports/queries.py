"""Reads of reports."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from surveyapp.errors import NotFound
from surveyapp.store.models import Report, ReportFile

_WITH = (
    joinedload(Report.job),
    joinedload(Report.segment),
    joinedload(Report.file),
    joinedload(Report.content),
    selectinload(Report.documents).joinedload(ReportFile.file),
)


def reports(session: Session, journey_id: int) -> list[Report]:
    """The journey's reports with their jobs and files, the newest first."""
    query = select(Report).options(*_WITH).where(Report.journey_id == journey_id)
    return list(session.scalars(query.order_by(Report.id.desc())))


def report(session: Session, journey_id: int, report_id: int) -> Report:
    """A report of this journey; NotFound also when it belongs to another one."""
    found = session.scalar(select(Report).options(*_WITH).where(Report.id == report_id))
    if found is None or found.journey_id != journey_id:
        raise NotFound("There is no such report in this journey.")
    return found
