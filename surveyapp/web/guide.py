"""The seven first steps of a journey, with the pages on which they are taken."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.results.first_steps import first_steps
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation

guide = Blueprint("guide", __name__, url_prefix="/journeys/<int:journey_id>/guide")


@guide.get("")
@requires(Permission.EDIT_JOURNEYS)
def show(journey_id: int) -> ResponseReturnValue:
    few = installation().settings.minimum_cell
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        steps = first_steps(session, journey, few=few)
    after = next((number for number, each in enumerate(steps, 1) if not each.done), None)
    return render_template("guide/show.html", journey=journey, steps=steps, after=after)
