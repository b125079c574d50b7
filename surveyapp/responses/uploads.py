"""Files of answers that were brought in: kept no longer than bringing them in takes.

A file holds answers and customers as somebody typed them, where erasing a customer never reaches.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.jobs.kinds import IMPORT_RESPONSES
from surveyapp.store.models import File, Job

KEPT = timedelta(days=30)  # for which a job's page lists the rows that were refused, and why
_AT_ONCE = 20
_OVER = Job.state.in_(("done", "failed"))


def forget(installation: Installation, now: datetime) -> int:
    """Delete files whose import is over, and old lists of refused rows; how many of both."""
    with installation.store.reading() as session:
        files = list(session.scalars(_brought_in()))
        jobs = list(session.scalars(_told_long_ago(now - KEPT)))
    for number in files:
        with installation.store.writing() as session:
            file = session.get(File, number)
            if file is not None:
                installation.files.remove(session, file)
    for number in jobs:
        with installation.store.writing() as session:
            _drop_refused(session, number, now)
    return len(files) + len(jobs)


def _brought_in() -> Select[int]:
    own = Job.parameters["file_id"].as_integer() == File.id
    return (
        select(File.id)
        .join(Job, own)
        .where(Job.kind == IMPORT_RESPONSES.name, _OVER)
        .limit(_AT_ONCE)
    )


def _told_long_ago(before: datetime) -> Select[int]:
    old = (Job.finished_at < before, Job.cleared_at.is_(None))
    return select(Job.id).where(Job.kind == IMPORT_RESPONSES.name, _OVER, *old).limit(_AT_ONCE)


def _drop_refused(session: Session, number: int, now: datetime) -> None:
    job = session.get(Job, number)
    if job is None:
        return
    job.cleared_at = now
    if job.result is not None:
        kept = {name: value for name, value in job.result.items() if name != "refused"}
        job.result = {**kept, "refused": []}
