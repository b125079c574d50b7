"""Tests whether a journey's questionnaires measure alike over time: asked for, and shown."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.results.invariance.actions import ask_time_invariance
from surveyapp.results.invariance.time_invariance_details import time_tests, time_tests_to_json
from surveyapp.results.invariance.time_verdict_phrases import METHOD
from surveyapp.web.filters import dashboard_rules
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.quota import leave_room
from surveyapp.web.sessions import me

time_invariance = Blueprint("time_invariance", __name__, url_prefix="/journeys/<int:journey_id>")


@time_invariance.get("/time-invariance")
@time_invariance.get("/time-invariance.json", endpoint="show_json")
@requires(Permission.READ_RESULTS)
def show(journey_id: int) -> ResponseReturnValue:
    """The newest test of each questionnaire, with its steps."""
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = time_tests(session, journey_id, **dashboard_rules())
    return page(
        "time_invariance/show.html",
        {"journey": journey.code, "method": METHOD, **time_tests_to_json(found)},
        journey=journey,
        found=found,
        method=METHOD,
        own=found.job is not None and found.job.created_by == me().id,
    )


@time_invariance.post("/time-invariance")
@requires(Permission.RUN_ANALYSES)
def start(journey_id: int) -> ResponseReturnValue:
    """Ask for the tests; a second time while they run changes nothing."""
    with installation().store.writing() as session:
        leave_room(session)
        journey = queries.journey(session, journey_id)
        ask_time_invariance(session, journey, user_id=me().id)
    flash("The test is running; this page shows its progress.")
    return redirect(url_for("time_invariance.show", journey_id=journey_id), 303)
