"""Tests whether journeys measure alike: asked for from their lists, and shown with what they rest on."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.auth.grants import journeys_granted
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys.portfolio import Listed, listed
from surveyapp.results.invariance.actions import ask_invariance
from surveyapp.results.invariance.details import details, details_to_json
from surveyapp.results.portfolio.headlines import HEADLINES
from surveyapp.web.filters import dashboard_rules
from surveyapp.web.guards import requires
from surveyapp.web.ids import LARGEST
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.quota import leave_room
from surveyapp.web.sessions import me
from surveyapp.whole import whole_number

invariance = Blueprint("invariance", __name__, url_prefix="/invariance")


@invariance.post("")
@requires(Permission.RUN_ANALYSES, lists=True)
def start() -> ResponseReturnValue:
    """Ask for a test between the chosen journeys, of those where one may; all of them where none is."""
    instrument = request.form.get("instrument", "")
    if instrument not in HEADLINES:
        raise Invalid(f"instrument={instrument[:20]} is not one of {', '.join(HEADLINES)}.")
    wanted = [_number(text) for text in request.form.getlist("journey")]
    with installation().store.writing() as session:
        known = _known(session, Permission.RUN_ANALYSES)
        lacking = [number for number in wanted if number not in known]
        if lacking:
            raise NotFound("There is no such journey, or you may not run analyses on it.")
        leave_room(session)
        chosen = wanted or [each.id for each in known.values() if each.state != "archived"]
        test = ask_invariance(session, chosen, instrument=instrument, user_id=me().id)
    flash("The test is running; this page shows its progress.")
    return redirect(url_for("invariance.show", invariance_id=test.id), 303)


@invariance.get("/<int:invariance_id>")
@invariance.get("/<int:invariance_id>.json", endpoint="show_json")
@requires(Permission.READ_RESULTS, lists=True)
def show(invariance_id: int) -> ResponseReturnValue:
    """A test, to whoever may read the results of all its journeys."""
    with installation().store.reading() as session:
        known = _known(session, Permission.READ_RESULTS)
        found = details(session, invariance_id, **dashboard_rules())
        if found is None or not {each.id for each in found.journeys} <= known.keys():
            raise NotFound(
                f"There is no test number {invariance_id} of journeys that you may read."
            )
    job = found.job
    running = found.verdict is None and job is not None and job.state in ("waiting", "running")
    own = job is not None and job.created_by == me().id
    return page(
        "invariance/show.html", details_to_json(found), found=found, running=running, own=own
    )


def _known(session: Session, permission: Permission) -> dict[int, Listed]:
    return {each.id: each for each in listed(session, journeys_granted(me(), permission))}


def _number(text: str) -> int:
    number = whole_number(text.strip(), largest=LARGEST)
    if number is None:
        raise Invalid(f"journey={text[:20]} is not a number; choose from the list.")
    return number
