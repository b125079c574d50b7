"""Reports that were made before answers changed."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.store.models import Report

OUTDATED = "outdated"  # in a report's parameters: the day on which answers under it changed


def mark_reports(session: Session, journey_id: int, day: date) -> None:
    """Say on each finished report of the journey that answers under it have changed."""
    finished = select(Report).where(Report.journey_id == journey_id, Report.file_id.is_not(None))
    for report in session.scalars(finished):
        if report.parameters.get(OUTDATED) != day.isoformat():
            report.parameters = {**report.parameters, OUTDATED: day.isoformat()}
