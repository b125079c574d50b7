"""Scales under development: the construct with its dimensions, and the pool of items."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.auth.permissions import Permission
from surveyapp.i18n.languages import own_name
from surveyapp.journeys.queries import journey as journey_of
from surveyapp.reports.languages import offered
from surveyapp.scale_development import pool, queries
from surveyapp.scale_development.judging import RoundKind
from surveyapp.store.models import Journey, ScaleConstruct, ScaleDevelopment, ScaleItem
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.scale_forms import (
    KIND_WORDS,
    STATE_WORDS,
    ConstructForm,
    ItemForm,
    ScaleForm,
    StateForm,
    answer_scale_choices,
    item_form,
)
from surveyapp.web.sessions import me

scale_development = Blueprint(
    "scale_development", __name__, url_prefix="/journeys/<int:journey_id>/scale-development"
)
ROUND_WORDS = {
    RoundKind.SORT: "Sort items to constructs",
    RoundKind.RELEVANCE: "Rate relevance from 1 to 4",
    RoundKind.ESSENTIAL: "Say which items are essential",
}


@scale_development.get("")
@requires(Permission.EDIT_SURVEYS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = journey_of(session, journey_id)
        found = queries.scales_of(session, journey_id)
        counts = queries.item_counts(session, found)
        removed = queries.removed_scales(session, journey_id, installation().now())
    return render_template(
        "scale_development/index.html",
        journey=journey,
        scales=found,
        counts=counts,
        removed=removed,
        states=STATE_WORDS,
    )


@scale_development.route("/new", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def new(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = journey_of(session, journey_id)
    form = ScaleForm()
    if form.validate_on_submit():
        with form.refusing("name"):
            with installation().store.writing() as session:
                there = journey_of(session, journey_id)
                made = pool.make_scale(session, there, form.wanted(), user_id=me().id)
            return _to_scale(made)
    return render_template("scale_development/new.html", form=form, journey=journey), form.status


@scale_development.get("/<int:scale_id>")
@requires(Permission.EDIT_SURVEYS)
def show(journey_id: int, scale_id: int) -> ResponseReturnValue:
    """Everything of a scale in the order in which it is developed."""
    with installation().store.reading() as session:
        journey, scale = place(session, journey_id, scale_id)
        rounds = queries.rounds_of(session, scale.id)
        shown: dict[str, Any] = {
            "constructs": queries.constructs_of(session, scale.id),
            "items": queries.items_of(session, scale.id),
            "changes": queries.changes_of(session, scale.id),
            "rounds": [(each, queries.judges_of(session, each.id)) for each in rounds],
            "findings": queries.findings_of(session, scale.id),
            "translations": queries.translations_of(session, scale.id),
            "versions": queries.versions_of(session, scale.id),
            "pilots": queries.pilots_of(session, scale.id),
        }
    form = StateForm(formdata=None)
    return render_template(
        "scale_development/show.html",
        journey=journey,
        scale=scale,
        states=STATE_WORDS,
        kinds=KIND_WORDS,
        rounds_said=ROUND_WORDS,
        language=own_name(scale.language),
        own_name=own_name,
        report_languages=offered("scale_evidence")[1:],
        answer_scale=dict(answer_scale_choices()).get(scale.answer_scale, scale.answer_scale),
        form=form,
        **shown,
    )


@scale_development.route("/<int:scale_id>/edit", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def edit(journey_id: int, scale_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey, scale = place(session, journey_id, scale_id)
    form = ScaleForm(obj=scale)
    if form.validate_on_submit():
        with form.refusing("name"):
            with form.saving() as session:
                _, held = place(session, journey_id, scale_id)
                pool.change_scale(session, held, form.wanted(), user_id=me().id)
            flash("Saved.")
            return _to_scale(scale)
    page = render_template("scale_development/edit.html", form=form, journey=journey, scale=scale)
    return page, form.status


@scale_development.post("/<int:scale_id>/remove")
@requires(Permission.EDIT_SURVEYS)
def remove(journey_id: int, scale_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        _, scale = place(session, journey_id, scale_id)
        pool.remove_scale(session, scale, user_id=me().id, now=installation().now())
    flash(f"{scale.name} has been removed. It can be restored below.")
    return redirect(url_for("scale_development.index", journey_id=journey_id), 303)


@scale_development.post("/<int:scale_id>/restore")
@requires(Permission.EDIT_SURVEYS)
def restore(journey_id: int, scale_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        journey, now = journey_of(session, journey_id), installation().now()
        scale = pool.restore_scale(session, journey, scale_id, user_id=me().id, now=now)
    flash(f"{scale.name} has been restored.")
    return _to_scale(scale)


@scale_development.route("/<int:scale_id>/constructs/new", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def add_construct(journey_id: int, scale_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey, scale = place(session, journey_id, scale_id)
    form = ConstructForm()
    if form.validate_on_submit():
        with form.refusing("code"):
            with installation().store.writing() as session:
                _, held = place(session, journey_id, scale_id, to_change=True)
                pool.add_construct(session, held, form.wanted(), user_id=me().id)
            return _to_scale(scale, "construct")
    page = render_template(
        "scale_development/construct.html", form=form, journey=journey, scale=scale, construct=None
    )
    return page, form.status


@scale_development.route("/<int:scale_id>/constructs/<int:construct_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def edit_construct(journey_id: int, scale_id: int, construct_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey, scale = place(session, journey_id, scale_id)
        construct = queries.construct_of(session, scale.id, construct_id)
    form = ConstructForm(obj=construct)
    if form.validate_on_submit():
        with form.refusing("code"):
            with form.saving() as session:
                _, held = place(session, journey_id, scale_id, to_change=True)
                there = queries.construct_of(session, held.id, construct_id)
                pool.change_construct(session, held, there, form.wanted(), user_id=me().id)
            return _to_scale(scale, "construct")
    page = render_template(
        "scale_development/construct.html",
        form=form,
        journey=journey,
        scale=scale,
        construct=construct,
    )
    return page, form.status


@scale_development.post("/<int:scale_id>/constructs/<int:construct_id>/remove")
@requires(Permission.EDIT_SURVEYS)
def remove_construct(journey_id: int, scale_id: int, construct_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        _, scale = place(session, journey_id, scale_id, to_change=True)
        construct = queries.construct_of(session, scale.id, construct_id)
        pool.remove_construct(session, scale, construct, user_id=me().id)
    flash(f"{construct.name} has been removed.")
    return _to_scale(scale, "construct")


@scale_development.route("/<int:scale_id>/items/new", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def add_item(journey_id: int, scale_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey, scale = place(session, journey_id, scale_id)
        dimensions = queries.constructs_of(session, scale.id, pool.DIMENSION)
    form = item_form(dimensions, None)
    if form.validate_on_submit():
        with form.refusing("text"):
            with installation().store.writing() as session:
                _, held = place(session, journey_id, scale_id, to_change=True)
                now = installation().now()
                made = pool.add_item(session, held, form.wanted(), user_id=me().id, now=now)
            flash(f"{made.code} has been added.")
            return _to_scale(scale, "items")
    page = render_template(
        "scale_development/item.html",
        form=form,
        journey=journey,
        scale=scale,
        item=None,
        dimensions=dimensions,
    )
    return page, form.status


@scale_development.route("/<int:scale_id>/items/<int:pool_item_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def edit_item(journey_id: int, scale_id: int, pool_item_id: int) -> ResponseReturnValue:
    """An item's wording with its whole history."""
    with installation().store.reading() as session:
        journey, scale, item = item_place(session, journey_id, scale_id, pool_item_id)
        dimensions = queries.constructs_of(session, scale.id, pool.DIMENSION)
        changes = queries.changes_of(session, scale.id).get(item.id, [])
    form = _filled(item, dimensions)
    if form.validate_on_submit():
        with form.refusing("text"):
            with form.saving() as session:
                _, held = place(session, journey_id, scale_id, to_change=True)
                there = queries.item_of(session, held.id, pool_item_id)
                now = installation().now()
                pool.change_item(session, held, there, form.wanted(), user_id=me().id, now=now)
            flash("Saved.")
            return _to_scale(scale, "items")
    page = render_template(
        "scale_development/item.html",
        form=form,
        journey=journey,
        scale=scale,
        item=item,
        dimensions=dimensions,
        changes=changes,
        states=STATE_WORDS,
    )
    return page, form.status


@scale_development.route("/<int:scale_id>/items/<int:pool_item_id>/state", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def decide(journey_id: int, scale_id: int, pool_item_id: int) -> ResponseReturnValue:
    """Keep, drop or reconsider an item."""
    with installation().store.reading() as session:
        journey, scale, item = item_place(session, journey_id, scale_id, pool_item_id)
    form = StateForm(obj=item)
    if form.validate_on_submit():
        with form.refusing("reason"):
            with form.saving() as session:
                _, held = place(session, journey_id, scale_id, to_change=True)
                there = queries.item_of(session, held.id, pool_item_id)
                pool.set_state(
                    session,
                    held,
                    there,
                    form.state.data or "",
                    form.reason.data or "",
                    user_id=me().id,
                    now=installation().now(),
                )
            return _to_scale(scale, "items")
    page = render_template(
        "scale_development/decide.html", form=form, journey=journey, scale=scale, item=item
    )
    return page, form.status


def place(
    session: Session, journey_id: int, scale_id: int, *, to_change: bool = False
) -> tuple[Journey, ScaleDevelopment]:
    """The journey and its scale, or NotFound."""
    journey = journey_of(session, journey_id)
    return journey, queries.scale_of(session, journey_id, scale_id, to_change=to_change)


def item_place(
    session: Session, journey_id: int, scale_id: int, item_id: int
) -> tuple[Journey, ScaleDevelopment, ScaleItem]:
    """The journey, its scale and an item of the pool, or NotFound."""
    journey, scale = place(session, journey_id, scale_id)
    return journey, scale, queries.item_of(session, scale.id, item_id)


def _filled(item: ScaleItem, dimensions: list[ScaleConstruct]) -> ItemForm:
    names = ("code", "text", "reverse", "source")
    data = {name: getattr(item, name) for name in names}
    return item_form(dimensions, {**data, "construct_id": str(item.construct_id), "reason": ""})


def _to_scale(scale: ScaleDevelopment, part: str | None = None) -> ResponseReturnValue:
    here: dict[str, Any] = {"journey_id": scale.journey_id, "scale_id": scale.id}
    return redirect(url_for("scale_development.show", **here, _anchor=part), 303)
