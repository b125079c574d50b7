"""One's second factor: an authenticator app set up, its recovery codes, and how to do without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from surveyapp.auth import account_mail, second_factors, throttle, totp
from surveyapp.auth.account_mail import News
from surveyapp.auth.permissions import Permission
from surveyapp.auth.throttle import BY_CODE, Attempt
from surveyapp.exports.qr import qr_svg
from surveyapp.web import attempts, sessions
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation

second_factor = Blueprint("second_factor", __name__, url_prefix="/account/second-factor")

ISSUER = "surveyapp"


class CodeForm(StaffForm):
    code = StringField(
        "Code",
        [InputRequired("Enter the code."), Length(max=60)],
        render_kw={"autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false"},
    )


class OffForm(StaffForm):
    """On the page beside another that takes a code: its own field has an id of its own."""

    code = StringField(
        "Code to turn the app off",
        [InputRequired("Enter the code."), Length(max=60)],
        id="off-code",
        render_kw={"autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false"},
    )


@second_factor.get("")
@requires(Permission.OWN_ACCOUNT)
def show() -> ResponseReturnValue:
    return _page(CodeForm())


@second_factor.post("/begin")
@requires(Permission.OWN_ACCOUNT)
def begin() -> ResponseReturnValue:
    with installation().store.writing() as session:
        totp.begin(session, sessions.me().id, secret_key=installation().secret_key)
    return redirect(url_for("second_factor.show"), 303)


@second_factor.post("/confirm")
@requires(Permission.OWN_ACCOUNT)
def confirm() -> ResponseReturnValue:
    """Take the app into use; the recovery codes stand in this answer only."""
    form = CodeForm()
    if form.validate_on_submit():
        with form.refusing("code"):
            with _counted() as session:
                codes = second_factors.turn_on(
                    session,
                    sessions.me(),
                    form.code.data,
                    session_id=sessions.session_id(),
                    installation=installation(),
                )
                _tell(session, News.APP_ADDED)
            return render_template("second_factor/codes.html", codes=codes, is_new=True)
    return _page(form)


@second_factor.post("/codes")
@requires(Permission.OWN_ACCOUNT)
def renew() -> ResponseReturnValue:
    form = CodeForm()
    if form.validate_on_submit():
        with form.refusing("code"):
            with _counted() as session:
                codes = second_factors.new_recovery_codes(
                    session, sessions.me(), form.code.data, installation=installation()
                )
                _tell(session, News.CODES_RENEWED)
            return render_template("second_factor/codes.html", codes=codes, is_new=False)
    return _page(form)


@second_factor.post("/off")
@requires(Permission.OWN_ACCOUNT)
def turn_off() -> ResponseReturnValue:
    form = OffForm()
    if form.validate_on_submit():
        with form.refusing("code"):
            with _counted() as session:
                second_factors.turn_off(
                    session, sessions.me(), form.code.data, installation=installation()
                )
                _tell(session, News.APP_REMOVED)
            flash("Your authenticator app is turned off.")
            return redirect(url_for("second_factor.show"), 303)
    return _page(CodeForm(formdata=None), form)


def _tell(session: Session, news: News) -> None:
    account_mail.tell(session, sessions.me(), news, sessions.browser(), installation())


@contextmanager
def _counted() -> Iterator[Session]:
    """A transaction in which a code is tried, which counts unless it is right."""
    me = sessions.me().id
    tried = Attempt(BY_CODE, str(me))
    attempts.admit(tried, user_id=me)
    with installation().store.writing() as session:
        yield session
        throttle.give_back(session, (tried,), installation())


def _page(form: CodeForm, off: OffForm | None = None) -> ResponseReturnValue:
    me, secret_key = sessions.me(), installation().secret_key
    with installation().store.reading() as session:
        found = second_factors.of(session, me.id)
        secret = totp.pending_secret(session, me.id, secret_key=secret_key)
    picture = qr_svg(totp.address_of(secret, me.email, ISSUER)) if secret else ""
    page = render_template(
        "second_factor/show.html",
        form=form,
        off=off or OffForm(formdata=None),
        found=found,
        secret=secret,
        picture=Markup(picture),  # noqa: S704 - drawn here, of squares alone
        required=me.role in installation().settings.second_factors_required,
    )
    return page, (off or form).status
