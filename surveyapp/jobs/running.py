"""Running a job to its end, whatever happens to the worker or the database meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from time import monotonic, sleep
from typing import Any

from sqlalchemy.orm import Session

from analysis.errors import AnalysisError
from surveyapp import logs, tracing
from surveyapp.errors import SurveyappError
from surveyapp.extras import told
from surveyapp.installation import Installation
from surveyapp.jobs import kinds
from surveyapp.jobs.limits import UNDER_WAY
from surveyapp.periodic import repeat
from surveyapp.store import queue
from surveyapp.store.database_errors import UNAVAILABLE
from surveyapp.store.models import Job
from surveyapp.tracing import Traced

log = logging.getLogger(__name__)

Progress = Callable[[int, str], None]
Work = Callable[[Installation, dict[str, Any], Progress], dict[str, Any] | None]

_HEARTBEAT_SECONDS = 20.0
_PROGRESS_SECONDS = 1.0  # a step may report a thousand times a second; the page looks once
_PATIENCE = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)  # seconds between tries to write a job's end


def run_waiting(installation: Installation, *, worker: str, work: Mapping[str, Work]) -> bool:
    """Run the oldest job that waits and that this host has the libraries for; whether there was one."""
    with installation.store.reading() as session:  # without waiting for the lock of who writes
        waiting = queue.waiting(session, without=kinds.out_of_reach())
    return any(run(installation, job_id, worker=worker, work=work) for job_id in waiting)


def run(
    installation: Installation,
    job_id: int,
    *,
    worker: str,
    shown: Progress | None = None,
    work: Mapping[str, Work],
    pause: Callable[[float], object] = sleep,
) -> bool:
    """Run one waiting job to its end. False when someone else has it or it is finished.

    An error that speaks to people becomes the job's error; any other is logged with its trace
    and the person gets the job's number to quote. A job whose database goes away waits again.
    """
    with installation.store.writing() as session:
        job = queue.claim(session, job_id, worker=worker)
    if job is None:
        return False
    with (
        logs.about_job(job.id),
        tracing.job_span(job.kind, job.id) as traced,
        _beating(installation, job),
        UNDER_WAY.begun(job.id),
    ):
        try:
            _keep(installation, _ended(installation, job, shown, work, traced), pause)
        except queue.Lost as lost:
            log.warning("%s", lost)
    return True


def _ended(
    installation: Installation,
    job: Job,
    shown: Progress | None,
    work: Mapping[str, Work],
    traced: Traced,
) -> Callable[[Session], object]:
    """Do the work; what is to be written about its end."""
    try:
        result = work[job.kind](
            installation, dict(job.parameters), _progress(installation, job, shown)
        )
    except queue.Lost:
        raise
    except (SurveyappError, AnalysisError) as error:
        traced.fail(type(error).__name__)
        return partial(queue.fail, job=job, error=str(error))
    except UNAVAILABLE as error:
        traced.fail(type(error).__name__)
        log.exception("job %s (%s) lost the database; it waits again", job.id, job.kind)
        return partial(queue.give_back, job=job)
    except Exception as error:
        traced.fail(type(error).__name__)
        missing = told(error)
        if missing is not error:
            return partial(queue.fail, job=job, error=str(missing))
        log.exception("job %s (%s) failed", job.id, job.kind)
        sorry = f"Something went wrong that should not; the log has the details of job {job.id}."
        return partial(queue.fail, job=job, error=sorry)
    return partial(queue.finish, job=job, result=result)


def _keep(
    installation: Installation, end: Callable[[Session], object], pause: Callable[[float], object]
) -> None:
    """Write a job's end; a database that is away for minutes does not undo an hour's work."""
    for seconds in (*_PATIENCE, None):
        try:
            with installation.store.writing() as session:
                end(session)
        except UNAVAILABLE:
            if seconds is None:
                raise  # the sweep finds the job
            pause(seconds)
        else:
            return


def _progress(installation: Installation, job: Job, shown: Progress | None) -> Progress:
    last = 0.0

    def report(percent: int, step: str) -> None:
        nonlocal last
        if shown is not None:
            shown(percent, step)
        if monotonic() - last < _PROGRESS_SECONDS and percent < 100:
            return
        last = monotonic()
        with installation.store.writing() as session:
            queue.progress(session, job, percent, step)

    return report


@contextmanager
def _beating(installation: Installation, job: Job) -> Iterator[None]:
    """Heartbeats from a thread of their own: a long matrix step reports nothing for minutes."""
    over = threading.Event()

    def beat() -> None:
        try:
            with installation.store.writing() as session:
                queue.heartbeat(session, job)
        except queue.Lost:
            over.set()  # the work itself is told at its next step

    thread = threading.Thread(
        target=repeat,
        args=(beat, over.wait),
        kwargs={"name": "the heartbeat", "seconds": _HEARTBEAT_SECONDS},
        name=f"heartbeat {job.id}",
        daemon=True,
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
