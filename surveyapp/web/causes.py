"""Causes: what coded comments are about, the scores that go with it, and the pain points."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.comments import pain_points
from surveyapp.comments.bands import bands_of
from surveyapp.comments.code_book import codes_of
from surveyapp.journeys import queries
from surveyapp.results.comments.causes import causes
from surveyapp.results.definitions import scored
from surveyapp.surveys.queries import surveys_of
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation

causes_pages = Blueprint("causes", __name__, url_prefix="/journeys/<int:journey_id>/causes")


@causes_pages.get("")
@requires(Permission.READ_COMMENTS)
def index(journey_id: int) -> ResponseReturnValue:
    """Codes by frequency, theirs beside others' scores, pain points."""
    at = installation()
    with at.store.reading() as session:
        journey, surveys = queries.journey(session, journey_id), surveys_of(session, journey_id)
        found = causes(
            session,
            [each.id for each in surveys],
            codes_of(session, journey_id),
            bands_of(surveys, at.library),
            minimum=at.settings.minimum_cell,
        )
        return render_template(
            "causes/index.html",
            journey=journey,
            found=found,
            scales={k: v.definition.short for k, v in scored(surveys, library=at.library).items()},
            points=pain_points.pain_points_of(session, journey_id),
            minimum=at.settings.minimum_cell,
        )
