"""Connections to other programs: keys that they come with, and webhooks that they are told by."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput

from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyScope
from surveyapp.auth.permissions import Permission
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me
from surveyapp.webhooks import queries

connections = Blueprint("connections", __name__, url_prefix="/connections")

SCOPES = {
    KeyScope.WRITE_INTERACTIONS: "Report events at touchpoints, so that customers can be surveyed",
    KeyScope.INVITE_CUSTOMERS: "Create single-use links for customers",
    KeyScope.WRITE_BOUNCES: "Report bounced messages and opt-outs",
    KeyScope.READ_SURVEYS: "Read surveys and their links",
    KeyScope.READ_RESPONSES: "Read customers' answers, including comments",
    KeyScope.READ_RESULTS: "Read a journey's scores",
}


class KeyForm(StaffForm):
    name = StringField(
        "Name",
        [InputRequired("Enter the name of the program that will use the key."), Length(max=200)],
        description="The program that uses it, such as Branch system, Helsinki",
    )
    scopes = SelectMultipleField(
        "Permissions",
        choices=choices((scope, text) for scope, text in SCOPES.items()),
        option_widget=CheckboxInput(),
    )


@connections.get("")
@requires(Permission.MANAGE_CONNECTIONS)
def index() -> ResponseReturnValue:
    with installation().store.reading() as session:
        keys, webhooks = api_keys.lines(session), queries.lines(session)
    return render_template("connections/index.html", keys=keys, webhooks=webhooks)


@connections.route("/keys/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_CONNECTIONS)
def new_key() -> ResponseReturnValue:
    form = KeyForm()
    if form.validate_on_submit():
        with form.refusing("name"):
            with installation().store.writing() as session:
                key, text = api_keys.make(session, **form.plain(), user_id=me().id)
            # Shown in this answer only; its hash alone is stored.
            return render_template("connections/key.html", key=key, text=text)
    return render_template("connections/new_key.html", form=form), form.status


@connections.post("/keys/<int:key_id>/revoke")
@requires(Permission.MANAGE_CONNECTIONS)
def revoke_key(key_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        key = api_keys.revoke(session, key_id, user_id=me().id)
    flash(f"The key for {key.name} has been revoked.")
    return redirect(url_for("connections.index"), 303)
