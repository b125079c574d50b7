"""Answers: how the answers to each question of a journey are distributed."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.results.answers.answer_shares import answer_shares, unread_answers
from surveyapp.results.answers.answer_shares_json import answer_shares_to_json
from surveyapp.surveys.queries import surveys_of
from surveyapp.web.filters import dashboard_rules, scope_asked
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page, scope_to_json
from surveyapp.web.scope_bar import scope_bar

answers = Blueprint("answers", __name__, url_prefix="/journeys/<int:journey_id>")

COUNTED_AT_ONCE = 50_000  # responses that are read without being asked to


@answers.get("/answers")
@answers.get("/answers.json", endpoint="index_json")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    return _shown(journey_id, None)


@answers.get("/touchpoints/<int:touchpoint_id>/answers")
@answers.get("/touchpoints/<int:touchpoint_id>/answers.json", endpoint="touchpoint_json")
@requires(Permission.READ_RESULTS)
def touchpoint(journey_id: int, touchpoint_id: int) -> ResponseReturnValue:
    return _shown(journey_id, touchpoint_id)


def _shown(journey_id: int, place: int | None) -> ResponseReturnValue:
    """The questions that are asked there; a page of all places would be too heavy for a phone."""
    rules = dashboard_rules()
    with installation().store.reading() as session:
        scope = scope_asked(session, journey_id)
        journey = queries.journey(session, journey_id)
        point = queries.touchpoint(session, journey_id, place) if place is not None else None
        waiting = unread_answers(session, journey_id, place, library=rules["library"])
        counted = waiting <= COUNTED_AT_ONCE or "count" in request.args
        found = answer_shares(session, scope, place, **rules) if counted else ()
        bar = scope_bar(session, scope)
        asked = {survey.touchpoint_id for survey in surveys_of(session, journey_id)}
    few = rules["minimum_cell"]
    return page(
        "answers/index.html",
        {
            "journey": journey.code,
            "touchpoint": point.code if point else None,
            "segment": next((s.code for s in bar.segments if s.id == scope.segment_id), None),
            **scope_to_json(scope),
            "minimum_cell": few,
            "questions": answer_shares_to_json(found, few=few) if counted else None,
            "questions_reason": None if counted else "counted only with count=1",
        },
        journey=journey,
        place=point,
        places=[t for stage in journey.stages for t in stage.touchpoints if t.id in asked],
        at_end=None in asked,
        found=found,
        ask=not counted,
        few=few,
        scope=scope,
        bar=bar,
    )
