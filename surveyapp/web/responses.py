"""Responses: the list, one of them in words, and all of them as a file."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.exports.responses import responses_csv
from surveyapp.journeys import queries
from surveyapp.journeys.segments import parse
from surveyapp.responses import listing
from surveyapp.store.audit import record
from surveyapp.surveys.queries import surveys_of
from surveyapp.web.downloads import download
from surveyapp.web.filters import number_asked, scope_asked
from surveyapp.web.guards import requires
from surveyapp.web.ids import LARGEST_LONG
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me

responses = Blueprint("responses", __name__, url_prefix="/journeys/<int:journey_id>/responses")

PAGE = 50


@responses.get("")
@requires(Permission.READ_RESPONSES)
def index(journey_id: int) -> ResponseReturnValue:
    scope, survey_id = scope_asked(journey_id), _survey_asked()
    before = number_asked("before", largest=LARGEST_LONG)
    after = number_asked("after", largest=LARGEST_LONG)
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        surveys = surveys_of(session, journey_id)
        segments = queries.segments(session)
        wanted = listing.Wanted(
            survey_id,
            None if scope.of_everybody else parse(queries.segment(session, scope.segment_id).rule),
            scope.period.begin,
            scope.period.end,
            before,
            after,
        )
        found = listing.lines(
            session,
            journey_id,
            wanted,
            limit=PAGE + 1,
            library=installation().library,
        )
    more = len(found) > PAGE
    shown = found[-PAGE:] if after is not None else found[:PAGE]
    return render_template(
        "responses/index.html",
        journey=journey,
        surveys=surveys,
        survey_id=survey_id,
        scope=scope,
        segments=segments,
        lines=shown,
        older=shown[-1].id if shown and (more or after is not None) else None,
        newer=shown[0].id
        if shown and (before is not None or (after is not None and more))
        else None,
        kept={**scope.arguments, **({"survey": survey_id} if survey_id else {})},
    )


@responses.get("/<long:response_id>")
@requires(Permission.READ_RESPONSES)
def show(journey_id: int, response_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = listing.in_words(session, journey_id, response_id, library=installation().library)
    return render_template("responses/show.html", journey=journey, found=found)


@responses.get("/export.csv")
@requires(Permission.EXPORT_RESPONSES)
def export(journey_id: int) -> ResponseReturnValue:
    """The responses that the filters choose, streamed while they are read."""
    scope, survey_id = scope_asked(journey_id), _survey_asked()
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        if not scope.of_everybody:
            queries.segment(session, scope.segment_id)  # NotFound before the file begins
        record(session, me().id, "export responses", f"journey {journey.code}", **scope.arguments)
    table = partial(
        responses_csv,
        scope=scope,
        survey_id=survey_id,
        library=installation().library,
    )
    return download(table, f"responses-{journey.code}")


def _survey_asked() -> int | None:
    """The survey to show; bookmarks from before say ``deployment``."""
    return number_asked("survey" if "survey" in request.args else "deployment")
