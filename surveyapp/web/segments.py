"""Segments: saved rules that sort respondents, used as filters and in comparisons."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from surveyapp.auth.grants import journeys_granted
from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries, segment_actions
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.quota import leave_room
from surveyapp.web.sessions import me

segments = Blueprint("segments", __name__, url_prefix="/segments")

_SUGGESTED = {"name": 200, "rule": 2000}  # characters


class SegmentForm(StaffForm):
    name = StringField("Name", [InputRequired("Enter a name for the segment."), Length(max=200)])
    rule = TextAreaField(
        "Rule",
        [InputRequired("Enter a rule."), Length(max=2000)],
        description="A rule over customer attributes, such as region in (North, East) and"
        " tenure_years >= 2",
    )


@segments.get("")
@requires(Permission.READ_JOURNEYS, lists=True)
def index() -> ResponseReturnValue:
    """Segments are of all journeys: whoever may read one of them sees them."""
    granted = journeys_granted(me(), Permission.READ_JOURNEYS)
    with installation().store.reading() as session:
        return render_template("segments/index.html", segments=queries.segments(session, granted))


@segments.route("/new", methods=["GET", "POST"])
@requires(Permission.EDIT_SEGMENTS)
def new() -> ResponseReturnValue:
    """An empty form, or one that another page has filled by its address."""
    suggested = {name: request.args.get(name, "")[:most] for name, most in _SUGGESTED.items()}
    form = SegmentForm(data=suggested)
    if form.validate_on_submit():
        with form.refusing("name"):
            with installation().store.writing() as session:
                leave_room(session)
                _, job = segment_actions.create_segment(session, **form.plain(), user_id=me().id)
            flash("Segment created. Existing responses are being assigned to it.")
            return redirect(url_for("jobs.show", job_id=job.id), 303)
    return render_template("segments/form.html", form=form, segment=None), form.status


@segments.route("/<int:segment_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_SEGMENTS)
def edit(segment_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        segment = queries.segment(session, segment_id)
    form = SegmentForm(obj=segment)
    if form.validate_on_submit():
        with form.refusing("name"):
            with form.saving() as session:
                leave_room(session)
                known = queries.segment(session, segment_id)
                job = segment_actions.edit_segment(session, known, **form.plain(), user_id=me().id)
            flash("Saved.")
            address = url_for("jobs.show", job_id=job.id) if job else url_for("segments.index")
            return redirect(address, 303)
    return render_template("segments/form.html", form=form, segment=segment), form.status
