"""Members of staff: who may sign in, and as what."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, EmailField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from surveyapp.auth import actions, grants, passwords, queries, second_factors
from surveyapp.auth.account_mail import News, tell
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import queries as journeys
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.grant_form import EVERY, grant_form
from surveyapp.web.guards import requires
from surveyapp.web.ids import LARGEST
from surveyapp.web.installation import installation
from surveyapp.web.local_passwords import check_local_passwords, local_passwords
from surveyapp.web.sessions import me
from surveyapp.whole import whole_number

users = Blueprint("users", __name__, url_prefix="/users")

ROLES = [
    ("manager", "Manager: views journeys, results and reports; creates reports; works on cases"),
    ("researcher", "Researcher: also edits journeys, runs surveys, views responses, runs analyses"),
    ("administrator", "Administrator: everything on every journey, including users and imports"),
]


class UserForm(StaffForm):
    name = StringField("Name", [InputRequired("Enter the person's name."), Length(max=200)])
    email = EmailField("Email address", [InputRequired("Enter an email address."), Length(max=254)])
    role = SelectField("Role", choices=choices(ROLES))
    all_journeys = BooleanField(
        "Access to all journeys",
        description="As far as the role goes, with comments. Otherwise grant single journeys"
        " afterwards. Administrators have access to every journey.",
    )


class RoleForm(StaffForm):
    role = SelectField("Role", choices=choices(ROLES))


@users.get("")
@requires(Permission.MANAGE_USERS)
def index() -> ResponseReturnValue:
    with installation().store.reading() as session:
        return render_template("users/index.html", accounts=queries.accounts(session))


@users.route("/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_USERS)
def new() -> ResponseReturnValue:
    form = UserForm()
    if form.validate_on_submit():
        password = passwords.one_time_password()
        with form.refusing("email"):
            with installation().store.writing() as session:
                made = actions.create_user(
                    session,
                    **form.plain(),
                    password=password,
                    must_change_password=True,
                    by=me().id,
                )
            if not local_passwords():
                flash(f"{made.name} can now sign in with the identity provider.")
                return redirect(url_for("users.show", user_id=made.id), 303)
            # Shown in this answer only; it is stored nowhere in the clear.
            return render_template("users/password.html", account=made, password=password)
    return render_template("users/new.html", form=form, local=local_passwords()), form.status


@users.route("/<int:user_id>", methods=["GET", "POST"])
@requires(Permission.MANAGE_USERS)
def show(user_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        account = queries.account(session, user_id)
        factor = second_factors.of(session, user_id)
        given = grants.given_to(session, user_id)
        grant = grant_form(journeys.journeys(session))
    form = RoleForm(obj=account)
    if form.validate_on_submit():
        with form.refusing("role"):
            with form.saving() as session:
                actions.set_role(session, user_id, form.role.data, by=me().id)
            flash(f"{account.name} is now {form.role.data}; their sessions have ended.")
            return redirect(url_for("users.index"), 303)
    page = render_template(
        "users/show.html",
        account=account,
        form=form,
        given=given,
        grant=grant,
        factor=factor,
        local=local_passwords(),
    )
    return page, form.status


@users.post("/<int:user_id>/grants")
@requires(Permission.MANAGE_USERS)
def give(user_id: int) -> ResponseReturnValue:
    """Give the user access to a journey, or to all of them."""
    with installation().store.writing() as session:
        queries.account(session, user_id)
        form = grant_form(journeys.journeys(session))
        if not form.validate():
            raise Invalid("Choose a journey and what to grant from the lists; nothing was granted.")
        grants.give(session, user_id, form.grant.data, form.chosen, by=me().id)
    flash("Access granted.")
    return redirect(url_for("users.show", user_id=user_id), 303)


@users.post("/<int:user_id>/grants/revoke")
@requires(Permission.MANAGE_USERS)
def take(user_id: int) -> ResponseReturnValue:
    """Take away what the user was given on a journey, or on all of them."""
    with installation().store.writing() as session:
        queries.account(session, user_id)
        grants.take(session, user_id, request.form.get("grant", ""), _journey_asked(), by=me().id)
    flash("Access revoked.")
    return redirect(url_for("users.show", user_id=user_id), 303)


def _journey_asked() -> int | None:
    """The journey that a button names, None for all of them; Invalid for anything else."""
    text = request.form.get("journey", "")
    number = whole_number(text, largest=LARGEST)
    if number is None and text != EVERY:
        raise Invalid(f"journey={text[:20]!r} is neither a journey nor {EVERY}.")
    return number


@users.post("/<int:user_id>/password")
@requires(Permission.MANAGE_USERS)
def reset_password(user_id: int) -> ResponseReturnValue:
    check_local_passwords()
    with installation().store.writing() as session:
        password = actions.reset_password(session, user_id, by=me().id)
        account = queries.account(session, user_id)
        tell(session, account, News.PASSWORD_RESET, "", installation())
    return render_template("users/password.html", account=account, password=password)


@users.post("/<int:user_id>/second-factor")
@requires(Permission.MANAGE_USERS)
def reset_second_factor(user_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        second_factors.reset(session, user_id, by=me().id)
        account = queries.account(session, user_id)
        tell(session, account, News.FACTOR_RESET, "", installation())
    flash("The second factor has been reset; it can be set up again after the next sign-in.")
    return redirect(url_for("users.show", user_id=user_id), 303)


@users.post("/<int:user_id>/close")
@requires(Permission.MANAGE_USERS)
def close(user_id: int) -> ResponseReturnValue:
    return _set_active(user_id, active=False)


@users.post("/<int:user_id>/reopen")
@requires(Permission.MANAGE_USERS)
def reopen(user_id: int) -> ResponseReturnValue:
    return _set_active(user_id, active=True)


def _set_active(user_id: int, *, active: bool) -> ResponseReturnValue:
    with installation().store.writing() as session:
        account = actions.set_active(session, user_id, active, by=me().id)
    flash(f"The account of {account.name} has been {('reopened' if active else 'closed')}.")
    return redirect(url_for("users.index"), 303)
