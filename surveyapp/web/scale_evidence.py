"""The evidence of a scale as a document to keep."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.i18n.report_languages import written_in
from surveyapp.i18n.words import ENGLISH
from surveyapp.reports.formats.names import Format
from surveyapp.reports.languages import check_language
from surveyapp.reports.scale_development.evidence import KIND, content
from surveyapp.scale_development.evidence import evidence_of
from surveyapp.web.document_files import written_file
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.reads import note_read
from surveyapp.web.scale_development import place

scale_evidence = Blueprint(
    "scale_evidence",
    __name__,
    url_prefix="/journeys/<int:journey_id>/scale-development/<int:scale_id>",
)


@scale_evidence.get("/scale-evidence.<any(pdf, docx, html):format_>")
@requires(Permission.MODEL_ANSWERS)
def download(journey_id: int, scale_id: int, format_: str) -> ResponseReturnValue:
    """Every step's evidence, in a report language; pilots are in it, hence for whoever may read their answers."""
    form, language = Format(format_), request.args.get("report_language", ENGLISH.language)
    check_language(scale_evidence.name, language, named=KIND)
    with installation().store.reading() as session:
        journey, scale = place(session, journey_id, scale_id)
        found = evidence_of(session, scale)
    words = written_in(language)
    document = content(found, journey, made=installation().now().date(), words=words)
    note_read("download scale evidence", f"scale {scale_id}", file=format_, language=language)
    return written_file(document, form, f"scale-{scale_id}-evidence")
