"""A forgotten password: asked for by address, replaced by the link in a mail."""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from wtforms import EmailField
from wtforms.validators import InputRequired, Length

from surveyapp.auth import account_mail, password_resets, passwords, queries
from surveyapp.auth.account_mail import News
from surveyapp.auth.throttle import RESET_BY_ACCOUNT, RESET_BY_ADDRESS, Attempt, client_of
from surveyapp.errors import NotFound
from surveyapp.web import attempts, sessions
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import public
from surveyapp.web.installation import installation
from surveyapp.web.known_devices import remember_device
from surveyapp.web.local_passwords import check_local_passwords
from surveyapp.web.new_password import NewPasswordForm

password_reset = Blueprint("password_reset", __name__, url_prefix="/password-reset")


class AskForm(StaffForm):
    email = EmailField(
        "Email address",
        [InputRequired("Enter your email address."), Length(max=254)],
        render_kw={"autocomplete": "username"},
    )


@password_reset.after_request
def unsaid(answer: Response) -> Response:
    """No other site is told the page's address, which holds the link's token."""
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@password_reset.route("", methods=["GET", "POST"])
@public
def ask() -> ResponseReturnValue:
    """Ask for a link. Whoever asks learns nothing about who has an account."""
    check_local_passwords()
    form, sends = AskForm(), bool(installation().settings.smtp_url)
    if sends and form.validate_on_submit():
        attempts.admit(
            Attempt(RESET_BY_ADDRESS, client_of(request.remote_addr)),
            Attempt(RESET_BY_ACCOUNT, form.email.data.strip().lower()),
        )
        with installation().store.writing() as session:
            password_resets.ask(session, form.email.data, installation())
        return redirect(url_for("password_reset.asked"), 303)
    return render_template("password_reset/ask.html", form=form, sends=sends), form.status


@password_reset.get("/asked")
@public
def asked() -> ResponseReturnValue:
    return render_template("password_reset/asked.html")


@password_reset.route("/<token>", methods=["GET", "POST"])
@public
def choose(token: str) -> ResponseReturnValue:
    """Choose a new password. Looking at the page uses nothing up: mail scanners do."""
    check_local_passwords()
    form, now = NewPasswordForm(), installation().now()
    try:
        with installation().store.reading() as session:
            found = password_resets.holder(session, token, now=now)
        if form.validate_on_submit():
            if form.password.data != form.again.data:
                form.again.errors = [passwords.NO_MATCH]
            else:
                with form.refusing("password"):
                    password_hash = password_resets.checked_hash(found, form.password.data)
                    with installation().store.writing() as session:
                        password_resets.finish(session, token, password_hash, now=now)
                        account, browser = (
                            queries.account(session, found.user_id),
                            sessions.browser(),
                        )
                        news = News.PASSWORD_CHANGED
                        account_mail.tell(session, account, news, browser, installation())
                    flash("Your password has been changed. Sign in with it.")
                    done = make_response(redirect(url_for("account.sign_in"), 303))
                    return remember_device(done, found.user_id)
    except NotFound:
        return render_template("password_reset/expired.html"), 404
    return render_template("password_reset/choose.html", form=form, found=found), form.status
