"""Reports that are deleted: one, or all that may hold answers which were erased after they were made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.responses.outdated import ERASED
from surveyapp.store.audit import record
from surveyapp.store.files import FileStore
from surveyapp.store.models import Report

_MARKED = (Report.parameters[ERASED].as_string().is_not(None), Report.file_id.is_not(None))


def holds_erased(report: Report) -> bool:
    """Whether the report may hold answers that were erased after it was made."""
    return report.file_id is not None and ERASED in report.parameters


def remove_report(
    session: Session, report: Report, files: FileStore, *, user_id: int | None, **detail: str
) -> None:
    """Delete a finished report with its files, tables and figures."""
    kept = [file for file in (report.file, report.content) if file is not None]
    kept += [each.file for each in report.documents]
    session.delete(report)
    session.flush()
    for file in kept:
        files.remove(session, file)
    record(session, user_id, "remove report", f"report {report.id}", kind=report.kind, **detail)


def remove_holding_erased(
    session: Session, journey_id: int, files: FileStore, *, user_id: int | None
) -> int:
    """Delete the journey's reports that may hold erased answers; how many."""
    found = session.scalars(select(Report).where(Report.journey_id == journey_id, *_MARKED)).all()
    for report in found:
        remove_report(session, report, files, user_id=user_id, erased=report.parameters[ERASED])
    return len(found)


def remove_due(installation: Installation, now: datetime) -> int:
    """Delete every report that may hold erased answers where the setting ``remove_reports`` says so;
    how many.
    """
    if not installation.settings.remove_reports:
        return 0
    with installation.store.reading() as session:
        numbers = list(session.scalars(select(Report.id).where(*_MARKED)))
    for number in numbers:
        with installation.store.writing() as session:
            report = session.get(Report, number)
            if report is not None and holds_erased(report):
                told = {"erased": report.parameters[ERASED]}
                remove_report(session, report, installation.files, user_id=None, **told)
    return len(numbers)
