"""How far a journey is from its target state."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.errors import NotFound
from surveyapp.journeys import queries
from surveyapp.journeys.target_journeys import targets_of_journey
from surveyapp.results.maps.version_json import comparison_to_json
from surveyapp.results.targets import phrases as target_phrases
from surveyapp.results.targets.gap import target_gap as gap_of
from surveyapp.results.targets.rows import target_rows_to_json
from surveyapp.web.filters import dashboard_rules, scope_asked
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page, scope_to_json
from surveyapp.web.map_shown import worded
from surveyapp.web.sessions import me
from surveyapp.whole import whole_number

target_gap = Blueprint("target_gap", __name__, url_prefix="/journeys/<int:journey_id>")
_LARGEST = 2**31 - 1


@target_gap.get("/target-gap")
@target_gap.get("/target-gap.json", endpoint="show_json")
@requires(Permission.READ_RESULTS)
def show(journey_id: int) -> ResponseReturnValue:
    """The gap to the target state ``target``, by default the first; without one how to make one."""
    few = dashboard_rules()["minimum_cell"]
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        scope = scope_asked(session, journey_id)
        targets = [
            each
            for each in targets_of_journey(session, journey_id)
            if may_on(session, me(), Permission.READ_RESULTS, each.id)
        ]
        chosen = targets[0] if targets else None
        if "target" in request.args:
            number = whole_number(request.args["target"], largest=_LARGEST)
            chosen = next((each for each in targets if each.id == number), None)
            if chosen is None:
                raise NotFound("There is no such target state of this journey that you may read.")
        found = gap_of(session, scope, chosen.id, dashboard_rules()) if chosen else None
    return page(
        "target_gap/show.html",
        {
            "journey": journey.code,
            **scope_to_json(scope),
            "minimum_cell": few,
            "target": chosen.code if chosen else None,
            **(comparison_to_json(found.maps) if found else {}),
            "targets": target_rows_to_json(found.rows, few=few) if found else [],
        },
        journey=journey,
        scope=scope,
        targets=targets,
        chosen=chosen,
        found=found,
        worded=worded,
        explained=target_phrases.EXPLAINED,
    )
