"""Signing in beside a password: by the identity provider, and the second step after a password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import (
    Blueprint,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from surveyapp.auth import actions, identities, queries, second_factors, throttle
from surveyapp.auth.accounts import Account
from surveyapp.auth.throttle import BY_ADDRESS, BY_CODE, Attempt, client_of
from surveyapp.errors import NotAllowed, NotFound, SurveyappError
from surveyapp.web import attempts, sessions
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import public, safe_next
from surveyapp.web.installation import installation
from surveyapp.web.known_devices import remember_device

sign_in = Blueprint("sign_in", __name__, url_prefix="/sign-in")

_HALF = "half"
_ONWARD = "onward"
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


@sign_in.get("/provider")
@public
def provider() -> ResponseReturnValue:
    """Go to the identity provider. A link: browsers refuse to be led away from a form."""
    from surveyapp.web import identity_provider  # Authlib is slow to import and seldom needed

    _check_provider()
    if current_user.is_authenticated:
        return redirect(url_for("journeys.index"), 303)
    session.clear()
    session.permanent = True
    session[_ONWARD] = request.args.get("next", "")
    try:
        return identity_provider.redirect_to_provider()
    except identity_provider.ProviderFailed as error:
        return _provider_failed(error, error.reason)


@sign_in.get("/provider/callback")
@public
def callback() -> ResponseReturnValue:
    """Come back from the identity provider, once for each time that one was sent there."""
    from surveyapp.web import identity_provider

    _check_provider()
    settings, onward = installation().settings, session.get(_ONWARD, "")
    tried = Attempt(BY_ADDRESS, client_of(request.remote_addr))
    attempts.admit(tried)
    try:
        claims = identity_provider.verified_claims()
        person = identities.read_person(claims, settings.oidc_groups_claim)
        with installation().store.writing() as db:
            found = identities.sign_in(db, person, settings)
            throttle.give_back(db, (tried,), installation())
    except identity_provider.ProviderFailed as error:
        return _provider_failed(error, error.reason)
    except NotAllowed as error:
        return _provider_failed(error, "not allowed")
    return go_on(found, onward, second_factors.PROVIDER)


def _check_provider() -> None:
    if not installation().settings.oidc_issuer:
        raise NotFound("No identity provider is configured here.")


def _provider_failed(error: SurveyappError, reason: str) -> ResponseReturnValue:
    session.clear()
    attempts.log_refused(f"identity provider: {reason}", None)
    return render_template("sign_in/provider.html", text=str(error)), 403


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
