"""Explore: trends of a score, or scores by place, in one drawing that answers to the pointer and to the arrow
keys.

The browser draws what the other pages draw from: published figures, nothing that is hidden there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.reports.charts import explore_charts, explore_heat_maps
from surveyapp.results import dashboards
from surveyapp.results.explored import EVERY, explored, place_asked
from surveyapp.results.journey_json import placed_rows_to_json, trends_to_json
from surveyapp.results.maps.heat_map import MOST_ROWS, PlacedRow, heat_map, rows_at
from surveyapp.results.scope import Scope
from surveyapp.results.targets.targets import place_of
from surveyapp.results.view_models import Definition
from surveyapp.store.models import Journey
from surveyapp.web.filters import dashboard_rules, scope_asked
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page, scope_to_json
from surveyapp.web.scope_bar import ScopeBar, scope_bar
from surveyapp.web.vega_files import VEGA

explore = Blueprint("explore", __name__, url_prefix="/journeys/<int:journey_id>")

_TRENDS, _PLACES = "trends", "places"  # what is drawn


@explore.get("/explore")
@explore.get("/explore.json", endpoint="index_json")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    drawing = request.args.get("drawing", _TRENDS)
    if drawing not in (_TRENDS, _PLACES):
        raise Invalid(f"drawing={drawing[:20]} is not trends or places.", field="drawing")
    with installation().store.reading() as session:
        scope = scope_asked(session, journey_id)
        journey = queries.journey(session, journey_id)
        bar = scope_bar(session, scope)
        if drawing == _PLACES:
            return _places(session, journey, scope, bar)
        return _trends(session, journey, scope, bar)


def _trends(session: Session, journey: Journey, scope: Scope, bar: ScopeBar) -> ResponseReturnValue:
    """The trends of a score, with the same trends one by one below."""
    rules = dashboard_rules()
    found = explored(
        journey,
        dashboards.trend(session, scope, **rules),
        scale=request.args.get("scale", ""),
        place=request.args.get("place"),
    )
    few = rules["minimum_cell"]
    specification = explore_charts.trends_specification(found.drawn, few=few)
    return page(
        "explore/index.html",
        {
            **_about(journey, scope, bar),
            "scale": found.scale.scale if found.scale else None,
            "place": found.place,
            "trends": trends_to_json(found.drawn, few=few),
            "left_out": found.left_out,
            "specification": specification,
        },
        journey=journey,
        found=found,
        specification=specification,
        whole=explore_charts.WHOLE,
        codes=_codes(journey),
        vega=VEGA,
        few=few,
        scope=scope,
        bar=bar,
    )


def _places(session: Session, journey: Journey, scope: Scope, bar: ScopeBar) -> ResponseReturnValue:
    """Scores by place: the stages, or the touchpoints of one or of all."""
    rules = dashboard_rules()
    place, places = place_asked(journey, request.args.get("place", ""))
    heat = heat_map(dashboards.journey_overview(session, scope, **rules))
    rows = rows_at(heat, place, whole=explore_charts.WHOLE, every=EVERY)
    left_out, rows = len(rows[MOST_ROWS:]), rows[:MOST_ROWS]
    metrics, rows = _asked(heat.metrics, rows)
    few = rules["minimum_cell"]
    specification = explore_heat_maps.heat_specification(rows, metrics, few=few)
    return page(
        "explore/places.html",
        {
            **_about(journey, scope, bar),
            "place": place,
            "rows": placed_rows_to_json(rows, few=few),
            "left_out": left_out,
            "specification": specification,
        },
        journey=journey,
        place=place,
        places=places,
        rows=rows,
        metrics=metrics,
        left_out=left_out,
        height=explore_heat_maps.height_named(len(rows)),
        specification=specification,
        vega=VEGA,
        few=few,
        scope=scope,
        bar=bar,
    )


def _asked(
    metrics: Sequence[Definition], rows: Sequence[PlacedRow]
) -> tuple[tuple[Definition, ...], tuple[PlacedRow, ...]]:
    """Without the columns that no row has a figure in: a drawing has no room for them."""
    kept = [at for at in range(len(metrics)) if any(row.figures[at] is not None for row in rows)]
    return (
        tuple(metrics[at] for at in kept),
        tuple(
            PlacedRow(row.name, tuple(row.figures[at] for at in kept), row.lowest) for row in rows
        ),
    )


def _about(journey: Journey, scope: Scope, bar: ScopeBar) -> dict[str, Any]:
    """Which answers a drawing is of."""
    return {
        "journey": journey.code,
        "segment": next((s.code for s in bar.segments if s.id == scope.segment_id), None),
        **scope_to_json(scope),
        "minimum_cell": dashboard_rules()["minimum_cell"],
    }


def _codes(journey: Journey) -> dict[int | None, str]:
    """Each touchpoint's place by its number; "" is the journey as a whole."""
    points: dict[int | None, str] = {
        point.id: place_of(stage.code, point.code)
        for stage in journey.stages
        for point in stage.touchpoints
    }
    return {None: "", **points}
