"""One's passkeys: registered under a name, listed, renamed, removed."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from surveyapp.auth import account_mail, passwords, queries, second_factors
from surveyapp.auth import passkeys as rows
from surveyapp.auth.account_mail import News
from surveyapp.auth.passkey_sites import site_of
from surveyapp.auth.permissions import Permission
from surveyapp.auth.throttle import BY_PASSWORD, Attempt
from surveyapp.errors import Invalid
from surveyapp.web import attempts, sessions
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.local_passwords import check_local_passwords, local_passwords
from surveyapp.web.passkey_challenges import remember_challenge, site, take_challenge

passkeys = Blueprint("passkeys", __name__, url_prefix="/account/passkeys")


class NameForm(StaffForm):
    name = StringField(
        "Name",
        [InputRequired("Enter a name, such as the device's."), Length(max=rows.LONGEST_NAME)],
        description="What you call the device or the key, such as Work laptop.",
        render_kw={"autocomplete": "off"},
    )


class PasskeyForm(NameForm):
    current = PasswordField("Current password", render_kw={"autocomplete": "current-password"})
    credential = HiddenField()


@passkeys.get("")
@requires(Permission.OWN_ACCOUNT)
def index() -> ResponseReturnValue:
    return _page(PasskeyForm())


@passkeys.post("/options")
@requires(Permission.OWN_ACCOUNT)
def options() -> ResponseReturnValue:
    """What the browser is to ask an authenticator for."""
    from surveyapp.auth.passkey_ceremonies import ask_to_register

    check_local_passwords()
    me = sessions.me()
    with installation().store.reading() as session:
        known = rows.credential_ids(session, me.id)
    handle = rows.user_handle(me.id, installation().secret_key)
    asked = ask_to_register(site(), me, handle, known)
    remember_challenge(asked.challenge)
    return asked.options, 200, {"Content-Type": "application/json"}


@passkeys.post("")
@requires(Permission.OWN_ACCOUNT)
def register() -> ResponseReturnValue:
    """Keep what the authenticator has made; with the first second factor come recovery codes."""
    from surveyapp.auth.passkey_ceremonies import registered

    check_local_passwords()
    form, codes = PasskeyForm(), None
    if form.validate_on_submit():
        with form.refusing("name"):
            _check_password(form.current.data)
            made = registered(site(), form.credential.data, take_challenge().text)
            with installation().store.writing() as session:
                codes = second_factors.add_passkey(
                    session, sessions.me(), form.name.data, made, session_id=sessions.session_id()
                )
                _tell(session, News.PASSKEY_ADDED)
            if codes:
                return render_template("passkeys/codes.html", codes=codes, is_new=True)
            flash(f"The passkey {form.name.data} is registered.")
            return redirect(url_for("passkeys.index"), 303)
    return _page(form)


@passkeys.post("/<int:passkey_id>/remove")
@requires(Permission.OWN_ACCOUNT)
def remove(passkey_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        name = second_factors.remove_passkey(session, sessions.me(), passkey_id)
        _tell(session, News.PASSKEY_REMOVED)
    flash(f"The passkey {name} is removed. Delete it on the device, too.")
    return redirect(url_for("passkeys.index"), 303)


@passkeys.route("/<int:passkey_id>/name", methods=["GET", "POST"])
@requires(Permission.OWN_ACCOUNT)
def rename(passkey_id: int) -> ResponseReturnValue:
    me = sessions.me()
    with installation().store.reading() as session:
        line = rows.line(session, me.id, passkey_id)
    form = NameForm(obj=line)
    if form.validate_on_submit():
        with form.refusing("name"):
            with installation().store.writing() as session:
                rows.rename(session, me, passkey_id, form.name.data)
            flash("The passkey has its new name.")
            return redirect(url_for("passkeys.index"), 303)
    return render_template("passkeys/rename.html", form=form, line=line), form.status


def _tell(session: Session, news: News) -> None:
    account_mail.tell(session, sessions.me(), news, sessions.browser(), installation())


def _check_password(typed: str | None) -> None:
    """Raise Invalid unless this is the password, of who has one: a session that somebody left open
    must not become a way in that lasts.
    """
    me = sessions.me()
    with installation().store.reading() as session:
        known = queries.credentials(session, me.email)
    if known is None or not known.password_hash:
        return
    tried = Attempt(BY_PASSWORD, str(me.id))
    attempts.admit(tried, user_id=me.id)
    if not passwords.matches(known.password_hash, typed or ""):
        raise Invalid("That is not your present password.", field="current")
    attempts.give_back(tried)


def _page(form: PasskeyForm) -> ResponseReturnValue:
    me = sessions.me()
    with installation().store.reading() as session:
        lines = rows.lines(session, me.id)
        known = queries.credentials(session, me.email)
    page = render_template(
        "passkeys/index.html",
        form=form,
        lines=lines,
        possible=site_of(installation().settings.base_url) is not None,
        local=local_passwords(),
        has_password=bool(known and known.password_hash),
    )
    return page, form.status
