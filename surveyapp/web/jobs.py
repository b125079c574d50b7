"""Jobs: how far the work is that somebody asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.orm import Session

from surveyapp.auth import queries
from surveyapp.auth.grants import journeys_granted
from surveyapp.auth.permissions import Permission, Role
from surveyapp.errors import Conflict, NotFound
from surveyapp.jobs.kinds import KINDS, Outcome, title_of
from surveyapp.store import queue
from surveyapp.store.audit import record
from surveyapp.store.models import (
    Analysis,
    ImportBatch,
    ImportPreview,
    Job,
    Journey,
    JourneyInvariance,
    Project,
    ProjectModel,
    Report,
    ScaleDevelopment,
    ScalePilot,
)
from surveyapp.surveys.queries import surveys
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.job_words import job_subject, result_facts
from surveyapp.web.reads import note_read
from surveyapp.web.sessions import me

jobs = Blueprint("jobs", __name__, url_prefix="/jobs")

_LISTED = 50


@jobs.get("")
@requires(Permission.OWN_ACCOUNT)
def index() -> ResponseReturnValue:
    """One's own jobs, the newest first; everybody's for administrators."""
    query = select(Job).where(_own()).order_by(Job.id.desc()).limit(_LISTED)
    with installation().store.reading() as session:
        found = list(session.scalars(query))
        about = {job.id: job_subject(session, job) for job in found}
        names = {account.id: account.name for account in queries.accounts(session)}
    return render_template("jobs/index.html", jobs=found, title=title_of, about=about, names=names)


@jobs.get("/<long:job_id>")
@requires(Permission.OWN_ACCOUNT)
def show(job_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        job = _own_job(session, job_id)
        outcome = _outcome(session, job)
        about = job_subject(session, job)
        names = {account.id: account.name for account in queries.accounts(session)}
    if job.result and job.result.get("refused"):  # rows of a customers' file
        note_read("read refused rows", f"job {job.id}")
    kind = KINDS.get(job.kind)
    can_be_cancelled = kind is not None and kind.can_be_cancelled
    return render_template(
        "jobs/show.html",
        job=job,
        title=title_of(job.kind),
        outcome=outcome,
        can_be_cancelled=can_be_cancelled,
        about=about,
        who=names.get(job.created_by or 0, ""),
        facts=result_facts(job.result or {}),
    )


@jobs.post("/<long:job_id>/cancel")
@requires(Permission.OWN_ACCOUNT)
def cancel(job_id: int) -> ResponseReturnValue:
    """End the job: at once where it waits, at its next step where a worker has begun it."""
    with installation().store.writing() as session:
        job = _own_job(session, job_id)
        if job.kind in KINDS and not KINDS[job.kind].can_be_cancelled:
            raise Conflict("This job cannot be cancelled: half done is worse than not begun.")
        if queue.stop(session, job.id, f"Cancelled by {me().name}."):
            record(session, me().id, "cancel job", f"job {job.id}")
            flash("The job is cancelled.")
        else:
            flash("The job had ended already.")
    return redirect(url_for("jobs.show", job_id=job_id), 303)


@jobs.get("/<long:job_id>.json")
@requires(Permission.OWN_ACCOUNT)
def progress(job_id: int) -> ResponseReturnValue:
    """What the page's script asks for, so that nothing but the bar moves."""
    with installation().store.reading() as session:
        job = _own_job(session, job_id)
    return {"state": job.state, "percent": job.percent, "step": job.step}


def _own_job(session: Session, job_id: int) -> Job:
    job = session.scalar(select(Job).where(Job.id == job_id, _own()))
    if job is None:
        raise NotFound("There is no such job, or it belongs to another user.")
    return job


def _own() -> ColumnElement[bool]:
    """Of jobs: those that one asked for, as long as one may read their journey."""
    if me().role is Role.ADMINISTRATOR:
        return true()
    granted = journeys_granted(me(), Permission.READ_JOURNEYS)
    seen = Job.journey_id.in_(granted) if granted is not None else true()
    return and_(Job.created_by == me().id, or_(Job.journey_id.is_(None), seen))


def _outcome(session: Session, job: Job) -> tuple[str, str] | None:
    """(text, address) of the page that shows what the job made."""
    if job.kind not in KINDS:
        return None
    return _OUTCOMES[KINDS[job.kind].outcome](session, job.parameters)


def _analysis(session: Session, asked: Mapping[str, Any]) -> tuple[str, str] | None:
    analysis = session.get(Analysis, asked.get("analysis_id", 0))
    if analysis is None:
        return None
    return "View analysis", url_for(
        "analyses.show", journey_id=analysis.journey_id, analysis_id=analysis.id
    )


def _report(session: Session, asked: Mapping[str, Any]) -> tuple[str, str] | None:
    report = session.get(Report, asked.get("report_id", 0))
    if report is None:
        return None
    return "View reports", url_for("reports.index", journey_id=report.journey_id)


def _responses(session: Session, asked: Mapping[str, Any]) -> tuple[str, str] | None:
    number = asked.get("survey_id", 0)
    survey = surveys(session, [number]).get(number)
    if survey is None:
        return None
    return "View survey", url_for("surveys.show", journey_id=survey.journey_id, survey_id=survey.id)


def _imported(session: Session, asked: Mapping[str, Any]) -> tuple[str, str] | None:
    batch = session.get(ImportBatch, asked.get("batch_id", 0))
    if batch is None:
        return _responses(session, asked)
    survey = surveys(session, [batch.survey_id])[batch.survey_id]
    here: dict[str, Any] = {"journey_id": survey.journey_id, "survey_id": survey.id}
    return "View import", url_for("imports.show", batch_id=batch.id, **here)


def _preview(session: Session, asked: Mapping[str, Any]) -> tuple[str, str] | None:
    preview = session.get(ImportPreview, asked.get("preview_id", 0))
    if preview is None or preview.created_by != me().id:
        return None
    survey = surveys(session, [preview.survey_id])[preview.survey_id]
    here: dict[str, Any] = {"journey_id": survey.journey_id, "survey_id": survey.id}
    return "View preview", url_for("previews.show", preview_id=preview.id, **here)


def _segment(_session: Session, _asked: Mapping[str, Any]) -> tuple[str, str] | None:
    return "View segments", url_for("segments.index")


def _journey(session: Session, asked: Mapping[str, Any]) -> tuple[str, str] | None:
    journey = session.get(Journey, asked.get("journey_id", 0))
    if journey is None:
        return None
    return "View journey", url_for("journeys.show", journey_id=journey.id)


def _invariance(session: Session, asked: Mapping[str, Any]) -> tuple[str, str] | None:
    test = session.get(JourneyInvariance, asked.get("invariance_id", 0))
    if test is None:
        return None
    return "View test", url_for("invariance.show", invariance_id=test.id)


def _segment_invariance(session: Session, asked: Mapping[str, Any]) -> tuple[str, str] | None:
    journey = session.get(Journey, asked.get("journey_id", 0))
    if journey is None:
        return None
    return "View tests", url_for("segment_invariance.show", journey_id=journey.id)


def _time_invariance(session: Session, asked: Mapping[str, Any]) -> tuple[str, str] | None:
    journey = session.get(Journey, asked.get("journey_id", 0))
    if journey is None:
        return None
    return "View tests", url_for("time_invariance.show", journey_id=journey.id)


def _outcomes(session: Session, asked: Mapping[str, Any]) -> tuple[str, str] | None:
    journey = session.get(Journey, asked.get("journey_id", 0))
    if journey is None:
        return None
    return "View outcomes", url_for("outcomes.show", journey_id=journey.id)


def _project(session: Session, asked: Mapping[str, Any]) -> tuple[str, str] | None:
    project = session.get(Project, asked.get("project_id", 0))
    if project is None or project.removed_at is not None:
        return None
    here: dict[str, Any] = {"journey_id": project.journey_id, "project_id": project.id}
    return "View project", url_for("projects.show", **here)


def _project_model(session: Session, asked: Mapping[str, Any]) -> tuple[str, str] | None:
    model = session.get(ProjectModel, asked.get("model_id", 0))
    if model is None or model.removed_at is not None or model.project.removed_at is not None:
        return None
    here: dict[str, Any] = {"journey_id": model.project.journey_id, "project_id": model.project_id}
    return "View model", url_for("models.show", model_id=model.id, **here)


def _pilot(session: Session, asked: Mapping[str, Any]) -> tuple[str, str] | None:
    pilot = session.get(ScalePilot, asked.get("pilot_id", 0))
    scale = session.get(ScaleDevelopment, pilot.scale_id) if pilot else None
    if pilot is None or scale is None or scale.removed_at is not None:
        return None
    here: dict[str, Any] = {"journey_id": scale.journey_id, "scale_id": scale.id}
    return "View pilot", url_for("scale_pilots.show", pilot_id=pilot.id, **here)


_OUTCOMES: Mapping[Outcome, Callable[[Session, Mapping[str, Any]], tuple[str, str] | None]] = {
    Outcome.ANALYSIS: _analysis,
    Outcome.REPORT: _report,
    Outcome.RESPONSES: _imported,
    Outcome.PREVIEW: _preview,
    Outcome.BATCH: _imported,
    Outcome.SEGMENT: _segment,
    Outcome.JOURNEY: _journey,
    Outcome.INVARIANCE: _invariance,
    Outcome.SEGMENT_INVARIANCE: _segment_invariance,
    Outcome.TIME_INVARIANCE: _time_invariance,
    Outcome.OUTCOMES: _outcomes,
    Outcome.PROJECT: _project,
    Outcome.PROJECT_MODEL: _project_model,
    Outcome.SCALE_PILOT: _pilot,
}
