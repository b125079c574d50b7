"""Versions of a scale: frozen, compared with the one before, made into a questionnaire."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from surveyapp.auth.permissions import Permission
from surveyapp.i18n.languages import own_name
from surveyapp.scale_development import queries, versions
from surveyapp.scale_development.pool import KEPT_ITEM
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.scale_development import place
from surveyapp.web.sessions import me

scale_versions = Blueprint(
    "scale_versions",
    __name__,
    url_prefix="/journeys/<int:journey_id>/scale-development/<int:scale_id>/scale-versions",
)


class FreezeForm(StaffForm):
    note = TextAreaField(
        "What changed, and why",
        [InputRequired("Enter what changed."), Length(max=versions.LONGEST_NOTE)],
    )


@scale_versions.route("/new", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def freeze(journey_id: int, scale_id: int) -> ResponseReturnValue:
    """Freeze the kept items."""
    with installation().store.reading() as session:
        journey, scale = place(session, journey_id, scale_id)
        kept = queries.items_of(session, scale.id, KEPT_ITEM)
        partly = versions.partly_translated(versions.frozen_items(session, scale, kept))
    form = FreezeForm()
    if form.validate_on_submit():
        with form.refusing("note"):
            with installation().store.writing() as session:
                _, held = place(session, journey_id, scale_id, to_change=True)
                now = installation().now()
                row = versions.freeze(session, held, form.note.data or "", user_id=me().id, now=now)
            return _to_version(journey_id, scale_id, row.number)
    page = render_template(
        "scale_versions/freeze.html",
        journey=journey,
        scale=scale,
        kept=kept,
        partly=partly,
        form=form,
        own_name=own_name,
    )
    return page, form.status


@scale_versions.get("/<int:version_number>")
@requires(Permission.EDIT_SURVEYS)
def show(journey_id: int, scale_id: int, version_number: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey, scale = place(session, journey_id, scale_id)
        known = queries.versions_of(session, scale.id)
        version = queries.version_of(session, scale.id, version_number)
        before = next((each for each in known if each.number == version_number - 1), None)
        questionnaire = version.questionnaire
    return render_template(
        "scale_versions/show.html",
        journey=journey,
        scale=scale,
        version=version,
        before=before,
        names={each["code"]: each["name"] for each in version.constructs},
        questionnaire=questionnaire,
        partly={} if questionnaire else versions.partly_translated(version.items),
        differences=versions.differences(before, version),
        own_name=own_name,
    )


@scale_versions.post("/<int:version_number>/publish")
@requires(Permission.EDIT_SURVEYS)
def publish(journey_id: int, scale_id: int, version_number: int) -> ResponseReturnValue:
    """Make a questionnaire's draft of the version; a second time it is the same one."""
    StaffForm().validate()
    with installation().store.writing() as session:
        journey, scale = place(session, journey_id, scale_id, to_change=True)
        version = queries.version_of(session, scale.id, version_number)
        made = versions.publish_version(session, journey, scale, version, user_id=me().id)
        here: dict[str, Any] = {"journey_id": journey_id, "questionnaire_id": made.id}
    flash("The draft of the questionnaire holds the items; publish it when it has no faults.")
    return redirect(url_for("questionnaires.show", **here), 303)


def _to_version(journey_id: int, scale_id: int, number: int) -> ResponseReturnValue:
    here: dict[str, Any] = {"journey_id": journey_id, "scale_id": scale_id}
    return redirect(url_for("scale_versions.show", version_number=number, **here), 303)
