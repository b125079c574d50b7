"""Jobs: asking is writing a row in the caller's transaction; workers wait on the rows themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from time import sleep
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from surveyapp.errors import SurveyappError
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import Job
from surveyapp.store.poolers import has_pooler

CHANNEL = "surveyapp_jobs"
_MOST_ATTEMPTS = 3
# A worker writes a heartbeat every 20 seconds; silence for this long means that it was killed.
SILENCE = timedelta(minutes=2)
_LISTEN_SECONDS = 1.0  # between two looks whether listening is over


class Lost(SurveyappError):
    """The job is not this worker's any more: it fell silent, and another has taken the job."""


def ask(
    session: Session,
    kind: str,
    parameters: dict[str, Any],
    *,
    journey_id: int | None = None,
    user_id: int | None = None,
) -> Job:
    """Write a waiting job into the caller's transaction; its commit wakes a worker on PostgreSQL."""
    job = Job(kind=kind, parameters=parameters, journey_id=journey_id, created_by=user_id)
    session.add(job)
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_notify(CHANNEL, "")))
    return job


def listen(store: Store, over: Callable[[], bool], woken: Callable[[], None]) -> None:
    """Call ``woken`` for each job that is asked for until ``over``; PostgreSQL only.

    Raises OperationalError when the connection breaks. Called once at the start, for what came before.
    Through a pooler nothing is heard: it is called every second.
    """
    if has_pooler(store.engine):
        while not over():
            woken()
            sleep(_LISTEN_SECONDS)
        return
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"LISTEN {CHANNEL}")
        driver = connection.connection.driver_connection
        woken()
        while driver is not None and not over():
            for _ in driver.notifies(timeout=_LISTEN_SECONDS, stop_after=1):
                woken()


def waiting(session: Session, *, without: Collection[str] = ()) -> list[int]:
    """The ids of the jobs that wait and are of no kind in ``without``, the oldest first."""
    wanted = (Job.state == "waiting") & Job.kind.not_in(without)
    return list(session.scalars(select(Job.id).where(wanted).order_by(Job.id)))


def claim(session: Session, job_id: int, *, worker: str) -> Job | None:
    """Take a waiting job for this worker, or None when somebody else has it or it is finished.

    ``worker`` is a name that no other process has or had: by it and by the number of the attempt the
    job is known as this worker's until it ends.
    """
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


def progress(session: Session, job: Job, percent: int, step: str) -> None:
    """Note how far a claimed job is; also its sign of life. Raises Lost."""
    _change(
        session,
        job,
        percent=max(0, min(100, percent)),
        step=step[:200],
        heartbeat_at=utc_now(),
    )


def heartbeat(session: Session, job: Job) -> None:
    """Say that the worker of this claimed job is alive. Raises Lost."""
    _change(session, job, heartbeat_at=utc_now())


def finish(session: Session, job: Job, *, result: dict[str, Any] | None = None) -> None:
    """Mark a claimed job done. Raises Lost."""
    _change(
        session,
        job,
        state="done",
        percent=100,
        step="Done",
        result=result,
        finished_at=utc_now(),
    )


def fail(session: Session, job: Job, error: str) -> None:
    """Mark a claimed job failed, with a sentence for the person who asked. Raises Lost."""
    _change(session, job, state="failed", error=error, finished_at=utc_now())


def stop(session: Session, job_id: int, error: str) -> bool:
    """End a job that waits or runs, whoever has it: its worker is told at its next step. False where it
    has ended already.
    """
    stopped = session.scalar(
        update(Job)
        .where(Job.id == job_id, Job.state.in_(("waiting", "running")))
        .values(state="failed", error=error, finished_at=utc_now())
        .returning(Job.id)
    )
    return stopped is not None


def retry(session: Session, job_id: int) -> bool:
    """Let a failed job wait once more, with all its attempts. False where it has not failed."""
    again = session.scalar(
        update(Job)
        .where(Job.id == job_id, Job.state == "failed")
        .values(
            state="waiting",
            attempts=0,
            percent=0,
            step="",
            error="",
            worker="",
            started_at=None,
            heartbeat_at=None,
            finished_at=None,
        )
        .returning(Job.id)
    )
    if again is not None and session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_notify(CHANNEL, "")))
    return again is not None


def _change(session: Session, job: Job, **values: Any) -> None:
    """Write to the row only while the claim holds: what was requeued belongs to its next worker."""
    changed = session.scalar(update(Job).where(_claimed(job)).values(**values).returning(Job.id))
    if changed is None:
        raise Lost(f"Job {job.id} was taken over by another worker.")


def _claimed(job: Job) -> ColumnElement[bool]:
    return and_(
        Job.id == job.id,
        Job.state == "running",
        Job.worker == job.worker,
        Job.attempts == job.attempts,
    )


def give_back(session: Session, job: Job) -> int:
    """Let a claimed job wait again, because what it needs is away; 0 where the claim is lost."""
    return _requeue(session, _claimed(job))


def sweep(session: Session, *, left_by: str = "", now: datetime | None = None) -> int:
    """Let jobs wait again whose worker fell silent, or which ``left_by``, a dead worker, left behind.

    Returns how many. A job that took three workers down with it is failed instead.
    """
    silent = Job.heartbeat_at < (now or utc_now()) - SILENCE
    left = or_(silent, Job.worker == left_by) if left_by else silent
    return _requeue(session, Job.state == "running", left)


def _requeue(session: Session, *which: ColumnElement[bool]) -> int:
    session.execute(
        update(Job)
        .where(*which, Job.attempts >= _MOST_ATTEMPTS)
        .values(
            state="failed",
            finished_at=utc_now(),
            error=f"The worker stopped {_MOST_ATTEMPTS} times while doing this; see its log, then ask again.",
        )
    )
    requeued = session.scalars(
        update(Job)
        .where(*which)
        .values(state="waiting", worker="", step="Waiting again")
        .returning(Job.id)
    )
    return len(requeued.all())
