"""Access to a journey: who was given what on it, given and taken by its owners."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectField

from surveyapp.auth import grants
from surveyapp.auth import queries as people
from surveyapp.auth.permissions import Permission, Role
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.grant_form import GRANTS
from surveyapp.web.guards import requires
from surveyapp.web.ids import LARGEST
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me
from surveyapp.whole import whole_number

access = Blueprint("access", __name__, url_prefix="/journeys/<int:journey_id>/access")


class AccessForm(StaffForm):
    user_id = SelectField("User")
    grant = SelectField("Grant", choices=GRANTS)


@access.get("")
@requires(Permission.MANAGE_ACCESS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        given = grants.given_on(session, journey_id)
        form = _form(session)
        accounts = people.accounts(session)
    return render_template(
        "access/index.html",
        journey=journey,
        own=[each for each in given if each.journey is not None],
        everywhere=[each for each in given if each.journey is None],
        administrators=[each for each in accounts if each.role is Role.ADMINISTRATOR],
        form=form,
    )


@access.post("/grant")
@requires(Permission.MANAGE_ACCESS)
def give(journey_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        queries.journey(session, journey_id)
        form = _form(session)
        if not form.validate():
            raise Invalid("Choose a user and what to grant from the lists; nothing was granted.")
        grants.give(session, int(form.user_id.data), form.grant.data, journey_id, by=me().id)
    flash("Access granted.")
    return redirect(url_for("access.index", journey_id=journey_id), 303)


@access.post("/revoke")
@requires(Permission.MANAGE_ACCESS)
def take(journey_id: int) -> ResponseReturnValue:
    grant = request.form.get("grant", "")
    user_id = whole_number(request.form.get("user_id", ""), largest=LARGEST)
    with installation().store.writing() as session:
        queries.journey(session, journey_id)
        if user_id is None:
            raise Invalid("Name the user whose access is to be revoked; nothing was revoked.")
        grants.take(session, user_id, grant, journey_id, by=me().id)
        stays = grants.may_on(session, me(), Permission.MANAGE_ACCESS, journey_id)
    flash("Access revoked.")
    if not stays:  # one's own
        return redirect(url_for("journeys.index"), 303)
    return redirect(url_for("access.index", journey_id=journey_id), 303)


def _form(session: Session) -> AccessForm:
    form = AccessForm()
    form.user_id.choices = choices(
        (str(each.id), f"{each.name}, {each.email} ({each.role})")
        for each in people.accounts(session)
        if each.active
    )
    return form
