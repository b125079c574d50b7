"""Signing in beside a password: by passkey or identity provider, and the second step after it."""

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
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from surveyapp.auth import (
    account_mail,
    actions,
    identities,
    passkeys,
    queries,
    second_factors,
    throttle,
)
from surveyapp.auth.account_mail import News
from surveyapp.auth.accounts import Account
from surveyapp.auth.throttle import BY_ADDRESS, BY_CODE, Attempt, client_of
from surveyapp.errors import Invalid, NotAllowed, NotFound, SurveyappError
from surveyapp.web import attempts, sessions
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import public, safe_next
from surveyapp.web.installation import installation
from surveyapp.web.known_devices import known_device, remember_device
from surveyapp.web.local_passwords import check_local_passwords
from surveyapp.web.passkey_challenges import remember_challenge, site, take_challenge

sign_in = Blueprint("sign_in", __name__, url_prefix="/sign-in")

_HALF = "half"
_ONWARD = "onward"
_LONGEST = timedelta(minutes=10)


class SecondStepForm(StaffForm):
    code = StringField(
        "Code",
        [InputRequired("Enter the code."), Length(max=60)],
        description="The six digits of your authenticator app, or a recovery code.",
        render_kw={"autocomplete": "one-time-code", "spellcheck": "false", "autofocus": True},
    )


class PasskeyForm(StaffForm):
    credential = HiddenField()
    next = HiddenField()


@dataclass(frozen=True)
class HalfIn:
    """Somebody who has shown the first factor a moment ago, and where they want to go."""

    account: Account
    onward: str


def go_on(account: Account, onward: str, method: str) -> ResponseReturnValue:
    """Begin the session of who has proved enough, and go where they wanted to."""
    if known_device(account.id) is None:
        with installation().store.writing() as db:
            account_mail.tell(db, account, News.NEW_DEVICE, sessions.browser(), installation())
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


@sign_in.post("/passkey/options")
@public
def passkey_options() -> ResponseReturnValue:
    """What the browser is to have signed: by a passkey of who is half in, else by any."""
    from surveyapp.auth.passkey_ceremonies import ask_to_sign

    check_local_passwords()
    half = _half_in()
    known: list[str] = []
    if half is not None:
        with installation().store.reading() as db:
            known = passkeys.credential_ids(db, half.account.id)
    asked = ask_to_sign(site(), known)
    remember_challenge(asked.challenge)
    return asked.options, 200, {"Content-Type": "application/json"}


@sign_in.post("/passkey")
@public
def passkey() -> ResponseReturnValue:
    """Sign in by a passkey: by it alone, for its user was verified, or as the second step."""
    check_local_passwords()
    form, half = PasskeyForm(), _half_in()
    tried = Attempt(BY_ADDRESS, client_of(request.remote_addr))
    attempts.admit(tried)
    try:
        if not form.validate_on_submit():
            raise Invalid("The passkey could not be used. Try again.")
        found = _signed(form.credential.data, half)
    except Invalid as error:
        attempts.log_refused("wrong passkey", half.account.id if half else None)
        flash(str(error))
        return redirect(url_for("sign_in.code" if half else "account.sign_in"), 303)
    attempts.give_back(tried)
    return go_on(found, half.onward if half else form.next.data or "", second_factors.PASSKEY)


def _signed(credential: str, half: HalfIn | None) -> Account:
    """The account whose passkey signed the browser's challenge. Raises Invalid."""
    from surveyapp.auth.passkey_ceremonies import credential_id_in, sign_count_of

    challenge, now = take_challenge(), installation().now()
    with installation().store.reading() as db:
        known = passkeys.known(db, credential_id_in(credential))
    is_other = known is not None and half is not None and known.account.id != half.account.id
    if known is None or is_other:
        raise Invalid("This passkey is not known here, or its account is closed.")
    if known.used_at is not None and challenge.made_at <= known.used_at:
        raise Invalid("This passkey was used in the meantime. Try again.")
    handle = passkeys.user_handle(known.account.id, installation().secret_key)
    signed = sign_count_of(site(), credential, challenge.text, known, handle)
    with installation().store.writing() as db:
        account = passkeys.note_use(db, known, signed, now=now)
        if account is None:
            raise Invalid("This passkey was used in the meantime. Try again.")
        return actions.sign_in(db, account, by="passkey")


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
    with installation().store.reading() as db:
        factor = second_factors.of(db, half.account.id)
    page = render_template("sign_in/code.html", form=form, factor=factor, passkey=PasskeyForm())
    return page, form.status


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
