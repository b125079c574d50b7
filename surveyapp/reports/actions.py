"""Asking for reports: a row and a job in the caller's transaction."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.jobs import kinds
from surveyapp.store.audit import record
from surveyapp.store.models import Analysis, Journey, Report, Segment

KINDS = {
    "benchmark": "Journey benchmark report",
    "validation": "Scale validation report",
    "sjq_study": "Service journey study",
}
JOBS = {
    "benchmark": kinds.BENCHMARK_REPORT,
    "validation": kinds.VALIDATION_REPORT,
    "sjq_study": kinds.SJQ_STUDY_REPORT,
}
ABOUT = {"validation": "validate_scale", "sjq_study": "sjq_study"}  # report -> kind of analysis


def ask_report(
    session: Session,
    *,
    kind: str,
    journey_id: int,
    segment_id: int | None = None,
    analysis_id: int | None = None,
    since: date | None = None,
    until: date | None = None,
    user_id: int | None,
) -> Report:
    """Ask for a "benchmark" of a journey or segment, or for the "validation" or "sjq_study" of a
    stored analysis.

    ``since`` and ``until`` limit a benchmark to whole months. Raises NotFound for an unknown journey,
    segment or analysis of the journey, Invalid for an unknown kind or no analysis where one is needed,
    Conflict for an analysis that has no result yet.
    """
    journey = session.get(Journey, journey_id)
    if journey is None:
        raise NotFound(f"there is no journey number {journey_id}")
    if kind not in KINDS:
        raise Invalid(f"{kind} is not a kind of report; choose {' or '.join(KINDS)}", field="kind")
    segment = None
    if segment_id is not None:
        segment = session.get(Segment, segment_id)
        if segment is None:
            raise NotFound(f"there is no segment number {segment_id}")
    if kind in ABOUT:
        _check_analysis(session, journey_id, analysis_id, ABOUT[kind])
    days = {"since": since, "until": until}
    report = Report(
        kind=kind,
        title=f"{KINDS[kind]}: {journey.name}{f', {segment.name}' if segment else ''}"[:300],
        journey_id=journey_id,
        segment_id=segment_id,
        analysis_id=analysis_id,
        parameters={name: day.isoformat() for name, day in days.items() if day},
        created_by=user_id,
    )
    session.add(report)
    session.flush()
    job = JOBS[kind].ask(session, kinds.ReportPayload(report.id), user_id=user_id)
    report.job_id = job.id
    session.flush()
    record(session, user_id, "ask report", f"journey {journey.code}", kind=kind)
    return report


def _check_analysis(session: Session, journey_id: int, analysis_id: int | None, kind: str) -> None:
    if analysis_id is None:
        raise Invalid("this report requires a stored analysis; choose one", field="analysis_id")
    analysis = session.get(Analysis, analysis_id)
    if analysis is None or analysis.journey_id != journey_id or analysis.kind != kind:
        raise NotFound(f"this journey has no analysis number {analysis_id}")
    if analysis.result is None:
        raise Conflict("the analysis is not finished yet; create its report when it is")
