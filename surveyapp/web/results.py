"""Results: segments compared, trends, choices, and what was analysed of a journey's scales."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.results import dashboards
from surveyapp.results import queries as stored_analyses
from surveyapp.results.choices import asks_choices, distributions
from surveyapp.results.findings import findings
from surveyapp.results.staleness import staleness
from surveyapp.web import studies
from surveyapp.web.analyses import validation_form
from surveyapp.web.filters import dashboard_rules, scope_asked
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation

results = Blueprint("results", __name__, url_prefix="/journeys/<int:journey_id>/results")

COUNTED_AT_ONCE = 100_000  # responses whose choices are counted without being asked to


@results.get("")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    scope, rules = scope_asked(journey_id), dashboard_rules()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        comparison = dashboards.segment_comparison(session, scope, **rules)
        trends = dashboards.trend(session, scope, **rules)
        overview = dashboards.journey_overview(session, scope, **rules)
        known = queries.count_responses(session).get(journey_id, 0)
        counted = known <= COUNTED_AT_ONCE or "choices" in request.args
        chosen = distributions(session, scope, **rules) if counted else ()
        ask = not counted and asks_choices(session, journey_id, library=rules["library"])
        stored = stored_analyses.analyses(session, journey_id)
        since = staleness(session, stored)
        form = validation_form(session, journey, segment=scope.arguments.get("segment", ""))
        study = studies.study_form(session, journey, segment=scope.arguments.get("segment", ""))
        segments = queries.segments(session)
    return render_template(
        "results/index.html",
        journey=journey,
        comparison=comparison,
        # The journey's page tells those of the overview alone.
        findings=findings(overview, comparison, trends)[len(findings(overview)) :],
        trends=[trend for trend in trends if trend.touchpoint_id is None],
        chosen=chosen,
        ask_choices=ask,
        few=rules["minimum_cell"],
        analyses=stored,
        changed=since,
        scope=scope,
        segments=segments,
        form=form,
        study=study,
    )
