"""Explore: the trends of a score in one drawing that answers to the pointer and to the arrow keys.

The browser draws what the other pages draw from: published figures, nothing that is hidden there.
"""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.reports import explore_charts
from surveyapp.results import dashboards
from surveyapp.results.explored import explored
from surveyapp.results.journey_json import trends_to_json
from surveyapp.results.targets import place_of
from surveyapp.store.models import Journey
from surveyapp.web.filters import dashboard_rules, scope_asked
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page, scope_to_json
from surveyapp.web.scope_bar import scope_bar
from surveyapp.web.vega_files import VEGA

explore = Blueprint("explore", __name__, url_prefix="/journeys/<int:journey_id>")


@explore.get("/explore")
@explore.get("/explore.json", endpoint="index_json")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    rules = dashboard_rules()
    with installation().store.reading() as session:
        scope = scope_asked(session, journey_id)
        journey = queries.journey(session, journey_id)
        found = explored(
            journey,
            dashboards.trend(session, scope, **rules),
            scale=request.args.get("scale", ""),
            place=request.args.get("place"),
        )
        bar = scope_bar(session, scope)
    few = rules["minimum_cell"]
    specification = explore_charts.trends_specification(found.drawn, few=few)
    return page(
        "explore/index.html",
        {
            "journey": journey.code,
            "segment": next((s.code for s in bar.segments if s.id == scope.segment_id), None),
            **scope_to_json(scope),
            "minimum_cell": few,
            "scale": found.scale.scale if found.scale else None,
            "place": found.place,
            "trends": trends_to_json(found.drawn, few=few),
            "left_out": found.left_out,
            "specification": specification,
        },
        journey=journey,
        found=found,
        specification=specification,
        height=explore_charts.HEIGHT,
        whole=explore_charts.WHOLE,
        codes=_codes(journey),
        vega=VEGA,
        few=few,
        scope=scope,
        bar=bar,
    )


def _codes(journey: Journey) -> dict[int | None, str]:
    """Each touchpoint's place by its number; "" is the journey as a whole."""
    points = {
        point.id: place_of(stage.code, point.code)
        for stage in journey.stages
        for point in stage.touchpoints
    }
    return {None: "", **points}
