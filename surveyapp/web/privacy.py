"""A survey's data-protection report: as a page, and as files to keep."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.i18n.languages import own_name
from surveyapp.i18n.report_languages import written_in
from surveyapp.i18n.words import ENGLISH
from surveyapp.journeys import queries
from surveyapp.reports.formats.names import Format
from surveyapp.reports.languages import offered
from surveyapp.reports.privacy.content import content
from surveyapp.reports.privacy.facts import facts_of
from surveyapp.surveys.queries import survey_in
from surveyapp.web.document_files import written_file
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.reads import note_read

LOOKED_AT = 50_000  # answers that the page reads names of attributes from; files read all

privacy = Blueprint(
    "privacy",
    __name__,
    url_prefix="/journeys/<int:journey_id>/surveys/<int:survey_id>/privacy",
)


@privacy.get("")
@requires(Permission.EDIT_SURVEYS)
def index(journey_id: int, survey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        survey = survey_in(session, journey_id, survey_id)
        facts = facts_of(session, survey, installation(), newest=LOOKED_AT)
    document = content(facts)
    blocks = [(type(each).__name__, each) for each in document.blocks]
    languages = [(each, own_name(each)) for each in offered("privacy")]
    return render_template(
        "privacy/index.html",
        journey=journey,
        survey=survey,
        blocks=blocks,
        languages=languages,
        newest=LOOKED_AT if facts.answers > LOOKED_AT else None,
    )


@privacy.get("/report.<any(pdf, docx, html):format_>")
@requires(Permission.EDIT_SURVEYS)
def download(journey_id: int, survey_id: int, format_: str) -> ResponseReturnValue:
    """The report to keep, or to fill its blanks in with Word."""
    form, language = Format(format_), request.args.get("report_language", ENGLISH.language)
    if language not in offered("privacy"):
        abort(404)
    with installation().store.reading() as session:
        survey = survey_in(session, journey_id, survey_id)
        document = content(facts_of(session, survey, installation()), written_in(language))
    note_read("export privacy report", f"survey {survey.code}")
    return written_file(document, form, f"{survey.code}-data-protection")
