"""The map of a journey: its stages and touchpoints, drawn with plain forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import actions, queries, removals
from surveyapp.store.models import Journey, MapRemoval
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me

stages = Blueprint("stages", __name__, url_prefix="/journeys/<int:journey_id>/stages")

OWNERSHIPS = [
    ("provider", "Run by us"),
    ("partner", "Run by a partner"),
    ("customer", "Run by the customer"),
    ("social", "Social: other people, social media"),
]


class StageForm(StaffForm):
    name = StringField("Stage", [InputRequired("Enter a name for the stage."), Length(max=200)])
    goal = StringField("Customer's goal in this stage", [Optional(), Length(max=5000)])


class TouchpointForm(StaffForm):
    name = StringField(
        "Name",
        [InputRequired("Enter a name for the touchpoint."), Length(max=200)],
        description="Customers read it in questions such as “How satisfied are you with ...?”",
    )
    channel = StringField(
        "Channel",
        [Optional(), Length(max=60)],
        description="Branch, app, website, phone, post ...",
    )
    ownership = SelectField("Run by", choices=choices(OWNERSHIPS))
    partner = StringField(
        "Partner",
        [Optional(), Length(max=200)],
        description="Who runs it, where a partner does. Touchpoints of one partner are put together"
        " when partners are compared, so write the name alike everywhere.",
    )
    moment_of_truth = BooleanField(
        "Moment of truth", description="Decisive for how the customer judges the whole journey."
    )
    front_stage = TextAreaField(
        "What the customer sees (front stage)", [Optional(), Length(max=5000)]
    )
    backstage = TextAreaField(
        "What happens behind the scenes (backstage)", [Optional(), Length(max=5000)]
    )


def _map(journey_id: int) -> ResponseReturnValue:
    return redirect(url_for("stages.index", journey_id=journey_id), 303)


@stages.get("")
@requires(Permission.EDIT_JOURNEYS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        removed = removals.removals(session, journey_id)
    return _page(journey, removed, StageForm())


def _page(journey: Journey, removed: Sequence[MapRemoval], form: StageForm) -> ResponseReturnValue:
    page = render_template("stages/index.html", journey=journey, removed=removed, form=form)
    return page, form.status


@stages.post("")
@requires(Permission.EDIT_JOURNEYS)
def add_stage(journey_id: int) -> ResponseReturnValue:
    form = StageForm()
    if form.validate_on_submit():
        with form.refusing("name"):
            with installation().store.writing() as session:
                journey = queries.journey(session, journey_id)
                actions.add_stage(session, journey, **form.plain(), user_id=me().id)
            return _map(journey_id)
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        removed = removals.removals(session, journey_id)
    return _page(journey, removed, form)


@stages.route("/<int:stage_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_JOURNEYS)
def edit_stage(journey_id: int, stage_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        stage = queries.stage(session, journey_id, stage_id)
    form = StageForm(obj=stage)
    if form.validate_on_submit():
        with form.refusing("name"):
            with form.saving() as session:
                known = queries.stage(session, journey_id, stage_id)
                actions.edit_stage(session, known, **form.plain(), user_id=me().id)
            return _map(journey_id)
    page = render_template("stages/stage.html", journey=journey, stage=stage, form=form)
    return page, form.status


@stages.post("/<int:stage_id>/move")
@requires(Permission.EDIT_JOURNEYS)
def move_stage(journey_id: int, stage_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        stage = queries.stage(session, journey_id, stage_id)
        actions.move_stage(session, stage, by=_places(), user_id=me().id)
    return _map(journey_id)


@stages.route("/<int:stage_id>/remove", methods=["GET", "POST"])
@requires(Permission.EDIT_JOURNEYS)
def remove_stage(journey_id: int, stage_id: int) -> ResponseReturnValue:
    """The page that asks; sent, the removal itself."""
    form = StaffForm()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        stage = queries.stage(session, journey_id, stage_id)
        points = [point.name for point in stage.touchpoints]
    if form.validate_on_submit():
        with installation().store.writing() as session:
            known = queries.stage(session, journey_id, stage_id)
            actions.remove_stage(session, known, user_id=me().id)
        flash(f"{stage.name} has been removed. It can be restored below.")
        return _map(journey_id)
    back = url_for("stages.edit_stage", journey_id=journey_id, stage_id=stage_id)
    return _removal_page(form, journey, stage.name, "stage", points, back)


def _removal_page(
    form: StaffForm, journey: Journey, name: str, noun: str, points: list[str], back: str
) -> ResponseReturnValue:
    page = render_template(
        "stages/remove.html",
        form=form,
        journey=journey,
        name=name,
        noun=noun,
        points=points,
        back=back,
        days=removals.KEPT.days,
    )
    return page, form.status


@stages.post("/removals/<int:removal_id>/restore")
@requires(Permission.EDIT_JOURNEYS)
def restore(journey_id: int, removal_id: int) -> ResponseReturnValue:
    """Put back what was removed, where it was."""
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        name = removals.restore(session, journey, removal_id, user_id=me().id)
    flash(f"{name} has been restored.")
    return _map(journey_id)


@stages.route("/<int:stage_id>/new", methods=["GET", "POST"])
@requires(Permission.EDIT_JOURNEYS)
def add_touchpoint(journey_id: int, stage_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        stage = queries.stage(session, journey_id, stage_id)
    form = TouchpointForm()
    if form.validate_on_submit():
        with form.refusing("name"):
            with installation().store.writing() as session:
                known = queries.stage(session, journey_id, stage_id)
                actions.add_touchpoint(session, known, **form.plain(), user_id=me().id)
            return _map(journey_id)
    return _touchpoint_page(form, journey=journey, stage=stage, touchpoint=None)


@stages.route("/touchpoints/<int:touchpoint_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_JOURNEYS)
def edit_touchpoint(journey_id: int, touchpoint_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        touchpoint = queries.touchpoint(session, journey_id, touchpoint_id)
        stage = queries.stage(session, journey_id, touchpoint.stage_id)
    form = TouchpointForm(obj=touchpoint)
    suggested = request.args.get("moment_of_truth") == "1" and not touchpoint.moment_of_truth
    if suggested and not form.is_submitted():
        form.moment_of_truth.data = True
    if form.validate_on_submit():
        with form.refusing("name"):
            with form.saving() as session:
                known = queries.touchpoint(session, journey_id, touchpoint_id)
                actions.edit_touchpoint(session, known, **form.plain(), user_id=me().id)
            return _map(journey_id)
    return _touchpoint_page(
        form, journey=journey, stage=stage, touchpoint=touchpoint, suggested=suggested
    )


def _touchpoint_page(form: TouchpointForm, **known: Any) -> ResponseReturnValue:
    return render_template("stages/touchpoint.html", form=form, **known), form.status


@stages.post("/touchpoints/<int:touchpoint_id>/move")
@requires(Permission.EDIT_JOURNEYS)
def move_touchpoint(journey_id: int, touchpoint_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        touchpoint = queries.touchpoint(session, journey_id, touchpoint_id)
        actions.move_touchpoint(session, touchpoint, by=_places(), user_id=me().id)
    return _map(journey_id)


@stages.route("/touchpoints/<int:touchpoint_id>/remove", methods=["GET", "POST"])
@requires(Permission.EDIT_JOURNEYS)
def remove_touchpoint(journey_id: int, touchpoint_id: int) -> ResponseReturnValue:
    """The page that asks; sent, the removal itself."""
    form = StaffForm()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        touchpoint = queries.touchpoint(session, journey_id, touchpoint_id)
    if form.validate_on_submit():
        with installation().store.writing() as session:
            known = queries.touchpoint(session, journey_id, touchpoint_id)
            actions.remove_touchpoint(session, known, user_id=me().id)
        flash(f"{touchpoint.name} has been removed. It can be restored below.")
        return _map(journey_id)
    back = url_for("stages.edit_touchpoint", journey_id=journey_id, touchpoint_id=touchpoint_id)
    return _removal_page(form, journey, touchpoint.name, "touchpoint", [], back)


def _places() -> int:
    return -1 if request.form.get("to") == "earlier" else 1
