"""Sub-journeys: where a journey leads to others, and which journeys it is a part of."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select
from sqlalchemy.orm import Session
from wtforms import SelectField
from wtforms.validators import InputRequired

from surveyapp.auth.grants import journeys_granted, may_on
from surveyapp.auth.permissions import Permission
from surveyapp.errors import NotFound
from surveyapp.journeys import queries
from surveyapp.journeys.map_history import drawn_journey
from surveyapp.journeys.sub_journeys import (
    JourneyLink,
    lead_nowhere,
    lead_to,
    part_of,
)
from surveyapp.journeys.sub_journeys import (
    sub_journeys as links_of,
)
from surveyapp.store.models import Journey, Stage, Touchpoint
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.sessions import me

sub_journeys = Blueprint("sub_journeys", __name__, url_prefix="/journeys/<int:journey_id>")
_STAGE, _POINT = "stage", "touchpoint"


class SubJourneyForm(StaffForm):
    at = SelectField("Stage or touchpoint", [InputRequired("Choose a stage or touchpoint.")])
    leads_to = SelectField(
        "Leads to",
        [InputRequired("Choose a journey.")],
        description="A journey of its own, such as Replace a card, that customers go through there.",
    )


@sub_journeys.get("/sub-journeys")
@sub_journeys.get("/sub-journeys.json", endpoint="index_json")
@requires(Permission.READ_JOURNEYS)
def index(journey_id: int) -> ResponseReturnValue:
    granted = readable()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        leads, within = (
            links_of(session, journey_id, granted),
            part_of(session, journey_id, granted),
        )
        edits = may_on(session, me(), Permission.EDIT_JOURNEYS, journey_id)
        form = _form(session, journey) if edits else None
    return page(
        "sub_journeys/index.html",
        {
            "journey": journey.code,
            "sub_journeys": [_to_json(each) for each in leads],
            "part_of": [_to_json(each) for each in within],
        },
        journey=journey,
        leads=leads,
        within=within,
        form=form,
    )


@sub_journeys.post("/sub-journeys")
@requires(Permission.EDIT_JOURNEYS)
def add(journey_id: int) -> ResponseReturnValue:
    granted = readable()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        form = _form(session, journey)
        leads, within = (
            links_of(session, journey_id, granted),
            part_of(session, journey_id, granted),
        )
    if form.validate_on_submit():
        with form.refusing("leads_to"):
            with installation().store.writing() as session:
                known = drawn_journey(session, journey_id)
                at = _place(known, form.at.data)
                lead_to(session, known, at, int(form.leads_to.data), user_id=me().id)
            flash("Added.")
            return redirect(url_for("sub_journeys.index", journey_id=journey_id), 303)
    shown = render_template(
        "sub_journeys/index.html", journey=journey, leads=leads, within=within, form=form
    )
    return shown, form.status


@sub_journeys.post("/sub-journeys/<int:sub_journey_id>/remove")
@requires(Permission.EDIT_JOURNEYS)
def remove(journey_id: int, sub_journey_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        journey = drawn_journey(session, journey_id)
        lead_nowhere(session, journey, sub_journey_id, user_id=me().id)
    flash("Removed. Both journeys stay as they are.")
    return redirect(url_for("sub_journeys.index", journey_id=journey_id), 303)


def readable() -> Select[int] | None:
    """The journeys that whoever asks may read; None: all."""
    return journeys_granted(me(), Permission.READ_JOURNEYS)


def _form(session: Session, journey: Journey) -> SubJourneyForm:
    form = SubJourneyForm()
    places = []
    for stage in journey.stages:
        places.append((f"{_STAGE}-{stage.id}", stage.name))
        places += [
            (f"{_POINT}-{point.id}", f"{stage.name}: {point.name}") for point in stage.touchpoints
        ]
    form.at.choices = choices(places)
    others = [each for each in queries.journeys(session, readable()) if each.id != journey.id]
    form.leads_to.choices = choices([(str(each.id), each.name) for each in others])
    return form


def _place(journey: Journey, key: str) -> Stage | Touchpoint:
    """The stage or touchpoint that was chosen. Raises NotFound where it is gone."""
    for stage in journey.stages:
        if key == f"{_STAGE}-{stage.id}":
            return stage
        for point in stage.touchpoints:
            if key == f"{_POINT}-{point.id}":
                return point
    raise NotFound("There is no such place on this map; somebody may have removed it.")


def _to_json(link: JourneyLink) -> dict[str, object]:
    return {
        "id": link.id,
        "journey_id": link.journey_id,
        "journey": link.journey,
        "place": link.place,
        "leads_to_id": link.leads_to_id,
        "leads_to": link.leads_to,
    }
