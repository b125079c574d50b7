"""Jobs: asking is writing a row in the same transaction; the message after it only wakes a worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, or_, select, update
from sqlalchemy.orm import Session

from surveyapp.store.columns import utc_now
from surveyapp.store.models import Job

_WAKE = "surveyapp.wake"
_MOST_ATTEMPTS = 3
# A worker writes a heartbeat every 20 seconds; silence for this long means that it was killed.
SILENCE = timedelta(minutes=2)


def on_commit_wake(session: Session, wake: Callable[[int], None]) -> None:
    """Have ``wake(job id)`` called after the commit for each job asked for in this session.

    A lost wake-up loses nothing: the sweep finds the row.
    """
    session.info[_WAKE] = wake


def ask(
    session: Session, kind: str, parameters: dict[str, Any], *, user_id: int | None = None
) -> Job:
    """Write a waiting job into the caller's transaction."""
    job = Job(kind=kind, parameters=parameters, created_by=user_id)
    session.add(job)
    session.flush()
    wake = session.info.get(_WAKE)
    if wake is not None:
        number = job.id
        event.listen(session, "after_commit", lambda _session: wake(number), once=True)
    return job


def claim(session: Session, job_id: int, *, worker: str) -> Job | None:
    """Take a waiting job for this worker, or None when somebody else has it or it is finished."""
    now = utc_now()
    taken = session.scalar(
        update(Job)
        .where(Job.id == job_id, Job.state == "waiting")
        .values(
            state="running",
            worker=worker,
            started_at=now,
            heartbeat_at=now,
            attempts=Job.attempts + 1,
            percent=0,
            step="Starting",
            error="",
        )
        .returning(Job.id)
    )
    if taken is None:
        return None
    return session.get_one(Job, job_id, populate_existing=True)


def progress(session: Session, job_id: int, percent: int, step: str) -> None:
    """Note how far a running job is; also its sign of life."""
    session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == "running")
        .values(percent=max(0, min(100, percent)), step=step[:200], heartbeat_at=utc_now())
    )


def finish(session: Session, job_id: int, *, result: dict[str, Any] | None = None) -> None:
    """Mark a job done."""
    session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(state="done", percent=100, step="Done", result=result, finished_at=utc_now())
    )


def fail(session: Session, job_id: int, error: str) -> None:
    """Mark a job failed, with a sentence for the person who asked."""
    session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(state="failed", error=error, finished_at=utc_now())
    )


def sweep(session: Session, *, worker: str | None = None, now: datetime | None = None) -> list[int]:
    """Requeue what a killed worker left, and return the ids of all waiting jobs.

    At start ``worker`` is the starting worker's own name: whatever runs under that name cannot be
    running any more. A job that took a worker down with it three times is failed instead.
    """
    silent = (now or utc_now()) - SILENCE
    left = (
        or_(Job.heartbeat_at < silent, Job.worker == worker)
        if worker
        else Job.heartbeat_at < silent
    )
    session.execute(
        update(Job)
        .where(Job.state == "running", left, Job.attempts >= _MOST_ATTEMPTS)
        .values(
            state="failed",
            finished_at=utc_now(),
            error=f"The worker stopped {_MOST_ATTEMPTS} times while doing this; see its log, then ask again.",
        )
    )
    session.execute(
        update(Job)
        .where(Job.state == "running", left)
        .values(state="waiting", worker="", step="Waiting again")
    )
    return list(session.scalars(select(Job.id).where(Job.state == "waiting").order_by(Job.id)))


def heartbeat(session: Session, job_id: int) -> None:
    """Say that the worker of this running job is alive."""
    session.execute(
        update(Job).where(Job.id == job_id, Job.state == "running").values(heartbeat_at=utc_now())
    )
