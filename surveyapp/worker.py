"""The worker: claims job rows, runs what they ask for, and keeps their progress true."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from surveyapp.auth import sessions
from surveyapp.closed_loop import alert_duty, alert_posts, cases, overdue_cases, stop_rules
from surveyapp.comments import remasking
from surveyapp.distribution import outbox, retention, retention_notices, review_reminders
from surveyapp.distribution.problem_mails import ProblemMails
from surveyapp.errors import SurveyappError
from surveyapp.installation import Installation
from surveyapp.jobs import kinds, limits, running
from surveyapp.jobs.kinds import (
    AnalysisPayload,
    ImportPayload,
    InvariancePayload,
    JourneyPayload,
    Kind,
    Payload,
    PilotPayload,
    PreviewPayload,
    ProjectAnalysisPayload,
    ProjectModelPayload,
    ProjectPayload,
    RemovalPayload,
    ReportPayload,
    SegmentPayload,
    SurveyPayload,
)
from surveyapp.jobs.places import worker_place
from surveyapp.jobs.running import Progress, Work
from surveyapp.jobs.sweep import Sweep
from surveyapp.journeys import zone_actions
from surveyapp.journeys.map_evidence_removals import forget_evidence
from surveyapp.operations import heartbeats
from surveyapp.operations.releases import NewestRelease
from surveyapp.operations.tasks import Tasks
from surveyapp.periodic import ROUNDS
from surveyapp.reports import removal
from surveyapp.reports.schedules import duty as report_schedules
from surveyapp.reports.schedules import links as report_links
from surveyapp.responses import (
    batches,
    imports,
    recounting,
    release_duty,
    sorting,
    stored_previews,
    uploads,
)
from surveyapp.responses import (
    retention as response_retention,
)
from surveyapp.results.answers import kept_answers
from surveyapp.results.comments import proposals as comment_proposals
from surveyapp.results.funnels import decision_kinds, invitation_months
from surveyapp.results.invariance import actions as invariance_actions
from surveyapp.results.projects import uploads as project_uploads
from surveyapp.sampling import schedule as asking
from surveyapp.sampling.decision_rollups import DECISIONS
from surveyapp.sampling.invitation_rollups import INVITATIONS
from surveyapp.store import audit_chain, events, months_ahead, queue, reencryption
from surveyapp.store.models import Event, Job
from surveyapp.surveys import drafts, prize_draws
from surveyapp.webhooks import deliveries

Duty = Callable[[Installation, datetime], int]

_SWEEP_SECONDS = 60.0
_LOOK_SECONDS = 0.5  # between two looks for waiting jobs, a read of 50 microseconds
_LOOK_BESIDE_LISTENING_SECONDS = 5.0  # PostgreSQL tells at once; a pooler in between may not
_LOOK_FOR_ENDED_SECONDS = 5.0
_NEWEST_RELEASE = NewestRelease()
_ROUNDS = 20  # of dispatching events before the clock is looked at again


Result = dict[str, Any] | None

# What a job does with libraries of an extra is loaded by the job: a worker without them does the rest.


def _validate_scale(
    installation: Installation, asked: AnalysisPayload, progress: Progress
) -> Result:
    from surveyapp.results.analyses import compute

    return compute.run_validation(
        installation,
        asked.analysis_id,
        progress=progress,
    )


def _sjq_study(installation: Installation, asked: AnalysisPayload, progress: Progress) -> Result:
    from surveyapp.results.analyses import studies

    return studies.run_study(
        installation,
        asked.analysis_id,
        progress=progress,
    )


def _sjq_study_report(
    installation: Installation, asked: ReportPayload, progress: Progress
) -> Result:
    from surveyapp.reports import make

    return make.sjq_study(installation, asked.report_id, progress=progress)


def _report_of_scope(
    installation: Installation, asked: ReportPayload, progress: Progress
) -> Result:
    from surveyapp.reports import make

    return make.of_scope(installation, asked.report_id, progress=progress)


def _segment_reports(
    installation: Installation, asked: ReportPayload, progress: Progress
) -> Result:
    from surveyapp.reports.journeys import every_segment

    return every_segment.every_segment(installation, asked.report_id, progress=progress)


def _validation_report(
    installation: Installation, asked: ReportPayload, progress: Progress
) -> Result:
    from surveyapp.reports import make

    return make.validation(installation, asked.report_id, progress=progress)


def _import_responses(
    installation: Installation, asked: ImportPayload, progress: Progress
) -> Result:
    return imports.run_import(installation, asked, progress=progress)


def _preview_import(
    installation: Installation, asked: PreviewPayload, progress: Progress
) -> Result:
    return stored_previews.run_preview(installation, asked, progress=progress)


def _remove_import(installation: Installation, asked: RemovalPayload, progress: Progress) -> Result:
    return batches.run_removal(installation, asked, progress=progress)


def _sort_segment(installation: Installation, asked: SegmentPayload, progress: Progress) -> Result:
    done = sorting.sort_segment(installation.store, asked.segment_id, progress=progress)
    return {"responses": done}


def _count_days(installation: Installation, asked: JourneyPayload, progress: Progress) -> Result:
    done = recounting.recount_journey(
        installation.store, asked.journey_id, now=installation.now, progress=progress
    )
    return {"responses": done}


def _mask_comments(installation: Installation, asked: SurveyPayload, progress: Progress) -> Result:
    return remasking.run_masking(installation, asked, progress=progress)


def _propose_themes(
    installation: Installation, asked: JourneyPayload, progress: Progress
) -> Result:
    from analysis.text_vectors import embedder

    return comment_proposals.run_proposals(installation, asked, progress=progress, embed=embedder())


def _test_invariance(
    installation: Installation, asked: InvariancePayload, progress: Progress
) -> Result:
    from surveyapp.results.invariance import journey_invariance

    return journey_invariance.run_invariance(installation, asked.invariance_id, progress=progress)


def _test_segment_invariance(
    installation: Installation, asked: JourneyPayload, progress: Progress
) -> Result:
    from surveyapp.results.invariance import segment_invariance

    return segment_invariance.run_segment_invariance(installation, asked, progress=progress)


def _test_time_invariance(
    installation: Installation, asked: JourneyPayload, progress: Progress
) -> Result:
    from surveyapp.results.invariance import time_invariance

    return time_invariance.run_time_invariance(installation, asked, progress=progress)


def _describe_project(
    installation: Installation, asked: ProjectPayload, progress: Progress
) -> Result:
    from surveyapp.results.projects import fits as project_fits

    return project_fits.run_project_description(installation, asked, progress=progress)


def _fit_project_model(
    installation: Installation, asked: ProjectModelPayload, progress: Progress
) -> Result:
    from surveyapp.results.projects import fits as project_fits

    return project_fits.run_project_model(installation, asked, progress=progress)


def _analyse_project_model(
    installation: Installation, asked: ProjectAnalysisPayload, progress: Progress
) -> Result:
    from surveyapp.results.projects import analysis_fits as project_analysis_fits

    return project_analysis_fits.run_project_analysis(installation, asked, progress=progress)


def _analyse_pilot(installation: Installation, asked: PilotPayload, progress: Progress) -> Result:
    from surveyapp.scale_development import pilot_analysis

    return pilot_analysis.run_pilot_analysis(installation, asked, progress=progress)


def _analyse_outcomes(
    installation: Installation, asked: JourneyPayload, progress: Progress
) -> Result:
    from surveyapp.results.outcomes import analysis as outcome_analysis

    return outcome_analysis.run_outcome_analysis(installation, asked, progress=progress)


def _follow_zones(installation: Installation, _now: datetime) -> int:
    default = installation.settings.time_zone
    with installation.store.reading() as session:
        if not zone_actions.is_behind(session, default):
            return 0  # without waiting for the lock of who writes
    with installation.store.writing() as session:
        return zone_actions.follow_default(session, default)


def _forget_stray_files(installation: Installation, now: datetime) -> int:
    return installation.files.forget_strays(now)


def _seal_audit_log(installation: Installation, _now: datetime) -> int:
    with installation.store.reading() as session:
        if not audit_chain.unsealed(session, limit=1):
            return 0  # without waiting for the lock of who writes
    with installation.store.writing() as session:
        return audit_chain.seal(session)


def _make_partitions(installation: Installation, now: datetime) -> int:
    return months_ahead.make_months(installation.store, now)


def _end_rotation(installation: Installation, now: datetime) -> int:
    """Go on with a rotation of the data key that a command has begun; how many rows."""
    store = installation.store
    with store.reading() as session:
        if store.keyring is None or not reencryption.state(session).earlier:
            return 0
    done = reencryption.reencrypt(store, store.keyring, lambda _: None)
    reencryption.finish(store, now)
    return done


def _bound(
    kind: Kind[Payload], function: Callable[[Installation, Payload, Progress], Result]
) -> tuple[str, Work]:
    """A kind's name, and the function with the payload read for it."""

    def run(installation: Installation, parameters: dict[str, Any], progress: Progress) -> Result:
        return function(installation, kind.read(parameters), progress)

    return kind.name, run


WORK: Mapping[str, Work] = dict(
    (
        _bound(kinds.VALIDATE_SCALE, _validate_scale),
        _bound(kinds.SJQ_STUDY, _sjq_study),
        _bound(kinds.BENCHMARK_REPORT, _report_of_scope),
        _bound(kinds.EXECUTIVE_PAGE, _report_of_scope),
        _bound(kinds.PARTNER_REPORT, _report_of_scope),
        _bound(kinds.SEGMENT_REPORTS, _segment_reports),
        _bound(kinds.VALIDATION_REPORT, _validation_report),
        _bound(kinds.SJQ_STUDY_REPORT, _sjq_study_report),
        _bound(kinds.IMPORT_RESPONSES, _import_responses),
        _bound(kinds.PREVIEW_IMPORT, _preview_import),
        _bound(kinds.REMOVE_IMPORT, _remove_import),
        _bound(kinds.SORT_SEGMENT, _sort_segment),
        _bound(kinds.COUNT_DAYS, _count_days),
        _bound(kinds.MASK_COMMENTS, _mask_comments),
        _bound(kinds.PROPOSE_THEMES, _propose_themes),
        _bound(kinds.TEST_INVARIANCE, _test_invariance),
        _bound(kinds.TEST_SEGMENT_INVARIANCE, _test_segment_invariance),
        _bound(kinds.TEST_TIME_INVARIANCE, _test_time_invariance),
        _bound(kinds.ANALYSE_OUTCOMES, _analyse_outcomes),
        _bound(kinds.DESCRIBE_PROJECT, _describe_project),
        _bound(kinds.FIT_PROJECT_MODEL, _fit_project_model),
        _bound(kinds.ANALYSE_PROJECT_MODEL, _analyse_project_model),
        _bound(kinds.ANALYSE_PILOT, _analyse_pilot),
    )
)


# Who is told of what happened, by the event's kind; in the transaction that forgets the event.
SUBSCRIBERS: Mapping[str, tuple[events.Subscriber, ...]] = {
    "response": (deliveries.on_event,),
    "response.corrected": (deliveries.on_event,),
    "response.erased": (deliveries.on_event,),
    "case": (deliveries.on_event,),
    "alert": (deliveries.on_event,),
    "report": (deliveries.on_event,),
}


def subscribers(installation: Installation) -> Mapping[str, tuple[events.Subscriber, ...]]:
    """SUBSCRIBERS, and before them those that need to know the installation."""
    first = {
        "response": partial(cases.on_response, installation=installation),
        "response.corrected": partial(cases.on_correction, installation=installation),
    }
    return {
        kind: (first[kind], *others) if kind in first else others
        for kind, others in SUBSCRIBERS.items()
    }


def _dispatch_events(installation: Installation, _now: datetime) -> int:
    with installation.store.reading() as session:
        if session.scalar(select(Event.id).limit(1)) is None:
            return 0  # without waiting for the lock of who writes
    told = 0
    for _ in range(_ROUNDS):
        with installation.store.writing() as session:
            count = events.dispatch(session, subscribers(installation))
        told += count
        if count < events.AT_ONCE:
            break
    return told


# What a worker does by the clock: name -> (seconds between two rounds, what to do). A duty returns
# how much it did and is called again soon while there is something. Any number of workers may do
# the same one: each claims the rows that it works on.
DUTIES: Mapping[str, tuple[float, Duty]] = {
    "dispatch events": (1.0, _dispatch_events),
    "tell webhooks": (2.0, deliveries.deliver),
    "forget deliveries": (3600.0, deliveries.forget),
    "decide whom to ask": (2.0, asking.decide),
    "retire contacts": (3600.0, asking.retire),
    "send": (5.0, outbox.send_due),
    "write to administrators": (300.0, ProblemMails()),
    "forget messages": (3600.0, retention.forget),
    "announce retention": (3600.0, retention_notices.announce),
    "carry out retention": (600.0, response_retention.carry_out),
    "remind of reviews": (3600.0, review_reminders.remind),
    "remove reports": (600.0, removal.remove_due),
    "send scheduled reports": (30.0, report_schedules.schedules_due),
    "forget report links": (3600.0, report_links.forget_links),
    "forget uploads": (60.0, uploads.forget),
    "forget stray files": (3600.0, _forget_stray_files),
    "follow time zones": (60.0, _follow_zones),
    "forget previews": (60.0, stored_previews.forget),
    "forget map evidence": (3600.0, forget_evidence),
    "forget project files": (3600.0, project_uploads.forget_files),
    "watch scores": (300.0, alert_duty.alerts_due),
    "post alerts": (5.0, alert_posts.post_due),
    "escalate cases": (300.0, overdue_cases.escalate_overdue),
    "judge stop rules": (900.0, stop_rules.stop_rules_due),
    "mix draws": (3600.0, prize_draws.mix),
    "forget sessions": (3600.0, sessions.forget),
    "release anonymous answers": (30.0, release_duty.release_due),
    "copy epoch keys": (5.0, release_duty.copy_keys),
    "forget drafts": (3600.0, drafts.forget),
    "seal audit log": (60.0, _seal_audit_log),
    "end key rotation": (60.0, _end_rotation),
    "make partitions": (3600.0, _make_partitions),
    "add up invitations": (5.0, INVITATIONS.add_up),
    "add up decisions": (5.0, DECISIONS.add_up),
    "count invitations": (60.0, invitation_months.count_due),
    "count decisions": (60.0, decision_kinds.count_due),
    "count answers": (60.0, kept_answers.keep_due),
    "test invariance": (3600.0, invariance_actions.ask_due),
    "look for releases": (86_400.0, _NEWEST_RELEASE),
}


def run_job(
    installation: Installation, job_id: int, *, worker: str, shown: Progress | None = None
) -> bool:
    """Run one waiting job to its end. False when someone else has it or it is finished."""
    return running.run(installation, job_id, worker=worker, work=WORK, shown=shown)


def run_now(
    installation: Installation, job_id: int | None, *, worker: str, shown: Progress
) -> None:
    """Run a job here instead of waiting for a worker; its failure is raised as SurveyappError.

    ``job_id`` as analyses and reports hold it, None when it was deleted.
    """
    if job_id is None:
        raise SurveyappError("The job is gone; ask for it again.")
    run_job(installation, job_id, worker=worker, shown=shown)
    with installation.store.reading() as session:
        job = session.get_one(Job, job_id)
    if job.state != "done":
        raise SurveyappError(job.error or f"another worker has taken job {job_id}; look there")


def work(installation: Installation) -> None:
    """Work until told to stop (SIGINT, SIGTERM); a job under way is finished first."""
    installation.check_key()
    # As in a web process: a walk over all that the imports left takes 0.1 s, in which a transaction that
    # is under way keeps customers waiting.
    gc.collect()
    gc.freeze()
    over, asked = threading.Event(), threading.Event()

    def stop(*_: object) -> None:
        over.set()
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)

    def rest(seconds: float) -> bool:
        asked.wait(seconds)
        asked.clear()
        return over.is_set()

    tasks = Tasks()
    with worker_place(installation.settings.home) as place:
        if place.left_by:
            with installation.store.writing() as session:
                queue.sweep(session, left_by=place.left_by)
            heartbeats.leave(installation, place.left_by)
        place.take()
        _start_duties(tasks, installation, place.name, over.wait)
        looking = _LOOK_SECONDS
        if not installation.store.is_sqlite:
            looking = _LOOK_BESIDE_LISTENING_SECONDS
            listen = partial(queue.listen, installation.store, over.is_set, asked.set)
            tasks.start(over.wait, listen, "listening for jobs", 0.0, is_watched=False)
        run = partial(running.run_waiting, installation, worker=place.name, work=WORK)
        workers = [
            tasks.start(rest, run, "running jobs", looking, pause=0.0, is_watched=False)
            for _ in range(installation.settings.workers)
        ]
        while not over.wait(_LOOK_FOR_ENDED_SECONDS):
            if tasks.ended():  # without it mails or jobs would stop in silence: start all anew
                raise SurveyappError(f"The worker has lost {', '.join(tasks.ended())}.")
            with suppress(SQLAlchemyError):  # looked at again in a moment
                beyond = limits.exceeded(installation)
                if beyond:
                    raise SurveyappError(
                        f"The worker ends, for {beyond}; it is to be started again."
                    )
        for thread in workers:
            thread.join()
        with suppress(SQLAlchemyError):  # without a database nobody is told that it stopped
            heartbeats.leave(installation, place.name)


def _start_duties(
    tasks: Tasks, installation: Installation, name: str, rest: Callable[[float], bool]
) -> None:
    for duty, (seconds, function) in DUTIES.items():
        # Side by side: a slow mail server holds up no webhook.
        tasks.start(rest, partial(_do, function, installation), duty, seconds)
    tasks.start(rest, Sweep(installation), "find jobs of dead workers", _SWEEP_SECONDS)
    beat = partial(_beat, installation, name, tasks)
    tasks.start(rest, beat, "signs of life", heartbeats.EVERY_SECONDS)


def _beat(installation: Installation, name: str, tasks: Tasks) -> None:
    newest = _NEWEST_RELEASE.version
    heartbeats.beat(installation, name, ROUNDS.now(), tasks.seconds, newest_release=newest)


def _do(duty: Duty, installation: Installation) -> int:
    return duty(installation, installation.now())
