"""Reports asked for to files: load, write, draw, set, put."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from analysis.rules import RULES
from surveyapp.errors import NotFound
from surveyapp.i18n.report_languages import written_in
from surveyapp.i18n.words import Words
from surveyapp.installation import Installation
from surveyapp.journeys.action_plan_queries import WantedActions
from surveyapp.journeys.action_plan_queries import actions as planned
from surveyapp.journeys.calendar import calendar_of
from surveyapp.reports import stored_content
from surveyapp.reports.actions import PARTNER, formats_of, language_of, paper_of, scope_of
from surveyapp.reports.analysed import study_of
from surveyapp.reports.document import Document
from surveyapp.reports.formats.names import Format
from surveyapp.reports.formats.writers import written
from surveyapp.reports.journeys import benchmark as benchmarks
from surveyapp.reports.journeys import executive as executives
from surveyapp.reports.journeys import partner as partners
from surveyapp.reports.journeys.channel_paths import MOST_ANSWERS
from surveyapp.reports.journeys.partner_numbers import numbers_of
from surveyapp.reports.studies import study as studies
from surveyapp.reports.studies.stored_study import Study
from surveyapp.reports.validation.content import content as validation_content
from surveyapp.results import dashboards
from surveyapp.results.analyses.queries import latest_study, latest_validation
from surveyapp.results.analyses.validations import read_validation
from surveyapp.results.answers.choices import distributions
from surveyapp.results.benchmarks.benchmarks import benchmarks as beside
from surveyapp.results.benchmarks.sets import values_of
from surveyapp.results.drivers.associations import associations
from surveyapp.results.drivers.drivers import drivers
from surveyapp.results.drivers.joined_scores import joined_scores
from surveyapp.results.funnels.channel_paths import answers_with_paths, channel_paths
from surveyapp.results.funnels.rates import segment_rate
from surveyapp.results.invariance.wordings import mixed
from surveyapp.results.maps.grid import map_grid
from surveyapp.results.registered_changes.action_effects import ActionEffect, action_effects
from surveyapp.results.scale_titles import in_library
from surveyapp.results.view_models import JourneyOverview
from surveyapp.results.weights.weighting import margins_of
from surveyapp.store import events
from surveyapp.store.models import Analysis, Report, ReportFile

Progress = Callable[[int, str], None]


@dataclass(frozen=True)
class Drafted:
    """A report whose numbers are read; ``document`` draws its charts. ``name`` is that of its files."""

    name: str
    overview: JourneyOverview
    document: Callable[[], Document]


def of_scope(installation: Installation, report_id: int, *, progress: Progress) -> dict[str, Any]:
    """Make a journey benchmark report, an executive page or a partner report. Raises NotFound, and
    Conflict where the partner runs nothing any more.
    """
    progress(5, "Reading the numbers")
    with installation.store.reading() as session:
        draft = drafted(installation, session, stored_report(session, report_id))
    progress(30, "Drawing the charts")
    return _kept(installation, report_id, draft.document(), draft.name, progress, rules=RULES)


def drafted(installation: Installation, session: Session, report: Report) -> Drafted:
    """The numbers of a report of a scope, which need not be a stored one."""
    made = installation.now().date()
    name = f"{report.journey.code}-{report.kind}"
    if report.segment is not None:
        name += f"-{report.segment.code}"
    if report.kind == "executive":
        sheet = _sheet(installation, session, report)
        # Actions are read in the session: each with its owner.
        page = executives.content(
            sheet,
            made=made,
            paper=paper_of(report),
            words=_words(installation, report, sheet.overview),
        )
        return Drafted(name, sheet.overview, lambda: page)
    if report.kind == PARTNER:
        of_partner = numbers_of(installation, session, report)
        words = _words(installation, report, of_partner.overview)
        draw = partial(partners.content, of_partner, made=made, words=words)
        return Drafted(name, of_partner.overview, draw)
    numbers = _numbers(installation, session, report)
    words = _words(installation, report, numbers.overview)
    draw = partial(benchmarks.content, numbers, made=made, words=words)
    return Drafted(name, numbers.overview, draw)


def _words(installation: Installation, report: Report, overview: JourneyOverview) -> Words:
    """The report's language, with the titles of what its journey asks."""
    words = written_in(language_of(report))
    if words.is_english:
        return words
    return in_library(words, installation.library, overview.instruments)


def _sheet(installation: Installation, session: Session, report: Report) -> executives.Sheet:
    scope = scope_of(report)
    rules: dict[str, Any] = {
        "minimum_cell": installation.settings.minimum_cell,
        "library": installation.library,
    }
    return executives.Sheet(
        overview=dashboards.journey_overview(session, scope, **rules),
        trends=dashboards.trend(session, scope, **rules),
        rates=dashboards.response_rates(session, scope, **rules),
        segment_rate=None if scope.of_everybody else segment_rate(session, scope, **rules),
        associations=associations(joined_scores(session, scope, **rules)),
        actions=planned(session, WantedActions(journey_id=report.journey_id)),
        margins=margins_of(session, report.journey_id) if scope.weighted else (),
    )


def _numbers(installation: Installation, session: Session, report: Report) -> benchmarks.Numbers:
    settings = installation.settings
    scope = scope_of(report)
    rules: dict[str, Any] = {
        "minimum_cell": settings.minimum_cell,
        "library": installation.library,
    }
    overview = dashboards.journey_overview(session, scope, **rules)
    comparison = None
    # Paths are of all customers and all months.
    pathed = (
        answers_with_paths(session, report.journey_id, library=installation.library)
        if scope.of_everybody
        else 0
    )
    if scope.of_everybody:
        comparison = dashboards.segment_comparison(session, scope, **rules)
    validated = None
    if overview.profile:
        instrument = overview.profile[0].definition.instrument
        analysis = latest_validation(session, report.journey_id, instrument)
        if analysis is not None and analysis.result is not None:
            validated = (read_validation(analysis.result), analysis.created_at.date())
    joined, study = joined_scores(session, scope, **rules), latest_study(session, report.journey_id)
    return benchmarks.Numbers(
        overview=overview,
        reworded=mixed(session, overview),
        comparison=comparison,
        trends=dashboards.trend(session, scope, **rules),
        rates=dashboards.response_rates(session, scope, **rules),
        validation=validated,
        done=_done(session, report, installation.now(), rules) if scope.of_everybody else (),
        studied=study.created_at.date() if study else None,
        choices=distributions(session, scope, **rules),
        drivers=drivers(joined),
        associations=associations(joined),
        benchmarks=beside(
            overview,
            values_of(session, {each.definition.scale for each in overview.end}),
            today=installation.now().date(),
        ),
        paths=channel_paths(session, report.journey_id, **rules)
        if 0 < pathed <= MOST_ANSWERS
        else None,
        too_many_paths=pathed > MOST_ANSWERS,
        segment_rate=None if scope.of_everybody else segment_rate(session, scope, **rules),
        grid=map_grid(session, scope, overview=overview, **rules),
        margins=margins_of(session, report.journey_id) if scope.weighted else (),
    )


def _done(
    session: Session, report: Report, today: datetime, rules: Mapping[str, Any]
) -> tuple[ActionEffect, ...]:
    day = calendar_of(report.journey).day(today)
    return action_effects(session, report.journey_id, today=day, **rules)


def validation(installation: Installation, report_id: int, *, progress: Progress) -> dict[str, Any]:
    """Make a scale validation report. Raises NotFound, Conflict without a finished analysis."""
    progress(5, "Reading the analysis")
    with installation.store.reading() as session:
        report = stored_report(session, report_id)
        stored = _study(installation, session, report)
        study, rules = stored.reading(read_validation), stored.rules.version
        name = f"{report.journey.code}-validation-{study.document.settings.instrument}"
        words = written_in(language_of(report))
    progress(30, "Drawing the charts")
    document = validation_content(study, made=installation.now().date(), words=words)
    return _kept(installation, report_id, document, name, progress, rules=rules)


def sjq_study(installation: Installation, report_id: int, *, progress: Progress) -> dict[str, Any]:
    """Make a service journey study's report. Raises NotFound, Conflict without a finished study."""
    progress(5, "Reading the study")
    with installation.store.reading() as session:
        report = stored_report(session, report_id)
        study = _study(installation, session, report)
        name, words = f"{report.journey.code}-journey-study", written_in(language_of(report))
    progress(30, "Drawing the charts")
    document = studies.content(study, made=installation.now().date(), words=words)
    return _kept(installation, report_id, document, name, progress, rules=study.rules.version)


def _study(
    installation: Installation, session: Session, report: Report
) -> Study[Mapping[str, Any]]:
    """The stored analysis that a report is about."""
    analysis = session.get(Analysis, report.analysis_id) if report.analysis_id else None
    return study_of(analysis, report.journey, installation.library)


def stored_report(session: Session, report_id: int) -> Report:
    """The report of this number. Raises NotFound."""
    report = session.get(Report, report_id)
    if report is None:
        raise NotFound(f"There is no report number {report_id}; it may have been removed.")
    return report


def _kept(
    installation: Installation,
    report_id: int,
    document: Document,
    name: str,
    progress: Progress,
    *,
    rules: int,
) -> dict[str, Any]:
    with installation.store.reading() as session:
        report = stored_report(session, report_id)
        formats, document = formats_of(report), replace(document, paper=paper_of(report))
    progress(60, "Setting the pages")
    files, content = dict(written(document, formats)), stored_content.stored(document)
    progress(95, "Storing the files")
    name = f"{name}-{document.made.isoformat()}"
    with installation.store.writing() as session:
        put = partial(installation.files.put, session)
        kept = {
            each: put(data, name=f"{name}.{each}", media_type=each.media_type)
            for each, data in files.items()
        }
        file = kept.pop(Format.PDF)
        beside = put(content, name=f"{name}.json", media_type=stored_content.MEDIA_TYPE)
        report = stored_report(session, report_id)
        report.file_id, report.content_id = file.id, beside.id
        report.documents = [
            ReportFile(format=str(each), file_id=of.id) for each, of in kept.items()
        ]
        report.rules_version = rules
        session.flush()
        events.publish(session, "report", report_id=report_id)
        return {"report_id": report_id, "file_id": file.id}
