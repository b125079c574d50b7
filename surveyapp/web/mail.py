"""The sender of all mail: what DNS says of its domain, the keys that sign, and a test of both."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.distribution import mail_keys
from surveyapp.distribution.dns_texts import Lookup, lookup_at
from surveyapp.distribution.mail_keys import SigningKeyAway, sender_domain
from surveyapp.distribution.sender_checks import SigningKey, findings, signing_keys
from surveyapp.distribution.sender_test import last_test, said_of, send_sender_test
from surveyapp.store.key_pairs import new_pair
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me

mail = Blueprint("mail", __name__, url_prefix="/connections/mail")


@mail.get("")
@requires(Permission.MANAGE_CONNECTIONS)
def index() -> ResponseReturnValue:
    """DNS is asked when somebody wants to know: it may take seconds."""
    settings = installation().settings
    domain = sender_domain(settings)
    with installation().store.reading() as session:
        keys = mail_keys.lines(session, domain)
        tested = last_test(session)
        try:
            signed, fault = said_of(mail_keys.signer(session, installation())), ""
        except SigningKeyAway as away:
            signed, fault = "", str(away)
    found = None
    if domain and "check" in request.args:
        looked_up = [SigningKey(*each) for each in _of_file()] or signing_keys(keys)
        found = findings(domain, settings.smtp_url, looked_up, _lookup())
    return render_template(
        "mail/index.html",
        settings=settings,
        server=urlsplit(settings.smtp_url).hostname,
        domain=domain,
        keys=keys,
        signed=signed,
        fault=fault,
        tested=tested,
        to=me().email,
        now=installation().now(),
        found=found,
    )


@mail.post("/keys")
@requires(Permission.MANAGE_CONNECTIONS)
def new_key() -> ResponseReturnValue:
    pair = new_pair()  # takes a moment, in which nobody should wait for the database
    with installation().store.writing() as session:
        key = mail_keys.add_key(session, installation(), pair, user_id=me().id)
    flash(f"The key {key.selector} has been made. Publish its record, then put it to use.")
    return _back()


@mail.post("/keys/<int:key_id>/use")
@requires(Permission.MANAGE_CONNECTIONS)
def use_key(key_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        name = mail_keys.record_name(session, key_id)
    published = _lookup()(name)  # outside of any transaction: DNS may take its time
    with installation().store.writing() as session:
        key = mail_keys.use_key(
            session, key_id, published=published, now=installation().now(), user_id=me().id
        )
    flash(f"The key {key.selector} signs from now on.")
    return _back()


@mail.post("/keys/<int:key_id>/delete")
@requires(Permission.MANAGE_CONNECTIONS)
def delete_key(key_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        selector = mail_keys.delete_key(session, key_id, now=installation().now(), user_id=me().id)
    flash(f"The key {selector} has been deleted. Its record can leave DNS.")
    return _back()


@mail.post("/test")
@requires(Permission.MANAGE_CONNECTIONS)
def test() -> ResponseReturnValue:
    """A test mail to whoever asks for it."""
    with installation().store.writing() as session:
        signed = send_sender_test(
            session, to=me().email, installation=installation(), user_id=me().id
        )
    flash(f"A test mail is on its way to {me().email}. {signed}")
    return _back()


def _of_file() -> list[tuple[str, str, str]]:
    """The key of the settings' file, which signs in place of all others."""
    settings = installation().settings
    if not settings.dkim_key_file:
        return []
    try:
        public = mail_keys.file_pair(settings).public_key
    except SigningKeyAway:
        return []
    name = f"{settings.dkim_selector}._domainkey.{sender_domain(settings)}"
    return [(name, public, "signing")]


def _lookup() -> Lookup:
    return lookup_at(installation().settings.dns_server)


def _back() -> ResponseReturnValue:
    return redirect(url_for("mail.index"), 303)
