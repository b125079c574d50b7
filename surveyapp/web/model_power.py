"""How many respondents a planned model needs: a calculator, whose question stands in the address."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.results.projects.model_power import (
    INCOMPLETE_SAMPLES,
    MOST_INCOMPLETE,
    MOST_ITEMS,
    SAMPLES,
    answer_power,
    read_power,
)
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page

model_power = Blueprint("model_power", __name__, url_prefix="/journeys/<int:journey_id>")

_EXAMPLE = "F =~ .7*x1 + .7*x2 + .6*x3\nG =~ .8*y1 + .7*y2 + .7*y3\nG ~ .3*F"


@model_power.get("/model-power")
@model_power.get("/model-power.json", endpoint="show_json")
@requires(Permission.MODEL_ANSWERS)
def show(journey_id: int) -> ResponseReturnValue:
    """The questions, and the answer to the one that was asked."""
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
    asked = found = refused = None
    try:
        asked = read_power(request.args)
        found = None if asked is None else answer_power(asked)
    except Invalid as error:
        refused = error
    shown = page(
        "model_power/show.html",
        {
            "journey": journey.code,
            "asked": None if asked is None else asdict(asked),
            "answer": None if found is None else {"said": found.said, **found.document},
            "error": None if refused is None else str(refused),
        },
        journey=journey,
        found=found,
        refused=refused,
        kind=request.args.get("kind", ""),
        given=request.args,
        example=_EXAMPLE,
        most_items=MOST_ITEMS,
        samples=SAMPLES,
        incomplete=(INCOMPLETE_SAMPLES, MOST_INCOMPLETE),
    )
    shown.status_code = 200 if refused is None else 422
    return shown
