"""Drivers of a journey's outcome: what is important, how well it is done, and what goes together."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectField

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.results.drivers import phrases as driver_phrases
from surveyapp.results.drivers.driver_json import interactions_to_json, maps_to_json
from surveyapp.results.drivers.interactions import interactions
from surveyapp.results.drivers.joined_scores import asks_outcome, joinable, joined_scores
from surveyapp.results.drivers.pairs import declare_pair, pairs_of, remove_pair
from surveyapp.results.drivers.priority_map import priority_maps
from surveyapp.web.filters import dashboard_rules, scope_asked
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page, scope_to_json
from surveyapp.web.priority_drawing import drawing
from surveyapp.web.results import COUNTED_AT_ONCE
from surveyapp.web.scope_bar import scope_bar
from surveyapp.web.sessions import me

drivers = Blueprint("drivers", __name__, url_prefix="/journeys/<int:journey_id>")


class PairForm(StaffForm):
    first = SelectField("Score", validate_choice=False)
    second = SelectField("Together with", validate_choice=False)


def _form(kinds: Mapping[str, Mapping[str, str]]) -> PairForm:
    form = PairForm()
    offered = [("", "Choose a score")]
    for labels in kinds.values():
        offered += labels.items()
    form.first.choices = form.second.choices = choices(offered)
    return form


def _kinds(session: Session, journey_id: int) -> dict[str, Mapping[str, str]]:
    """The labels of the journey's scores by key, of each kind that has two."""
    found = joinable(session, journey_id, library=installation().library)
    return {name: labels for name, labels in found.items() if len(labels) > 1}


@drivers.get("/drivers")
@drivers.get("/drivers.json", endpoint="index_json")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    """The maps and the declared pairs; of a large journey only where it is asked for."""
    rules = dashboard_rules()
    with installation().store.reading() as session:
        scope = scope_asked(session, journey_id)
        journey = queries.journey(session, journey_id)
        known = queries.count_responses(session).get(journey_id, 0)
        joining = known <= COUNTED_AT_ONCE or "drivers" in request.args
        joined = joined_scores(session, scope, **rules) if joining else None
        ask = not joining and asks_outcome(session, journey_id, library=rules["library"])
        maps = priority_maps(session, joined)
        found = interactions(joined, pairs_of(session, journey_id))
        kinds = _kinds(session, journey_id)
        bar = scope_bar(session, scope)
    few = rules["minimum_cell"]
    return page(
        "drivers/index.html",
        {
            "journey": journey.code,
            "minimum_cell": few,
            **scope_to_json(scope),
            "maps": maps_to_json(maps, few=few),
            "interactions": interactions_to_json(found, few=few),
            "reason": "computed only with drivers=1" if ask else None,
        },
        journey=journey,
        scope=scope,
        bar=bar,
        ask=ask,
        maps=[(each, drawing(each)) for each in maps],
        outcome=joined.outcome.definition if joined else None,
        found=found,
        form=_form(kinds) if kinds else None,
        words=driver_phrases,
        few=few,
    )


@drivers.post("/drivers/pairs")
@requires(Permission.RUN_ANALYSES)
def declare(journey_id: int) -> ResponseReturnValue:
    """Look at two scores together from now on."""
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        kinds = _kinds(session, journey_id)
        form = _form(kinds)
        if not form.validate():
            raise Invalid("Choose two scores from the lists.")
        keys = (form.first.data or "", form.second.data or "")
        declare_pair(session, journey, keys, list(kinds.values()), user_id=me().id)
    return _back(journey_id, "The pair is looked at from now on.")


@drivers.post("/drivers/pairs/<int:pair_id>/remove")
@requires(Permission.RUN_ANALYSES)
def remove(journey_id: int, pair_id: int) -> ResponseReturnValue:
    """Look at a pair no more."""
    with installation().store.writing() as session:
        remove_pair(session, queries.journey(session, journey_id), pair_id, user_id=me().id)
    return _back(journey_id, "The pair was removed.")


def _back(journey_id: int, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("drivers.index", journey_id=journey_id, _anchor="interactions"), 303)
