"""Asking for reports: a row and a job in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import date

from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.jobs import kinds
from surveyapp.reports.document import Paper
from surveyapp.reports.formats.names import Format, read_formats
from surveyapp.results import phrases
from surveyapp.results.facets import Facets
from surveyapp.results.scope import Comparison, Scope
from surveyapp.store.audit import record
from surveyapp.store.models import EVERYBODY, Analysis, Journey, Report, Segment

KINDS = {
    "benchmark": "Journey benchmark report",
    "executive": "Executive page",
    "validation": "Scale validation report",
    "sjq_study": "Service journey study",
}
JOBS = {
    "benchmark": kinds.BENCHMARK_REPORT,
    "executive": kinds.EXECUTIVE_PAGE,
    "validation": kinds.VALIDATION_REPORT,
    "sjq_study": kinds.SJQ_STUDY_REPORT,
}
_FACETS = tuple(each.name for each in fields(Facets))
ABOUT = {"validation": "validate_scale", "sjq_study": "sjq_study"}  # report -> kind of analysis


def ask_report(
    session: Session,
    *,
    kind: str,
    scope: Scope,
    analysis_id: int | None = None,
    formats: Iterable[str] = (),
    paper: Paper = Paper.A4,
    user_id: int | None,
) -> Report:
    """Ask for a "benchmark" or the "executive" page of the answers in the scope, or for the "validation" or "sjq_study" of a
    stored analysis, which was made of certain customers already. It is made as PDF, and in each of the
    ``formats`` besides.

    Raises NotFound for an unknown journey, segment or analysis of the journey, Invalid for an unknown
    kind, for no analysis where one is needed and for a scope that is not the analysis's, Conflict for
    an analysis that has no result yet.
    """
    journey = session.get(Journey, scope.journey_id)
    if journey is None:
        raise NotFound("There is no such journey; it may have been removed.")
    if kind not in KINDS:
        raise Invalid(f"{kind} is not a kind of report; choose {' or '.join(KINDS)}", field="kind")
    segment = None if scope.of_everybody else session.get(Segment, scope.segment_id)
    if segment is None and not scope.of_everybody:
        raise NotFound(f"There is no segment number {scope.segment_id}; it may have been removed.")
    if kind in ABOUT:
        segment = _analysis(session, scope, analysis_id, ABOUT[kind]).segment
    asked = [str(each) for each in read_formats(formats) if each is not Format.PDF]
    days = {"since": scope.since, "until": scope.until}
    about = [journey.name, *([segment.name] if segment else []), phrases.period(scope.period)]
    about += phrases.facets(scope.facets)
    report = Report(
        kind=kind,
        title=f"{KINDS[kind]}: {', '.join(filter(None, about))}"[:300],
        journey_id=scope.journey_id,
        segment_id=segment.id if segment else None,
        analysis_id=analysis_id,
        parameters={
            **{name: day.isoformat() for name, day in days.items() if day},
            **({"formats": asked} if asked else {}),
            **({} if paper is Paper.A4 else {"paper": str(paper)}),
            **({} if kind in ABOUT else {"compare": scope.comparison, **asdict(scope.facets)}),
        },
        created_by=user_id,
    )
    session.add(report)
    session.flush()
    payload = kinds.ReportPayload(report.id)
    job = JOBS[kind].ask(session, payload, journey_id=report.journey_id, user_id=user_id)
    report.job_id = job.id
    session.flush()
    record(session, user_id, "ask report", f"journey {journey.code}", kind=kind)
    return report


def scope_of(report: Report) -> Scope:
    """The answers that a benchmark report or an executive page was asked about."""
    since, until = (
        date.fromisoformat(report.parameters[name]) if name in report.parameters else None
        for name in ("since", "until")
    )
    comparison = Comparison(report.parameters.get("compare", Comparison.NONE))
    segment = report.segment_id or EVERYBODY
    facets = {name: report.parameters[name] for name in _FACETS if name in report.parameters}
    return Scope(report.journey_id, segment, since, until, comparison, **facets)


def formats_of(report: Report) -> tuple[Format, ...]:
    """The formats that a report was asked for in, PDF first."""
    return read_formats([Format.PDF, *report.parameters.get("formats", ())])


def paper_of(report: Report) -> Paper:
    """The paper that a report was asked for on."""
    return Paper(report.parameters.get("paper", Paper.A4))


def _analysis(session: Session, scope: Scope, analysis_id: int | None, kind: str) -> Analysis:
    """The analysis that a report is about, which the scope must not contradict."""
    if analysis_id is None:
        raise Invalid("this report requires a stored analysis; choose one", field="analysis_id")
    analysis = session.get(Analysis, analysis_id)
    if analysis is None or analysis.journey_id != scope.journey_id or analysis.kind != kind:
        raise NotFound(f"this journey has no analysis number {analysis_id}")
    if analysis.result is None:
        raise Conflict("the analysis is not finished yet; create its report when it is")
    own_segment = scope.segment_id == (analysis.segment_id or EVERYBODY)
    is_its = scope.period.whole and own_segment and not (scope.channel or scope.language)
    if scope.is_cut and not is_its:
        raise Invalid(
            "this report is about the customers of its analysis, of all months; leave segment, months,"
            " channel and language out, or run the analysis for them",
            field="segment",
        )
    return analysis
