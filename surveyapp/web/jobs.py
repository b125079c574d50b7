"""Jobs: how far the work is that somebody asked for, and what came of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.auth.permissions import Permission, Role
from surveyapp.errors import NotFound
from surveyapp.store.models import Analysis, Deployment, Job, Report
from surveyapp.web.guards import requires
from surveyapp.web.sessions import me
from surveyapp.web.storage import storage

jobs = Blueprint("jobs", __name__, url_prefix="/jobs")

TITLES = {
    "validate_scale": "Scale validation",
    "sjq_study": "Journey quality and loyalty study",
    "benchmark_report": "Benchmark report",
    "validation_report": "Validation report",
    "sjq_study_report": "Study report",
    "import_responses": "Response import",
    "rebuild_rollups": "Assignment of responses to segments",
}
_LISTED = 50


@jobs.get("")
@requires(Permission.OWN_ACCOUNT)
def index() -> ResponseReturnValue:
    """One's own jobs, the newest first; everybody's for administrators."""
    query = select(Job).order_by(Job.id.desc()).limit(_LISTED)
    if me().role is not Role.ADMINISTRATOR:
        query = query.where(Job.created_by == me().id)
    with storage().store.reading() as session:
        found = list(session.scalars(query))
    return render_template("jobs/index.html", jobs=found, titles=TITLES)


@jobs.get("/<long:job_id>")
@requires(Permission.OWN_ACCOUNT)
def show(job_id: int) -> ResponseReturnValue:
    with storage().store.reading() as session:
        job = _own_job(session, job_id)
        outcome = _outcome(session, job)
    return render_template("jobs/show.html", job=job, title=title(job), outcome=outcome)


@jobs.get("/<long:job_id>.json")
@requires(Permission.OWN_ACCOUNT)
def progress(job_id: int) -> ResponseReturnValue:
    """What the page's script asks for, so that nothing but the bar moves."""
    with storage().store.reading() as session:
        job = _own_job(session, job_id)
    return {"state": job.state, "percent": job.percent, "step": job.step}


def title(job: Job) -> str:
    """What the job does, in words."""
    return TITLES.get(job.kind, job.kind.replace("_", " ").capitalize())


def _own_job(session: Session, job_id: int) -> Job:
    job = session.get(Job, job_id)
    if job is None or (job.created_by != me().id and me().role is not Role.ADMINISTRATOR):
        raise NotFound("There is no such job, or it belongs to another user.")
    return job


def _outcome(session: Session, job: Job) -> tuple[str, str] | None:
    """(text, address) of the page that shows what the job made."""
    wanted: dict[str, Any] = job.parameters
    if job.kind in {"validate_scale", "sjq_study"}:
        analysis = session.get(Analysis, wanted.get("analysis_id", 0))
        if analysis:
            address = url_for(
                "analyses.show", journey_id=analysis.journey_id, analysis_id=analysis.id
            )
            return "View analysis", address
    if job.kind in {"benchmark_report", "validation_report", "sjq_study_report"}:
        report = session.get(Report, wanted.get("report_id", 0))
        if report:
            return "View reports", url_for("reports.index", journey_id=report.journey_id)
    if job.kind == "import_responses":
        deployment = session.get(Deployment, wanted.get("deployment_id", 0))
        if deployment:
            address = url_for(
                "surveys.show", journey_id=deployment.journey_id, deployment_id=deployment.id
            )
            return "View survey", address
    if job.kind == "rebuild_rollups":
        return "View segments", url_for("segments.index")
    return None
