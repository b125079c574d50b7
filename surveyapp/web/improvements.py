"""From what goes wrong to what came of it: every chain of a journey on one page."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.comments.pain_points import pain_points_of
from surveyapp.journeys import queries
from surveyapp.journeys.calendar import calendar_of
from surveyapp.journeys.chains import chains
from surveyapp.journeys.insight_json import chain_to_json
from surveyapp.results.registered_changes import effect_phrases
from surveyapp.results.registered_changes.chain_effects import chain_effects
from surveyapp.web.filters import dashboard_rules
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page

improvements = Blueprint("improvements", __name__, url_prefix="/journeys/<int:journey_id>")


@improvements.get("/improvements")
@improvements.get("/improvements.json", endpoint="index_json")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = chains(session, journey_id, pain_points_of(session, journey_id))
        today = calendar_of(journey).day(installation().now())
        effects = chain_effects(session, journey_id, found, today=today, **dashboard_rules())
    return page(
        "improvements/index.html",
        {
            "journey": journey.code,
            "chains": [
                {**chain_to_json(each), "effect": effects.get(each.change.id if each.change else 0)}
                for each in found
            ],
        },
        journey=journey,
        chains=found,
        effects=effects,
        said=effect_phrases,
    )
