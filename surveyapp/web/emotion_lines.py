"""The emotion lines of a journey's personas in one drawing, with their numbers."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.journeys.personas import personas_of
from surveyapp.results.maps import emotion_phrases
from surveyapp.results.maps.emotion_json import emotion_line_to_json
from surveyapp.results.maps.persona_lines import persona_lines
from surveyapp.web.emotion_lines_drawing import lines_drawing
from surveyapp.web.filters import dashboard_rules, scope_asked
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page, scope_to_json

emotion_lines = Blueprint("emotion_lines", __name__, url_prefix="/journeys/<int:journey_id>")


@emotion_lines.get("/emotion-lines")
@emotion_lines.get("/emotion-lines.json", endpoint="show_json")
@requires(Permission.READ_RESULTS)
def show(journey_id: int) -> ResponseReturnValue:
    rules = dashboard_rules()
    few = rules["minimum_cell"]
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        scope = scope_asked(session, journey_id)
        scale = request.args.get("scale", "")
        personas = personas_of(session, journey_id)
        found = persona_lines(session, scope, personas, rules, scale=scale)
    return page(
        "emotion_lines/show.html",
        {
            "journey": journey.code,
            **scope_to_json(scope),
            "minimum_cell": few,
            "lines": [
                {
                    "persona": each.name if each.persona_id else None,
                    **emotion_line_to_json(each.line, few=few),
                }
                for each in found.lines
            ],
            "without_segment": found.without_segment,
            "still_sorting": found.waiting,
            "left_out": found.beyond,
        },
        journey=journey,
        scope=scope,
        found=found,
        personas={each.id: each for each in personas},
        drawing=lines_drawing(found.lines, few=few),
        emotions=emotion_phrases,
        few=few,
    )
