"""The second step of signing in: who has proved to know the password shows a second factor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, flash, make_response, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from surveyapp.auth import actions, queries, second_factors, throttle
from surveyapp.auth.accounts import Account
from surveyapp.auth.throttle import BY_CODE, Attempt
from surveyapp.web import attempts, sessions
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import public, safe_next
from surveyapp.web.installation import installation
from surveyapp.web.known_devices import remember_device

sign_in = Blueprint("sign_in", __name__, url_prefix="/sign-in")

_HALF = "half"
_LONGEST = timedelta(minutes=10)


class SecondStepForm(StaffForm):
    code = StringField(
        "Code",
        [InputRequired("Enter the code."), Length(max=60)],
        description="The six digits that your authenticator app shows, or a recovery code.",
        render_kw={"autocomplete": "one-time-code", "spellcheck": "false", "autofocus": True},
    )


@dataclass(frozen=True)
class HalfIn:
    """Somebody who has shown the first factor a moment ago, and where they want to go."""

    account: Account
    onward: str


def go_on(account: Account, onward: str, method: str) -> ResponseReturnValue:
    """Begin the session of who has proved enough, and go where they wanted to."""
    sessions.begin(account, method)
    target = safe_next(onward) or url_for("journeys.index")
    return remember_device(make_response(redirect(target, 303)), account.id)


def ask_second(account: Account, onward: str) -> ResponseReturnValue:
    """Remember who has shown the first factor, and ask for the second."""
    session.clear()
    session.permanent = True
    moment = int(installation().now().timestamp())
    session[_HALF] = [account.id, account.session_epoch, moment, onward]
    return redirect(url_for("sign_in.code"), 303)


@sign_in.route("/code", methods=["GET", "POST"])
@public
def code() -> ResponseReturnValue:
    """Ask for the second factor of whoever has just shown the first."""
    half = _half_in()
    if half is None:
        flash("Sign in again: the second step was not completed in time.")
        return redirect(url_for("account.sign_in"), 303)
    form = SecondStepForm()
    if form.validate_on_submit():
        if (found := _checked(half, form.code.data)) is not None:
            return go_on(found, half.onward, second_factors.CODE)
        form.code.errors = ["This code is wrong or was used before."]
    return render_template("sign_in/code.html", form=form), form.status


def _half_in() -> HalfIn | None:
    """Who is half in by this browser's cookie, for some minutes and while the account stays the same."""
    kept = session.get(_HALF)
    now = installation().now().timestamp()
    if kept is None or kept[2] + _LONGEST.total_seconds() <= now:
        return None
    user_id, epoch, _, onward = kept
    with installation().store.reading() as db:
        account = queries.in_session(db, user_id, epoch)
    return HalfIn(account, onward) if account is not None else None


def _checked(half: HalfIn, typed: str) -> Account | None:
    user_id, tried = half.account.id, Attempt(BY_CODE, str(half.account.id))
    attempts.admit(tried, user_id=user_id)
    with installation().store.writing() as db:
        used = second_factors.use(db, user_id, typed, installation=installation())
        if used is not None:
            throttle.give_back(db, (tried,), installation())
            return actions.sign_in(db, half.account, by=used)
        actions.note_refused_code(db, user_id)
    attempts.log_refused("wrong code", user_id)
    return None
