"""Responses: the list, one of them in words, and all of them as a file."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.exports.responses import responses_csv
from surveyapp.journeys import queries
from surveyapp.responses import listing
from surveyapp.store.audit import record
from surveyapp.surveys.queries import surveys_of
from surveyapp.web.downloads import download
from surveyapp.web.filters import Filters, filters_asked, number_asked
from surveyapp.web.guards import requires
from surveyapp.web.ids import LARGEST_LONG
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me

responses = Blueprint("responses", __name__, url_prefix="/journeys/<int:journey_id>/responses")

PAGE = 50


@responses.get("")
@requires(Permission.READ_RESPONSES)
def index(journey_id: int) -> ResponseReturnValue:
    filters, survey_id = filters_asked(), _survey_asked()
    before = number_asked("before", largest=LARGEST_LONG)
    after = number_asked("after", largest=LARGEST_LONG)
    since, until = _moments(filters)
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        surveys = surveys_of(session, journey_id)
        found = listing.lines(
            session,
            journey_id,
            listing.Wanted(survey_id, since, until, before, after),
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
        filters=filters,
        lines=shown,
        older=shown[-1].id if shown and (more or after is not None) else None,
        newer=shown[0].id
        if shown and (before is not None or (after is not None and more))
        else None,
        kept={**filters.arguments, **({"survey": survey_id} if survey_id else {})},
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
    filters, survey_id = filters_asked(), _survey_asked()
    since, until = _moments(filters)
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        record(session, me().id, "export responses", f"journey {journey.code}")
    table = partial(
        responses_csv,
        journey_id=journey_id,
        survey_id=survey_id,
        since=since,
        until=until,
        library=installation().library,
    )
    return download(table, f"responses-{journey.code}")


def _moments(filters: Filters) -> tuple[datetime | None, datetime | None]:
    """The filters' whole months as moments: from the first included to the last excluded."""
    since = _midnight(filters.since) if filters.since else None
    if filters.until is None:
        return since, None
    following = (filters.until.replace(day=1) + timedelta(days=32)).replace(day=1)
    return since, _midnight(following)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, 1, tzinfo=UTC)


def _survey_asked() -> int | None:
    """The survey to show; bookmarks from before say ``deployment``."""
    return number_asked("survey" if "survey" in request.args else "deployment")
