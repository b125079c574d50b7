"""Pilots of a scale: answers of a survey or a file, analysed in the background."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Conflict, Invalid
from surveyapp.scale_development import queries
from surveyapp.scale_development.pilots import (
    PilotOptions,
    Source,
    analyse_again,
    make_pilot,
    piloted,
    read_names,
    remove_pilot,
)
from surveyapp.scale_development.pool import LONGEST_NAME
from surveyapp.surveys.queries import surveys_of
from surveyapp.tables.opened import ACCEPTED, KINDS
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires, takes_files
from surveyapp.web.installation import installation
from surveyapp.web.quota import leave_room
from surveyapp.web.scale_development import place
from surveyapp.web.sessions import me
from surveyapp.web.table_fields import TableForm, file_name
from surveyapp.web.whole_number_field import WholeNumberField

scale_pilots = Blueprint(
    "scale_pilots",
    __name__,
    url_prefix="/journeys/<int:journey_id>/scale-development/<int:scale_id>/scale-pilots",
)


class PilotForm(TableForm):
    name = StringField("Name", [InputRequired("Enter a name."), Length(max=LONGEST_NAME)])
    survey = SelectField("Answers of", validate_choice=True)
    file = FileField(
        "File",
        description=f"{KINDS}: one row a respondent, one column an item. Only the columns of items are"
        " kept.",
        render_kw={"accept": ACCEPTED},
    )
    names = TextAreaField(
        "Columns under another name",
        [Optional(), Length(max=5_000)],
        description="One per line, item first: warm1 = Q7. Items are otherwise found by their codes.",
    )
    seed = WholeNumberField(
        "Seed",
        [InputRequired("Enter a seed.")],
        description="Splits the respondents at random into the half that is explored and the half that"
        " confirms. The same seed makes the same halves.",
    )
    size = WholeNumberField(
        "Items of a short form",
        [InputRequired("Enter a number; 0 for no short form.")],
        description="0 for none. Chosen for the highest omega in the first half, and checked in the other.",
    )
    least = WholeNumberField(
        "At least of each dimension", [InputRequired("Enter a number of items.")]
    )


@scale_pilots.route("/new", methods=["GET", "POST"])
@requires(Permission.MODEL_ANSWERS)
@takes_files
def new(journey_id: int, scale_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey, scale = place(session, journey_id, scale_id)
        surveys = [(str(each.id), each.name) for each in surveys_of(session, journey_id)]
        items = piloted(session, scale)
    form = PilotForm(data={"seed": 1, "size": 0, "least": 2})
    form.survey.choices = choices([("", "an uploaded file"), *surveys])
    if form.validate_on_submit():
        with form.refusing("name"):
            source = _source(form)
            options = PilotOptions(form.seed.data, form.size.data, form.least.data)
            with installation().store.writing() as session:
                leave_room(session)
                _, held = place(session, journey_id, scale_id, to_change=True)
                made = make_pilot(
                    session,
                    held,
                    form.name.data or "",
                    source,
                    options,
                    names=read_names(form.names.data or ""),
                    library=installation().library,
                    user_id=me().id,
                )
            return _to_pilot(journey_id, scale_id, made.id)
    page = render_template(
        "scale_pilots/new.html", journey=journey, scale=scale, form=form, items=items
    )
    return page, form.status


@scale_pilots.get("/<int:pilot_id>")
@requires(Permission.MODEL_ANSWERS)
def show(journey_id: int, scale_id: int, pilot_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey, scale = place(session, journey_id, scale_id)
        pilot = queries.pilot_of(session, scale.id, pilot_id)
        names = {each.code: each.name for each in queries.constructs_of(session, scale.id)}
        items = {each.code: each for each in queries.items_of(session, scale.id)}
    return render_template(
        "scale_pilots/show.html",
        journey=journey,
        scale=scale,
        pilot=pilot,
        names=names,
        items=items,
        running=pilot.job is not None and pilot.job.state in ("waiting", "running"),
    )


@scale_pilots.post("/<int:pilot_id>/again")
@requires(Permission.MODEL_ANSWERS)
def again(journey_id: int, scale_id: int, pilot_id: int) -> ResponseReturnValue:
    """Analyse a pilot whose job failed or was cancelled once more."""
    StaffForm().validate()
    with installation().store.writing() as session:
        _, scale = place(session, journey_id, scale_id)
        pilot = queries.pilot_of(session, scale.id, pilot_id)
        if pilot.result is not None:
            raise Conflict("This pilot has its result, which does not change. Make a new pilot.")
        if pilot.job is None or pilot.job.state not in ("waiting", "running"):
            leave_room(session)
            analyse_again(session, scale, pilot, user_id=me().id)
    return _to_pilot(journey_id, scale_id, pilot_id)


@scale_pilots.post("/<int:pilot_id>/remove")
@requires(Permission.MODEL_ANSWERS)
def remove(journey_id: int, scale_id: int, pilot_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        _, scale = place(session, journey_id, scale_id)
        pilot = queries.pilot_of(session, scale.id, pilot_id)
        remove_pilot(session, scale, pilot, user_id=me().id)
    flash(f"{pilot.name} has been removed with its answers.")
    here: dict[str, Any] = {"journey_id": journey_id, "scale_id": scale_id}
    return redirect(url_for("scale_development.show", **here, _anchor="pilots"), 303)


def _source(form: PilotForm) -> Source:
    """The survey, or the columns of the file. Raises Invalid for both or neither."""
    upload = form.file.data if form.file.data and form.file.data.filename else None
    if form.survey.data and upload:
        raise Invalid("Choose a survey or a file, not both.", field="file")
    if form.survey.data:
        return Source(survey_id=int(form.survey.data))
    if upload is None:
        raise Invalid("Choose a survey or a file.", field="survey")
    # The reader of files loads pandas: seconds that the start is spared.
    from surveyapp.scale_development.uploads import numeric_columns

    return Source(uploaded=numeric_columns(upload.stream, file_name(upload), form.reading))


def _to_pilot(journey_id: int, scale_id: int, pilot_id: int) -> ResponseReturnValue:
    here: dict[str, Any] = {"journey_id": journey_id, "scale_id": scale_id}
    return redirect(url_for("scale_pilots.show", pilot_id=pilot_id, **here), 303)
