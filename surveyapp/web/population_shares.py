"""Known population shares of a journey's customers: the list, new ones, changed and removed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Conflict
from surveyapp.journeys import queries
from surveyapp.journeys.population_shares import (
    LONGEST_NAME,
    LONGEST_SOURCE,
    by_size,
    change_shares,
    remove_shares,
    set_shares,
    shares_as_lines,
    shares_row,
)
from surveyapp.journeys.population_shares import population_shares as shares_of
from surveyapp.sampling.frame_shares import frame_shares
from surveyapp.store.models import Journey
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.sessions import me

population_shares = Blueprint(
    "population_shares", __name__, url_prefix="/journeys/<int:journey_id>"
)
_SOURCE_NEEDED = "Say who counted, such as the customer register."


class SharesForm(StaffForm):
    """What can be changed of the shares of an attribute."""

    lines = TextAreaField(
        "Shares",
        [InputRequired("Enter a value and its percentage in each line, such as North 25.")],
        description="One value in each line with its percentage, such as North 25. Together they are 100.",
    )
    source = StringField(
        "Source",
        [InputRequired(_SOURCE_NEEDED), Length(max=LONGEST_SOURCE)],
        description="Who counted, such as the customer register.",
    )
    counted_on = DateField("Counted on", [InputRequired("Enter a day, such as 2026-12-31.")])


class NewSharesForm(SharesForm):
    attribute = StringField(
        "Attribute",
        [InputRequired("Enter the name of an attribute."), Length(max=LONGEST_NAME)],
        description="The name of a customer attribute as answers carry it, such as region.",
    )


@population_shares.get("/population-shares")
@population_shares.get("/population-shares.json", endpoint="index_json")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        known = shares_of(session, journey_id)
    return page(
        "population_shares/index.html",
        {
            "journey": journey.code,
            "population_shares": [
                {
                    "id": each.id,
                    "attribute": each.attribute,
                    "shares": dict(by_size(each.shares)),
                    "source": each.source,
                    "counted_on": each.counted_on,
                }
                for each in known
            ],
        },
        journey=journey,
        known=known,
        by_size=by_size,
    )


@population_shares.route("/population-shares/new", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def new(journey_id: int) -> ResponseReturnValue:
    attribute = request.args.get("frame", "").strip()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        counts = attribute and request.method == "GET"
        counted = _counted(session, journey_id, attribute) if counts else {}
    form = NewSharesForm(data={"attribute": attribute, **counted} if attribute else None)
    if form.validate_on_submit():
        with form.refusing("attribute"), installation().store.writing() as session:
            set_shares(
                session,
                queries.journey(session, journey_id),
                attribute=form.attribute.data,
                lines=form.lines.data,
                source=form.source.data,
                counted_on=form.counted_on.data,
                user_id=me().id,
            )
        if not form.errors:
            flash("Population shares set.")
            return redirect(url_for("population_shares.index", journey_id=journey_id), 303)
    return _shown(form, journey)


@population_shares.route("/population-shares/<int:shares_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def edit(journey_id: int, shares_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        row = shares_row(session, journey_id, shares_id)
        lines = shares_as_lines(row.shares)
        stored = {"lines": lines, "source": row.source, "counted_on": row.counted_on}
        if request.args.get("frame") == "yes" and request.method == "GET":
            stored |= _counted(session, journey_id, row.attribute)
        form = SharesForm(data=stored)
    if form.validate_on_submit():
        with form.refusing("lines"), form.saving() as session:
            change_shares(
                session,
                queries.journey(session, journey_id),
                shares_row(session, journey_id, shares_id),
                lines=form.lines.data,
                source=form.source.data,
                counted_on=form.counted_on.data,
                user_id=me().id,
            )
        if not form.errors:
            flash("Population shares changed.")
            return redirect(url_for("population_shares.index", journey_id=journey_id), 303)
    return _shown(form, journey, shares_id=shares_id, attribute=row.attribute)


@population_shares.post("/population-shares/<int:shares_id>/remove")
@requires(Permission.EDIT_SURVEYS)
def remove(journey_id: int, shares_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        row = shares_row(session, journey_id, shares_id)
        remove_shares(session, journey, row, user_id=me().id)
    flash("Population shares removed.")
    return redirect(url_for("population_shares.index", journey_id=journey_id), 303)


def _counted(session: Session, journey_id: int, attribute: str) -> dict[str, Any]:
    """What the form holds of shares that are counted in the contact frame; nothing, and the reason above
    it, where they cannot be.
    """
    at = installation()
    try:
        found = frame_shares(session, journey_id, attribute, minimum=at.settings.minimum_cell)
    except Conflict as error:
        flash(str(error))
        return {}
    return {
        "lines": shares_as_lines(found.shares),
        "source": f"Contact frame: {found.total:,} customers with an event that a survey covers",
        "counted_on": at.now().date(),
    }


def _shown(
    form: SharesForm, journey: Journey, *, shares_id: int | None = None, attribute: str = ""
) -> ResponseReturnValue:
    shown = render_template(
        "population_shares/form.html",
        form=form,
        journey=journey,
        shares_id=shares_id,
        attribute=attribute,
    )
    return shown, form.status
