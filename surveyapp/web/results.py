"""Results: segments compared, trends, choices, and what was analysed of a journey's scales."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.results import dashboards
from surveyapp.results.analyses import queries as stored_analyses
from surveyapp.results.analyses.rules_changed import rules_used
from surveyapp.results.analyses.staleness import staleness
from surveyapp.results.answers.choices import asks_choices, distributions, unread_choices
from surveyapp.results.drivers.association_json import associations_to_json
from surveyapp.results.drivers.associations import associations
from surveyapp.results.drivers.joined_scores import asks_outcome, joined_scores
from surveyapp.results.findings import findings
from surveyapp.results.funnels.channel_path_json import BASIS, channel_paths_to_json, corrected_said
from surveyapp.results.funnels.channel_paths import answers_with_paths, channel_paths
from surveyapp.results.invariance.segment_verdict_phrases import METHOD, verdicts_told
from surveyapp.results.journey_json import (
    choices_to_json,
    comparison_to_json,
    findings_to_json,
    trends_to_json,
)
from surveyapp.results.weights.weighted_scores import weighted_scores
from surveyapp.results.weights.weighted_scores_json import BASIS as WEIGHTS_BASIS
from surveyapp.results.weights.weighted_scores_json import weighted_scores_to_json
from surveyapp.store.models import Analysis
from surveyapp.web import studies
from surveyapp.web.analyses import validation_form
from surveyapp.web.filters import dashboard_rules, scope_asked
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page, scope_to_json
from surveyapp.web.scope_bar import scope_bar

results = Blueprint("results", __name__, url_prefix="/journeys/<int:journey_id>")

PATHS_AT_ONCE = 5_000  # answers at the end whose events are read without being asked to: 0.3 s
COUNTED_AT_ONCE = 100_000  # responses that are counted and joined without being asked to


@results.get("/results")
@results.get("/results.json", endpoint="index_json")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    rules = dashboard_rules()
    with installation().store.reading() as session:
        scope = scope_asked(session, journey_id)
        journey = queries.journey(session, journey_id)
        comparison = dashboards.segment_comparison(session, scope, **rules)
        trends = dashboards.trend(session, scope, at=[None], **rules)
        overview = dashboards.journey_overview(session, scope, **rules)
        known = queries.count_responses(session).get(journey_id, 0)
        waiting = unread_choices(session, journey_id, library=rules["library"])
        counted = waiting <= COUNTED_AT_ONCE or "choices" in request.args
        chosen = distributions(session, scope, **rules) if counted else ()
        ask = not counted and asks_choices(session, journey_id, library=rules["library"])
        joining = known <= COUNTED_AT_ONCE or "drivers" in request.args
        ask_drivers = not joining and asks_outcome(session, journey_id, library=rules["library"])
        pathed = answers_with_paths(session, journey_id, library=rules["library"])
        ask_paths = pathed > PATHS_AT_ONCE and "paths" not in request.args
        paths = channel_paths(session, journey_id, **rules) if pathed and not ask_paths else None
        joined = joined_scores(session, scope, **rules) if joining else None
        weighted = weighted_scores(session, scope, **rules) if scope.weighted else None
        stored = stored_analyses.analyses(session, journey_id)
        since = staleness(session, stored)
        form = validation_form(session, journey, segment=scope.arguments.get("segment", ""))
        study = studies.study_form(session, journey, segment=scope.arguments.get("segment", ""))
        bar = scope_bar(session, scope)
    few = rules["minimum_cell"]
    drivers = associations(joined)
    # The journey's page tells those of the overview alone.
    found = findings(overview, comparison, trends, weights=True)[len(findings(overview)) :]
    whole = [trend for trend in trends if trend.touchpoint_id is None]
    return page(
        "results/index.html",
        {
            "journey": overview.code,
            "segment": overview.segment.code if overview.segment else None,
            **scope_to_json(scope),
            "minimum_cell": few,
            "findings": findings_to_json(found),
            "comparison": comparison_to_json(comparison, few=few),
            "trends": trends_to_json(whole, few=few),
            "channel_paths": channel_paths_to_json(paths, few=few),
            "channel_paths_reason": "computed only with paths=1" if ask_paths else None,
            "weighted": weighted_scores_to_json(weighted, few=few) if weighted else None,
            "choices": None if ask else choices_to_json(chosen, few=few),
            "choices_reason": "counted only with choices=1" if ask else None,
            "drivers": associations_to_json(drivers, few=few),
            "drivers_reason": "computed only with drivers=1" if ask_drivers else None,
            "analyses": [_listed(each, outdated=each.id in since) for each in stored],
        },
        journey=journey,
        comparison=comparison,
        told=verdicts_told(comparison),
        paths=paths,
        weighted=weighted,
        paths_basis=BASIS,
        weights_basis=WEIGHTS_BASIS,
        paths_tests=corrected_said(paths) if paths else "",
        ask_paths=ask_paths,
        invariance_method=METHOD,
        overview=overview,
        findings=found,
        trends=whole,
        chosen=chosen,
        ask_choices=ask,
        drivers=drivers,
        ask_drivers=ask_drivers,
        few=few,
        analyses=stored,
        changed=since,
        rules={each.id: rules_used(each) for each in stored},
        scope=scope,
        bar=bar,
        form=form,
        study=study,
    )


def _listed(analysis: Analysis, *, outdated: bool) -> dict[str, Any]:
    state, rules = analysis.job.state if analysis.job else "waiting", rules_used(analysis)
    return {
        "id": analysis.id,
        "kind": analysis.kind,
        "instrument": analysis.instrument,
        "survey": analysis.survey.code if analysis.survey else None,
        "segment": analysis.segment.code if analysis.segment else None,
        "requested_at": analysis.created_at,
        "state": "done" if analysis.result else state,
        "outdated": outdated,
        "rules_version": rules.version if analysis.result else None,
        "changed_numbers": [change.sentence for change in rules.changes],
    }
