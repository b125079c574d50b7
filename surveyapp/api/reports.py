"""Reports: asked for, listed, and downloaded in the formats that they were made in."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, send_file

from surveyapp.api.bodies import Blueprint, Strict
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.results import code_in
from surveyapp.auth.api_keys import KeyScope
from surveyapp.errors import Conflict, Invalid, NotAllowed, NotFound
from surveyapp.i18n.words import ENGLISH
from surveyapp.journeys.queries import journey_by_code, segment_by_code
from surveyapp.reports import queries as stored
from surveyapp.reports.actions import (
    ABOUT,
    EVERY_SEGMENT,
    PARTNER,
    ask_report,
    formats_of,
    language_of,
)
from surveyapp.reports.document import Paper
from surveyapp.reports.formats.names import Format
from surveyapp.reports.languages import all_offered
from surveyapp.reports.removal import holds_erased
from surveyapp.results.scope import Comparison, read_scope
from surveyapp.store.audit import record
from surveyapp.store.models import File, Report

reports = Blueprint("reports", __name__, url_prefix="/api/v1", description="A journey's reports.")

_KINDS = ("benchmark", "executive", PARTNER, *ABOUT)
_ZIP = "zip"
_FORMATS = [*(str(each) for each in Format), _ZIP]
_MONTH = r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$"
_LARGEST = 2_147_483_647


class NewReportSchema(Strict):
    """A report to be made of the answers in a scope."""

    kind = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(_KINDS),
        metadata={
            "description": "`benchmark`; `executive`: the journey on one sheet; `partner`: the touchpoints"
            " of one partner; `validation` or `sjq_study`: an analysis that is done."
        },
    )
    analysis = ma.fields.Integer(
        validate=ma.validate.Range(min=1, max=_LARGEST),
        metadata={
            "description": "The number of the analysis that a `validation` or `sjq_study` is about. Required"
            " there, and its customers are the report's."
        },
    )
    segment = ma.fields.String(
        validate=ma.validate.Length(max=60), metadata={"description": "A segment's code."}
    )
    since = ma.fields.String(
        data_key="from",
        validate=ma.validate.Regexp(_MONTH),
        metadata={"description": "First month, such as 2026-03."},
    )
    until = ma.fields.String(
        data_key="to",
        validate=ma.validate.Regexp(_MONTH),
        metadata={"description": "Last month, such as 2026-05."},
    )
    compare = ma.fields.String(
        validate=ma.validate.OneOf([each.value for each in Comparison]),
        metadata={"description": "What scores are compared with; by default the period before."},
    )
    formats = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf([str(each) for each in Format])),
        validate=ma.validate.Length(max=len(Format)),
        metadata={"description": "Formats beside PDF, which is always made."},
    )
    paper = ma.fields.String(
        validate=ma.validate.OneOf([str(each) for each in Paper]),
        metadata={"description": "By default a4."},
    )
    partner = ma.fields.String(
        validate=ma.validate.Length(max=200),
        metadata={"description": "Whose touchpoints a `partner` report is of. Required there."},
    )
    quotes = ma.fields.Boolean(
        metadata={
            "description": "Whether a `partner` report quotes comments whose customers allow it; only for a"
            " key that may read responses."
        }
    )
    every_segment = ma.fields.Boolean(
        metadata={
            "description": "A report for each segment and one for all customers, as one ZIP with"
            " `contents.csv`."
        }
    )
    report_language = ma.fields.String(
        validate=ma.validate.OneOf(all_offered()),
        metadata={"description": "What the report is written in; by default en."},
    )


class ReportFileSchema(ma.Schema):
    """A finished report in one format."""

    format = ma.fields.String(required=True, validate=ma.validate.OneOf(_FORMATS))
    bytes = ma.fields.Integer(required=True)


class ReportSchema(ma.Schema):
    """A report; `files` is empty until it is made."""

    report = ma.fields.Integer(required=True, metadata={"description": "Its number."})
    title = ma.fields.String(required=True)
    kind = ma.fields.String(required=True)
    created_at = ma.fields.AwareDateTime(required=True)
    state = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(["waiting", "made", "failed"]),
    )
    error = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Why it failed."}
    )
    formats = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "The formats that it was asked for in."},
    )
    report_language = ma.fields.String(
        required=True, metadata={"description": "What it is written in, such as fi."}
    )
    files = ma.fields.List(ma.fields.Nested(ReportFileSchema), required=True)


class ReportsSchema(ma.Schema):
    """A journey's reports, the newest first."""

    journey = ma.fields.String(required=True)
    reports = ma.fields.List(ma.fields.Nested(ReportSchema), required=True)


class ReportFileQuery(Strict):
    report = ma.fields.Integer(required=True, validate=ma.validate.Range(min=1, max=_LARGEST))
    format = ma.fields.String(required=True, validate=ma.validate.OneOf(_FORMATS))


_REPORT = {
    "report": 12,
    "title": "Executive page: Onboarding, Mar to May 2026",
    "kind": "executive",
    "created_at": "2026-06-01T05:00:00+00:00",
    "state": "made",
    "error": None,
    "formats": ["pdf", "docx"],
    "report_language": "en",
    "files": [{"format": "pdf", "bytes": 48231}, {"format": "docx", "bytes": 39104}],
}
_SENT = {"kind": "executive", "from": "2026-03", "to": "2026-05", "formats": ["docx"]}
_ASKED = {**_REPORT, "state": "waiting", "files": []}


@reports.route("/journeys/<string:code>/reports", methods=["POST"])
@needs(KeyScope.MAKE_REPORTS)
@reports.arguments(NewReportSchema, example=_SENT)
@reports.response(201, ReportSchema, example=_ASKED)
@reports.alt_response(404, "NOT_FOUND")
def create_report(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Create a report

    A worker makes it; list the journey's reports to see when it is there. Without months it is of all
    time.
    """
    if asked.get("quotes") and not caller().may(KeyScope.READ_RESPONSES):
        raise NotAllowed(
            "This key may not read responses; leave quotes out, or use a key that may."
        )
    if ("analysis" in asked) is not (asked["kind"] in ABOUT):
        is_missing = asked["kind"] in ABOUT
        raise Invalid(
            "This report is about an analysis that is done; give its number."
            if is_missing
            else f"Only {' and '.join(ABOUT)} are about an analysis; leave it out.",
            field="analysis",
        )
    with installation().store.writing() as session:
        journey = journey_by_code(session, code_in(code, "journey"), caller().journey_id)
        segment = ""
        if "segment" in asked:
            segment = str(segment_by_code(session, code_in(asked["segment"], "segment")).id)
        months = {"from": asked.get("since", ""), "to": asked.get("until", "")}
        scope = {"segment": segment, "compare": asked.get("compare", ""), **months}
        made = ask_report(
            session,
            kind=asked["kind"],
            scope=read_scope(journey.id, scope),
            analysis_id=asked.get("analysis"),
            formats=asked.get("formats", ()),
            paper=Paper(asked.get("paper", Paper.A4)),
            partner=asked.get("partner", ""),
            quotes=asked.get("quotes", False),
            every_segment=asked.get("every_segment", False),
            language=asked.get("report_language", ENGLISH.language),
            user_id=None,
        )
        return _told(made)


@reports.route("/journeys/<string:code>/reports", methods=["GET"])
@needs(KeyScope.MAKE_REPORTS)
@reports.response(200, ReportsSchema, example={"journey": "onboarding", "reports": [_REPORT]})
@reports.alt_response(404, "NOT_FOUND")
def list_reports(code: str) -> dict[str, Any]:
    """List a journey's reports

    Those that pages, commands, schedules and programs asked for, the newest first.
    """
    with installation().store.reading() as session:
        journey = journey_by_code(session, code_in(code, "journey"), caller().journey_id)
        found = stored.reports(session, journey.id)
        return {"journey": journey.code, "reports": [_told(each) for each in found]}


@reports.route("/journeys/<string:code>/reports/file", methods=["GET"])
@needs(KeyScope.MAKE_REPORTS)
@reports.arguments(ReportFileQuery, location="query")
@reports.response(
    200,
    {"type": "string", "format": "binary"},
    content_type="application/octet-stream",
    description="The file.",
    example="the bytes of the file",
)
@reports.alt_response(404, "NOT_FOUND")
@reports.alt_response(409, "CONFLICT")
def download_report(query: dict[str, Any], code: str) -> Response:
    """Download a report

    The file in a format that the report was made in; 409 while it is not finished, and for a report
    that may hold answers which were erased since.
    """
    form = query["format"]
    with installation().store.writing() as session:
        journey = journey_by_code(session, code_in(code, "journey"), caller().journey_id)
        report = stored.report(session, journey.id, query["report"])
        if report.file is None:
            raise Conflict("This report is not finished yet; ask again later.")
        if holds_erased(report):
            raise Conflict("Answers that this report may hold have been erased; create it again.")
        file = _files(report).get(form)
        if file is None:
            raise NotFound(f"This report was not made as {form}.")
        record(
            session, None, "download report", f"report {report.id}", file=form, key=caller().name
        )
        content = installation().files.open(file)
    answer = send_file(  # in pieces: a report of every segment has a hundred documents in it
        content,
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=file.name,
        conditional=False,
        etag=False,
    )
    answer.content_length = file.size
    return answer


def _files(report: Report) -> dict[str, File]:
    beside = {each.format: each.file for each in report.documents}
    first = _ZIP if report.kind == EVERY_SEGMENT else str(Format.PDF)
    return {**({first: report.file} if report.file else {}), **beside}


def _told(report: Report) -> dict[str, Any]:
    job = report.job
    failed = report.file is None and job is not None and job.state in {"failed", "cancelled"}
    files = _files(report)
    return {
        "report": report.id,
        "title": report.title,
        "kind": report.kind,
        "created_at": report.created_at,
        "state": "made" if report.file else "failed" if failed else "waiting",
        "error": (job.error or "It was cancelled.") if failed and job else None,
        "formats": [str(each) for each in formats_of(report)],
        "report_language": language_of(report),
        "files": [{"format": each, "bytes": file.size} for each, file in files.items()],
    }
