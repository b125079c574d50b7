"""What a mapping workshop needs, as pages to print: agenda, personas, the map, cards, a matrix."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.journeys.personas import personas_of
from surveyapp.store.models import Persona
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me

workshop_kit = Blueprint(
    "workshop_kit", __name__, url_prefix="/journeys/<int:journey_id>/workshop-kit"
)

# Stages on one sheet: more would leave columns too narrow to write in.
_ON_A_SHEET = 6
_EMPTY_STAGES = 5
_MOST_PERSONAS = 6  # sheets; a workshop has no use for more
LANES = (
    ("Goals", "What does the customer want here?"),
    ("Actions", "What do they do?"),
    ("Thoughts and questions", "What do they ask themselves?"),
    ("Touchpoints", "Whom or what do they meet, by which channel?"),
    ("Feelings", "Draw a line from + to −."),
    ("Pain points", "What goes wrong, for how many?"),
    ("Behind the scenes", "Who and what makes it work?"),
    ("Ideas", "What would change it?"),
)


@workshop_kit.get("")
@requires(Permission.READ_JOURNEYS)
def show(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        known: list[Persona] = []
        if may_on(session, me(), Permission.READ_RESULTS, journey_id):
            known = personas_of(session, journey_id)
    stages = [(stage.name, stage.goal, stage.touchpoints) for stage in journey.stages]
    stages = stages or [("", "", [])] * _EMPTY_STAGES
    sheets = [stages[at : at + _ON_A_SHEET] for at in range(0, len(stages), _ON_A_SHEET)]
    return render_template(
        "workshop_kit/show.html",
        journey=journey,
        sheets=sheets,
        lanes=LANES,
        personas=[*known[:_MOST_PERSONAS], None],  # and an empty one
    )
