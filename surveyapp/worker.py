"""The worker: claims job rows, runs what they ask for, and keeps their progress true."""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import select

from analysis.errors import AnalysisError
from surveyapp.asking import duties as asking
from surveyapp.errors import SurveyappError
from surveyapp.fielding import drafts, draws
from surveyapp.hooks import deliveries
from surveyapp.loop import alerts, cases
from surveyapp.reports import make
from surveyapp.responses import imports, rollups, uploads
from surveyapp.results import compute, studies
from surveyapp.sending import outbox, retention
from surveyapp.store import events, queue
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Deployment, Event, Job
from surveyapp.store.storage import Storage

log = logging.getLogger(__name__)

Progress = Callable[[int, str], None]
Work = Callable[[Storage, dict[str, Any], Progress], dict[str, Any] | None]
Duty = Callable[[Storage, datetime], int]

_HEARTBEAT_SECONDS = 20.0
_SWEEP_SECONDS = 60.0
_ROUNDS = 20  # of spreading events before the clock is looked at again
_PROGRESS_SECONDS = 0.2  # a step may report a thousand times a second; the page looks once


def _validate_scale(
    storage: Storage, asked: dict[str, Any], progress: Progress
) -> dict[str, Any] | None:
    return compute.run_validation(
        storage.store,
        asked["analysis_id"],
        progress=progress,
        minimum_cell=storage.settings.minimum_cell,
        roots=storage.settings.instrument_roots,
    )


def _sjq_study(
    storage: Storage, asked: dict[str, Any], progress: Progress
) -> dict[str, Any] | None:
    return studies.run_study(
        storage.store,
        asked["analysis_id"],
        progress=progress,
        roots=storage.settings.instrument_roots,
    )


def _sjq_study_report(
    storage: Storage, asked: dict[str, Any], progress: Progress
) -> dict[str, Any] | None:
    return make.sjq_study(storage, asked["report_id"], progress=progress)


def _benchmark_report(
    storage: Storage, asked: dict[str, Any], progress: Progress
) -> dict[str, Any] | None:
    return make.benchmark(storage, asked["report_id"], progress=progress)


def _validation_report(
    storage: Storage, asked: dict[str, Any], progress: Progress
) -> dict[str, Any] | None:
    return make.validation(storage, asked["report_id"], progress=progress)


def _import_responses(
    storage: Storage, asked: dict[str, Any], progress: Progress
) -> dict[str, Any] | None:
    return imports.run_import(storage, asked, progress=progress)


def _rebuild_rollups(
    storage: Storage, asked: dict[str, Any], progress: Progress
) -> dict[str, Any] | None:
    """One deployment a transaction: customers who answer meanwhile wait for one of them at most."""
    with storage.store.reading() as session:
        deployments = session.execute(
            select(Deployment.id, Deployment.name).order_by(Deployment.id)
        ).all()
    rows = 0
    for place, (number, name) in enumerate(deployments):
        progress(100 * place // len(deployments), f"Counting {name}")
        with storage.store.writing() as session:
            rows += rollups.rebuild(
                session, deployment_id=number, segment_id=asked.get("segment_id")
            )
    return {"rollups": rows}


WORK: Mapping[str, Work] = {
    "validate_scale": _validate_scale,
    "sjq_study": _sjq_study,
    "benchmark_report": _benchmark_report,
    "validation_report": _validation_report,
    "sjq_study_report": _sjq_study_report,
    "import_responses": _import_responses,
    "rebuild_rollups": _rebuild_rollups,
}


# Who is told of what happened, by the event's kind; in the transaction that forgets the event.
LISTENERS: Mapping[str, tuple[events.Listener, ...]] = {
    "response": (deliveries.on_event,),
    "response.corrected": (deliveries.on_event,),
    "response.erased": (deliveries.on_event,),
    "case": (deliveries.on_event,),
    "alert": (deliveries.on_event,),
    "report": (deliveries.on_event,),
}


def listeners(storage: Storage) -> Mapping[str, tuple[events.Listener, ...]]:
    """LISTENERS, and before them those that need to know this installation's settings."""
    settings = storage.settings
    known = {"base_url": settings.base_url, "roots": settings.instrument_roots}
    first = {
        "response": partial(cases.on_response, **known),
        "response.corrected": partial(cases.on_correction, **known),
    }
    return {
        kind: (first[kind], *others) if kind in first else others
        for kind, others in LISTENERS.items()
    }


def _spread_events(storage: Storage, _now: datetime) -> int:
    with storage.store.reading() as session:
        if session.scalar(select(Event.id).limit(1)) is None:
            return 0  # without waiting for the lock of who writes
    told = 0
    for _ in range(_ROUNDS):
        with storage.store.writing() as session:
            count = events.spread(session, listeners(storage))
        told += count
        if count < events.AT_ONCE:
            break
    return told


# What a worker does by the clock: name -> (seconds between two rounds, what to do). A duty returns
# how much it did and is called again at once while there is something. Any number of workers may do
# the same one: each claims the rows that it works on.
DUTIES: Mapping[str, tuple[float, Duty]] = {
    "spread events": (1.0, _spread_events),
    "tell webhooks": (2.0, deliveries.deliver),
    "forget deliveries": (3600.0, deliveries.forget),
    "decide whom to ask": (2.0, asking.decide),
    "retire contacts": (3600.0, asking.retire),
    "send": (5.0, outbox.send_due),
    "forget messages": (3600.0, retention.forget),
    "forget uploads": (60.0, uploads.forget),
    "watch scores": (300.0, alerts.alerts_due),
    "mix draws": (3600.0, draws.mix),
    "forget drafts": (3600.0, drafts.forget),
}


def do_duties(
    storage: Storage,
    over: threading.Event,
    *,
    duties: Mapping[str, tuple[float, Duty]] = DUTIES,
    wait: float = 0.5,
) -> None:
    """Do each duty when it is due until ``over`` is set; a fault is logged, and tried again later."""
    due = dict.fromkeys(duties, 0.0)
    while not over.wait(wait):
        for name, (seconds, duty) in duties.items():
            if monotonic() < due[name]:
                continue
            due[name] = monotonic() + seconds
            try:
                if duty(storage, utc_now()):
                    due[name] = 0.0
            except Exception:
                log.exception("duty %r failed; it is tried again", name)
                due[name] = monotonic() + max(seconds, 30.0)
            if over.is_set():
                return


def run_job(
    storage: Storage,
    job_id: int,
    *,
    worker: str,
    shown: Progress | None = None,
    work: Mapping[str, Work] = WORK,
) -> bool:
    """Run one waiting job to its end. False when someone else has it or it is finished.

    An error that speaks to people becomes the job's error; any other is logged with its trace
    and the person gets the job's number to quote.
    """
    with storage.store.writing() as session:
        job = queue.claim(session, job_id, worker=worker)
    if job is None:
        return False
    try:
        with _beating(storage, job):
            result = work[job.kind](storage, dict(job.parameters), _progress(storage, job, shown))
    except (SurveyappError, AnalysisError) as error:
        _fail(storage, job, str(error))
    except Exception:
        log.exception("job %s (%s) failed", job.id, job.kind)
        _fail(
            storage,
            job,
            f"Something went wrong that should not; the log has the details of job {job.id}.",
        )
    else:
        with storage.store.writing() as session:
            queue.finish(session, job.id, result=result)
    return True


def run_now(storage: Storage, job_id: int | None, *, worker: str, shown: Progress) -> None:
    """Run a job here instead of waiting for a worker; its failure is raised as SurveyappError.

    ``job_id`` as analyses and reports hold it, None when it was deleted.
    """
    if job_id is None:
        raise SurveyappError("The job is gone; ask for it again.")
    run_job(storage, job_id, worker=worker, shown=shown)
    with storage.store.reading() as session:
        job = session.get_one(Job, job_id)
    if job.state != "done":
        raise SurveyappError(job.error or f"another worker has taken job {job_id}; look there")


def _fail(storage: Storage, job: Job, error: str) -> None:
    with storage.store.writing() as session:
        queue.fail(session, job.id, error)


def _progress(storage: Storage, job: Job, shown: Progress | None) -> Progress:
    last = 0.0

    def report(percent: int, step: str) -> None:
        nonlocal last
        if shown is not None:
            shown(percent, step)
        if monotonic() - last < _PROGRESS_SECONDS and percent < 100:
            return
        last = monotonic()
        with storage.store.writing() as session:
            queue.progress(session, job.id, percent, step)

    return report


@contextmanager
def _beating(storage: Storage, job: Job) -> Iterator[None]:
    """Heartbeats from a thread of their own: a long matrix step reports nothing for minutes."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(_HEARTBEAT_SECONDS):
            with storage.store.writing() as session:
                queue.heartbeat(session, job.id)

    thread = threading.Thread(target=beat, name=f"heartbeat-{job.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def worker_name(home: Path) -> Iterator[str]:
    """This worker's name: the machine and the first free place on it.

    The operating system frees the place of a killed worker, so the next one takes over its name
    and with it, at the first sweep, the jobs that it left.
    """
    place = 0
    while True:
        handle = os.open(home / f"worker-{place}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            place += 1
            continue
        try:
            yield f"{socket.gethostname()}/{place}"
        finally:
            os.close(handle)
        return


def sweep(storage: Storage, *, worker: str | None = None) -> None:
    """Requeue what killed workers left and wake a worker for everything that waits."""
    with storage.store.writing() as session:
        waiting = queue.sweep(session, worker=worker)
    for job_id in waiting:
        storage.messages.wake(job_id)


def work(storage: Storage) -> None:
    """Work until told to stop (SIGINT, SIGTERM); a job under way is finished first."""
    with worker_name(storage.settings.home) as name:
        storage.messages.handle(lambda job_id: run_job(storage, job_id, worker=name))
        sweep(storage, worker=name)
        over = threading.Event()

        def sweep_now_and_then() -> None:
            while not over.wait(_SWEEP_SECONDS):
                sweep(storage)

        threading.Thread(target=sweep_now_and_then, name="sweep", daemon=True).start()
        for each, duty in DUTIES.items():  # side by side: a slow mail server holds up no webhook
            threading.Thread(
                target=do_duties,
                args=(storage, over),
                kwargs={"duties": {each: duty}},
                name=each,
                daemon=True,
            ).start()
        try:
            storage.messages.huey.create_consumer(
                workers=storage.settings.workers,
                periodic=False,
                initial_delay=0.05,
                max_delay=0.5,
                backoff=1.3,
            ).run()
        finally:
            over.set()
