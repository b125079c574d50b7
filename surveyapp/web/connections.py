"""Connections to other programs: keys that they come with, and webhooks that they are told by."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import (
    DateField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput

from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyLine, KeyScope
from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries as journeys
from surveyapp.store.models import ApiKey
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me
from surveyapp.web.whole_number_field import WholeNumberField
from surveyapp.webhooks import queries

connections = Blueprint("connections", __name__, url_prefix="/connections")

SCOPES = {
    KeyScope.WRITE_INTERACTIONS: "Report events at touchpoints, so that customers can be surveyed",
    KeyScope.INVITE_CUSTOMERS: "Create single-use links for customers",
    KeyScope.WRITE_BOUNCES: "Report bounced messages and opt-outs",
    KeyScope.READ_SURVEYS: "Read surveys and their links",
    KeyScope.READ_RESPONSES: "Read customers' answers, including comments",
    KeyScope.READ_RESULTS: "Read a journey's scores",
    KeyScope.MAKE_REPORTS: "Create and download a journey's reports",
    KeyScope.EDIT_JOURNEYS: "Add and change touchpoints",
    KeyScope.MODEL_ANSWERS: "Create modelling projects, fit models and read their results",
}


class LimitsForm(StaffForm):
    """From where and until when a key opens anything."""

    networks = TextAreaField(
        "Address ranges",
        [Optional(), Length(max=5000)],
        description="One a line, such as 192.0.2.0/24 or 2001:db8::/32. Leave empty to accept every"
        " address.",
    )
    expires_at = DateField(
        "Last day",
        [Optional()],
        description="The key stops working at the end of this day, UTC. Leave empty for no end.",
    )

    @property
    def limits(self) -> dict[str, Any]:
        """The same as the actions take it."""
        last: date | None = self.expires_at.data
        end = None
        if last is not None:
            end = datetime.combine(last, time(), UTC) + timedelta(days=1)
        return {"networks": (self.networks.data or "").splitlines(), "expires_at": end}


class KeyForm(LimitsForm):
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
    journey_id = SelectField(
        "Journey",
        default="",
        description="A key of one journey finds no other. Bounces and opt-outs concern all of them.",
    )


class RotationForm(StaffForm):
    days = WholeNumberField(
        "Days that the old secret goes on working",
        [
            InputRequired("Enter a number of days; 0 stops the old secret at once."),
            NumberRange(0, api_keys.LONGEST_OVERLAP.days),
        ],
        default=7,
        description="Give the new key to the program meanwhile.",
    )


@connections.get("")
@requires(Permission.MANAGE_CONNECTIONS)
def index() -> ResponseReturnValue:
    with installation().store.reading() as session:
        now = installation().now()
        keys, webhooks = api_keys.lines(session, now=now), queries.lines(session)
    return render_template("connections/index.html", keys=keys, webhooks=webhooks, now=now)


@connections.route("/keys/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_CONNECTIONS)
def new_key() -> ResponseReturnValue:
    form = KeyForm()
    with installation().store.reading() as session:
        known = [(str(each.id), each.name) for each in journeys.journeys(session)]
    form.journey_id.choices = choices([("", "All journeys"), *known])
    if form.validate_on_submit():
        with form.refusing("name"):
            with installation().store.writing() as session:
                key, text = api_keys.make(
                    session,
                    name=form.name.data,
                    scopes=form.scopes.data,
                    journey_id=int(form.journey_id.data) if form.journey_id.data else None,
                    **form.limits,
                    user_id=me().id,
                    now=installation().now(),
                )
            return _shown(key, text)
    return render_template("connections/new_key.html", form=form), form.status


def _shown(key: ApiKey, text: str) -> ResponseReturnValue:
    """The key, in this answer only; its hash alone is stored."""
    return render_template("connections/key.html", key=key, text=text)


@connections.route("/keys/<int:key_id>", methods=["GET", "POST"])
@requires(Permission.MANAGE_CONNECTIONS)
def show_key(key_id: int) -> ResponseReturnValue:
    """A key's page; sent, its address ranges and its last day."""
    now = installation().now()
    with installation().store.reading() as session:
        line = api_keys.line(session, key_id, now=now)
    form = LimitsForm(data=_limits(line))
    if form.validate_on_submit():
        with form.refusing("networks"):
            with form.saving() as session:
                limits = form.limits
                if (
                    form.expires_at.data == _limits(line)["expires_at"]
                ):  # to the second, where a command has set it
                    limits["expires_at"] = line.expires_at
                api_keys.change_limits(session, key_id, **limits, user_id=me().id, now=now)
            flash("Key saved.")
            return redirect(url_for("connections.show_key", key_id=key_id), 303)
    return _key_page(line, form, RotationForm(formdata=None)), form.status


@connections.post("/keys/<int:key_id>/rotate")
@requires(Permission.MANAGE_CONNECTIONS)
def rotate_key(key_id: int) -> ResponseReturnValue:
    """Give a key a new secret, which is shown in this answer only."""
    now = installation().now()
    with installation().store.reading() as session:
        line = api_keys.line(session, key_id, now=now)
    form = RotationForm()
    if form.validate_on_submit():
        with form.refusing("days"):
            with installation().store.writing() as session:
                overlap = timedelta(days=form.days.data)
                key, text = api_keys.rotate(
                    session, key_id, overlap=overlap, user_id=me().id, now=now
                )
            return _shown(key, text)
    return _key_page(line, LimitsForm(formdata=None, data=_limits(line)), form), form.status


@connections.post("/keys/<int:key_id>/old/drop")
@requires(Permission.MANAGE_CONNECTIONS)
def drop_old_secret(key_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        api_keys.drop_old_secret(session, key_id, user_id=me().id)
    flash("The old secret has stopped working.")
    return redirect(url_for("connections.show_key", key_id=key_id), 303)


def _limits(line: KeyLine) -> dict[str, Any]:
    """What the form of a key's limits shows of it."""
    last = (line.expires_at - timedelta(microseconds=1)).date() if line.expires_at else None
    return {"networks": "\n".join(line.networks), "expires_at": last}


def _key_page(line: KeyLine, limits: LimitsForm, rotation: RotationForm) -> str:
    return render_template("connections/show_key.html", key=line, form=limits, rotation=rotation)


@connections.post("/keys/<int:key_id>/revoke")
@requires(Permission.MANAGE_CONNECTIONS)
def revoke_key(key_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        key = api_keys.revoke(session, key_id, user_id=me().id)
    flash(f"The key for {key.name} has been revoked.")
    return redirect(url_for("connections.index"), 303)
