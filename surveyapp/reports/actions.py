"""Asking for reports: a row and a job in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.auth.accounts import account_of
from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Conflict, Invalid, NotAllowed, NotFound
from surveyapp.i18n.languages import own_name
from surveyapp.i18n.report_languages import written_in
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.jobs import kinds
from surveyapp.reports.document import Paper
from surveyapp.reports.formats.names import Format, read_formats
from surveyapp.reports.languages import check_language
from surveyapp.results import phrases
from surveyapp.results.facets import Facets
from surveyapp.results.partners import known_partner
from surveyapp.results.scope import Comparison, Scope
from surveyapp.results.weights.weighting import why_never_weighted, why_not_weighted
from surveyapp.store.audit import record
from surveyapp.store.models import EVERYBODY, Analysis, Journey, Report, Segment, User

KINDS = {
    "benchmark": msg("Journey benchmark report"),
    "executive": msg("Executive page"),
    "partner": msg("Partner report"),
    "validation": msg("Scale validation report"),
    "sjq_study": msg("Service journey study"),
}
JOBS = {
    "benchmark": kinds.BENCHMARK_REPORT,
    "executive": kinds.EXECUTIVE_PAGE,
    "partner": kinds.PARTNER_REPORT,
    "validation": kinds.VALIDATION_REPORT,
    "sjq_study": kinds.SJQ_STUDY_REPORT,
}
PARTNER = "partner"
_LONGEST_TITLE = 300
EVERY_SEGMENT = "segments"  # a report of another kind for each segment, as one ZIP
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
    partner: str = "",
    quotes: bool = False,
    every_segment: bool = False,
    language: str = ENGLISH.language,
    user_id: int | None,
) -> Report:
    """Ask for a "benchmark" or the "executive" page of the answers in the scope, or for the "validation" or "sjq_study" of a
    stored analysis, which was made of certain customers already. It is made as PDF, and in each of the
    ``formats`` besides. ``language`` is what the report itself is written in; the scope's is that of
    the answers. A "partner" report is of the touchpoints that ``partner`` runs; with ``quotes``
    it holds comments that customers allow to be quoted, for which the user must be allowed to read them.
    With ``every_segment`` it is one ZIP of a report for each segment and one for all customers; of a
    weighted one, the report of all customers has weights, and those of segments say that they have none.

    Raises NotFound for an unknown journey, segment or analysis of the journey, Invalid for an unknown
    kind, for a language that the kind cannot be written in, for no analysis where one is needed and
    for a scope that is not the analysis's, Conflict for an analysis that has no result yet, NotAllowed
    for quotes.
    """
    journey = session.get(Journey, scope.journey_id)
    if journey is None:
        raise NotFound("There is no such journey; it may have been removed.")
    if kind not in KINDS:
        raise Invalid(f"{kind} is not a kind of report; choose {' or '.join(KINDS)}", field="kind")
    check_language(kind, language, named=KINDS[kind])
    segment = None if scope.of_everybody else session.get(Segment, scope.segment_id)
    if segment is None and not scope.of_everybody:
        raise NotFound(f"There is no segment number {scope.segment_id}; it may have been removed.")
    if every_segment:
        _check_every_segment(kind, scope)
    if scope.weighted:
        check_weights(session, kind, scope)
    if kind in ABOUT:
        segment = _analysis(session, scope, analysis_id, ABOUT[kind]).segment
    told = partner_told(session, journey, kind, partner, quotes, user_id)
    of = {"of": kind} if every_segment else {}
    asked = [str(each) for each in read_formats(formats) if each is not Format.PDF]
    days = {"since": scope.since, "until": scope.until}
    names = [
        *([told["partner"]] if told else []),
        journey.name,
        *([segment.name] if segment else []),
    ]
    report = Report(
        kind=EVERY_SEGMENT if every_segment else kind,
        title=_title(kind, names, scope, every_segment, written_in(language)),
        journey_id=scope.journey_id,
        segment_id=segment.id if segment else None,
        analysis_id=analysis_id,
        parameters={
            **{name: day.isoformat() for name, day in days.items() if day},
            **({"formats": asked} if asked else {}),
            **({} if paper is Paper.A4 else {"paper": str(paper)}),
            **({} if language == ENGLISH.language else {"report_language": language}),
            **({} if kind in ABOUT else {"compare": scope.comparison, **asdict(scope.facets)}),
            **({"weighted": True} if scope.weighted else {}),
            **told,
            **of,
        },
        created_by=user_id,
    )
    session.add(report)
    session.flush()
    payload = kinds.ReportPayload(report.id)
    job_kind = kinds.SEGMENT_REPORTS if every_segment else JOBS[kind]
    job = job_kind.ask(session, payload, journey_id=report.journey_id, user_id=user_id)
    report.job_id = job.id
    session.flush()
    record(session, user_id, "ask report", f"journey {journey.code}", kind=report.kind, **of)
    return report


def _title(kind: str, names: Sequence[str], scope: Scope, every_segment: bool, words: Words) -> str:
    """What the report is called in lists and mails, in its own language; another than English names it."""
    what = words.say(KINDS[kind])
    if every_segment:
        what = words.say("{report} for every segment", report=what)
    about = [
        *(words.name(each) for each in names),
        phrases.period(scope.period, words=words),
        *phrases.facets(scope.facets, words=words),
        words.say("weighted") if scope.weighted else "",
        "" if words.is_english else words.name(own_name(words.language)),
    ]
    told = words.joined([each for each in about if each])
    return words.say("{report}: {about}", report=what, about=told)[:_LONGEST_TITLE]


def _check_every_segment(kind: str, scope: Scope) -> None:
    if kind in ABOUT:
        raise Invalid(
            f"a {KINDS[kind].lower()} is of the customers of its analysis; choose another report for every"
            " segment, or run the analysis for each",
            field="segment",
        )
    if not scope.of_everybody:
        raise Invalid("every segment and one segment were asked for; choose one", field="segment")


def check_weights(session: Session, kind: str, scope: Scope, *, later: bool = False) -> None:
    """Raise Invalid where a report of this kind and scope cannot be weighted, with the cure.

    ``later``: it is not made now, so that answers may still be being counted.
    """
    if kind in ABOUT:
        raise Invalid(
            f"a {KINDS[kind].lower()} is not weighted; leave the weights out", field="weighted"
        )
    refused = why_never_weighted(session, scope) if later else why_not_weighted(session, scope)
    if refused:
        raise Invalid(refused, field="weighted")


def partner_told(
    session: Session,
    journey: Journey,
    kind: str,
    partner: str,
    quotes: bool,
    user_id: int | None,
) -> dict[str, Any]:
    """What a partner report is told beside its scope; nothing of another kind.

    Raises Invalid for a partner or quotes of another kind and for an unknown partner, Conflict where no
    touchpoint names one, NotAllowed for quotes of comments that the user may not read.
    """
    if kind != PARTNER:
        if partner:
            raise Invalid(f"a {kind} report is of no partner; leave it out", field="partner")
        if quotes:
            raise Invalid(f"a {kind} report has no quotes; leave them out", field="quotes")
        return {}
    known = known_partner(journey, partner)
    if quotes and user_id is not None:
        account = account_of(session.get_one(User, user_id))
        if not may_on(session, account, Permission.READ_COMMENTS, journey.id):
            raise NotAllowed(
                f"{account.name} may not read the comments of {journey.name}; leave the quotes out, or"
                " ask for access to comments."
            )
    return {"partner": known, **({"quotes": True} if quotes else {})}


def scope_of(report: Report) -> Scope:
    """The answers that a report of a scope was asked about."""
    since, until = (
        date.fromisoformat(report.parameters[name]) if name in report.parameters else None
        for name in ("since", "until")
    )
    comparison = Comparison(report.parameters.get("compare", Comparison.NONE))
    segment = report.segment_id or EVERYBODY
    facets = {name: report.parameters[name] for name in _FACETS if name in report.parameters}
    weighted = bool(report.parameters.get("weighted"))
    return Scope(report.journey_id, segment, since, until, comparison, weighted=weighted, **facets)


def formats_of(report: Report) -> tuple[Format, ...]:
    """The formats that a report was asked for in, PDF first."""
    return read_formats([Format.PDF, *report.parameters.get("formats", ())])


def paper_of(report: Report) -> Paper:
    """The paper that a report was asked for on."""
    return Paper(report.parameters.get("paper", Paper.A4))


def language_of(report: Report) -> str:
    """What a report was asked to be written in."""
    return str(report.parameters.get("report_language", ENGLISH.language))


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
