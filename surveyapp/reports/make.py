"""Reports asked for to files: load, write, draw, set, put."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, NotFound
from surveyapp.installation import Installation
from surveyapp.reports import benchmark as benchmarks
from surveyapp.reports import study as studies
from surveyapp.reports.actions import scope_of
from surveyapp.reports.document import Document
from surveyapp.reports.pdf import pdf
from surveyapp.reports.stored_study import Study
from surveyapp.reports.validation.content import content as validation_content
from surveyapp.results import dashboards
from surveyapp.results.choices import distributions
from surveyapp.results.drivers import drivers
from surveyapp.results.queries import latest_validation
from surveyapp.results.rates import segment_rate
from surveyapp.results.validations import read_validation
from surveyapp.results.wordings import mixed
from surveyapp.store import events
from surveyapp.store.models import Analysis, Report

Progress = Callable[[int, str], None]


def benchmark(installation: Installation, report_id: int, *, progress: Progress) -> dict[str, Any]:
    """Make a journey benchmark report. Raises NotFound."""
    progress(5, "Reading the numbers")
    with installation.store.reading() as session:
        report = _report(session, report_id)
        numbers = _numbers(installation, session, report)
        name = f"{report.journey.code}-benchmark"
        if report.segment is not None:
            name += f"-{report.segment.code}"
    progress(30, "Drawing the charts")
    document = benchmarks.content(numbers, made=installation.now().date())
    return _kept(installation, report_id, document, name, progress)


def _numbers(installation: Installation, session: Session, report: Report) -> benchmarks.Numbers:
    settings = installation.settings
    scope = scope_of(report)
    rules: dict[str, Any] = {
        "minimum_cell": settings.minimum_cell,
        "library": installation.library,
    }
    overview = dashboards.journey_overview(session, scope, **rules)
    comparison = None
    if scope.of_everybody:
        comparison = dashboards.segment_comparison(session, scope, **rules)
    validated = None
    if overview.profile:
        instrument = overview.profile[0].definition.instrument
        analysis = latest_validation(session, report.journey_id, instrument)
        if analysis is not None and analysis.result is not None:
            validated = (read_validation(analysis.result), analysis.created_at.date())
    return benchmarks.Numbers(
        overview=overview,
        reworded=mixed(session, overview),
        comparison=comparison,
        trends=dashboards.trend(session, scope, **rules),
        rates=dashboards.response_rates(session, scope, **rules),
        validation=validated,
        choices=distributions(session, scope, **rules),
        drivers=drivers(session, scope, **rules),
        segment_rate=None if scope.of_everybody else segment_rate(session, scope, **rules),
    )


def validation(installation: Installation, report_id: int, *, progress: Progress) -> dict[str, Any]:
    """Make a scale validation report. Raises NotFound, Conflict without a finished analysis."""
    progress(5, "Reading the analysis")
    with installation.store.reading() as session:
        report = _report(session, report_id)
        stored = _study(installation, session, report)
        study = stored.reading(read_validation)
        name = f"{report.journey.code}-validation-{study.document.settings.instrument}"
    progress(30, "Drawing the charts")
    document = validation_content(study, made=installation.now().date())
    return _kept(installation, report_id, document, name, progress)


def sjq_study(installation: Installation, report_id: int, *, progress: Progress) -> dict[str, Any]:
    """Make a service journey study's report. Raises NotFound, Conflict without a finished study."""
    progress(5, "Reading the study")
    with installation.store.reading() as session:
        report = _report(session, report_id)
        study = _study(installation, session, report)
        name = f"{report.journey.code}-journey-study"
    progress(30, "Drawing the charts")
    document = studies.content(study, made=installation.now().date())
    return _kept(installation, report_id, document, name, progress)


def _study(
    installation: Installation, session: Session, report: Report
) -> Study[Mapping[str, Any]]:
    """The stored analysis that a report is about."""
    analysis = session.get(Analysis, report.analysis_id) if report.analysis_id else None
    if analysis is None or analysis.result is None:
        raise Conflict(
            "this report's analysis has no result; run the analysis, then create the report again"
        )
    return Study(
        document=analysis.result,
        journey=report.journey.name,
        provider=report.journey.provider,
        segment=analysis.segment.name if analysis.segment else None,
        survey=analysis.survey.name if analysis.survey else None,
        computed=analysis.created_at.date(),
        library=installation.library,
    )


def _report(session: Session, report_id: int) -> Report:
    report = session.get(Report, report_id)
    if report is None:
        raise NotFound(f"there is no report number {report_id}")
    return report


def _kept(
    installation: Installation, report_id: int, document: Document, name: str, progress: Progress
) -> dict[str, Any]:
    progress(60, "Setting the pages")
    data = pdf(document)
    progress(95, "Storing the file")
    with installation.store.writing() as session:
        file = installation.files.put(
            session,
            data,
            name=f"{name}-{document.made.isoformat()}.pdf",
            media_type="application/pdf",
        )
        _report(session, report_id).file_id = file.id
        session.flush()
        events.publish(session, "report", report_id=report_id)
        return {"report_id": report_id, "file_id": file.id}
