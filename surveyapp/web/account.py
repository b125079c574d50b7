"""Signing in and out, and one's own account."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length

from surveyapp.auth import account_mail, actions, passwords, queries, second_factors, throttle
from surveyapp.auth import sessions as session_actions
from surveyapp.auth.account_mail import News
from surveyapp.auth.accounts import Account
from surveyapp.auth.passkey_sites import site_of
from surveyapp.auth.permissions import Permission
from surveyapp.auth.queries import Credentials
from surveyapp.auth.throttle import BY_PASSWORD, Attempt, attempts_to_sign_in
from surveyapp.web import attempts, sessions
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import public, requires
from surveyapp.web.installation import installation
from surveyapp.web.known_devices import known_device
from surveyapp.web.local_passwords import check_local_passwords, local_passwords
from surveyapp.web.new_password import NewPasswordForm
from surveyapp.web.sign_in import PasskeyForm, ask_second, go_on

account = Blueprint("account", __name__)


class SignInForm(StaffForm):
    email = EmailField(
        "Email address",
        [InputRequired("Enter your email address."), Length(max=254)],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        "Password",
        [InputRequired("Enter your password.")],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()


class PasswordForm(NewPasswordForm):
    current = PasswordField(
        "Current password",
        [InputRequired("Enter your current password.")],
        render_kw={"autocomplete": "current-password"},
    )


@account.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    """The sign-in page. A wrong address and a wrong password get the same answer, equally late."""
    if current_user.is_authenticated:
        return redirect(url_for("journeys.index"), 303)
    form, settings = SignInForm(next=request.args.get("next", "")), installation().settings
    if request.method == "POST":
        check_local_passwords()
    if form.validate_on_submit():
        found = _checked(form.email.data, form.password.data)
        if found:
            if found.asks_second:
                return ask_second(found.account, form.next.data or "")
            return go_on(found.account, form.next.data or "", second_factors.PASSWORD)
        form.password.errors = ["Incorrect email or password. Try again."]
    with installation().store.reading() as session:
        is_new = queries.count_users(session) == 0
    page = render_template(
        "account/sign_in.html",
        form=form,
        is_new=is_new,
        settings=settings,
        passkey=PasskeyForm(next=form.next.data),
        passkeys_possible=site_of(settings.base_url) is not None,
    )
    return page, form.status


@dataclass(frozen=True)
class Proven:
    """An account whose password was right, and whether that is enough."""

    account: Account
    asks_second: bool


def _checked(email: str, password: str) -> Proven | None:
    """The account, once its password is found right; hashing happens outside any transaction."""
    with installation().store.reading() as session:
        known = queries.credentials(session, email)
    user_id = known.user_id if known else None
    tries = attempts_to_sign_in(email, request.remote_addr, known_device(user_id))
    attempts.admit(*tries, user_id=user_id)
    right = passwords.matches(known.password_hash if known else None, password)
    with installation().store.writing() as session:
        if known and right:
            throttle.give_back(session, tries, installation())
            return _proven(session, known, password)
        actions.note_refused_sign_in(session, known)
    attempts.log_refused("wrong password" if known else "unknown account", user_id)
    return None


def _proven(session: Session, known: Credentials, password: str) -> Proven | None:
    if second_factors.of(session, known.user_id).is_on:
        found = actions.note_password(session, known, password)
        return Proven(found, True) if found else None
    found = actions.note_sign_in(session, known, password)
    return Proven(found, False) if found else None


@account.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    sessions.end()
    return redirect(url_for("account.sign_in"), 303)


@account.get("/account")
@requires(Permission.OWN_ACCOUNT)
def show() -> ResponseReturnValue:
    now, hours = installation().now(), installation().settings.session_hours
    with installation().store.reading() as session:
        lines = session_actions.lines(session, sessions.me(), now=now, hours=hours)
        factor = second_factors.of(session, sessions.me().id)
    return render_template(
        "account/show.html",
        account=sessions.me(),
        lines=lines,
        factor=factor,
        current=sessions.session_id(),
        local=local_passwords(),
    )


@account.route("/account/password", methods=["GET", "POST"])
@requires(Permission.OWN_ACCOUNT)
def change_password() -> ResponseReturnValue:
    form = PasswordForm()
    check_local_passwords()
    if form.validate_on_submit():
        if form.password.data != form.again.data:
            form.again.errors = [passwords.NO_MATCH]
        else:
            tried = Attempt(BY_PASSWORD, str(sessions.me().id))
            attempts.admit(tried, user_id=sessions.me().id)
            with form.refusing("password"):
                with installation().store.writing() as session:
                    changed = actions.change_password(
                        session,
                        sessions.me().id,
                        current=form.current.data,
                        new=form.password.data,
                    )
                    throttle.give_back(session, (tried,), installation())
                    news, browser = News.PASSWORD_CHANGED, sessions.browser()
                    account_mail.tell(session, changed, news, browser, installation())
                sessions.begin(changed, sessions.method())
                flash("Your password has been changed and all other sessions have ended.")
                return redirect(url_for("account.show"), 303)
    page = render_template("account/password.html", form=form, account=sessions.me())
    return page, form.status


@account.post("/account/sessions/<int:session_id>/end")
@requires(Permission.OWN_ACCOUNT)
def end_session(session_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        device = session_actions.end_one(session, sessions.me(), session_id)
    if session_id == sessions.session_id():
        sessions.end()
        return redirect(url_for("account.sign_in"), 303)
    flash(f"The session on {device} has ended.")
    return redirect(url_for("account.show"), 303)


@account.post("/account/sessions/end-others")
@requires(Permission.OWN_ACCOUNT)
def end_other_sessions() -> ResponseReturnValue:
    with installation().store.writing() as session:
        session_actions.end_others(session, sessions.me(), but=sessions.session_id())
    flash("All your other sessions have ended.")
    return redirect(url_for("account.show"), 303)


@account.post("/account/sign-out-everywhere")
@requires(Permission.OWN_ACCOUNT)
def sign_out_everywhere() -> ResponseReturnValue:
    with installation().store.writing() as session:
        actions.end_sessions(session, sessions.me().id)
    sessions.end()
    return redirect(url_for("account.sign_in"), 303)
