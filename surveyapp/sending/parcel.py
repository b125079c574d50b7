"""A message with everything that it takes to send it, looked up at the moment of sending."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.asking.opt_outs import address_key
from surveyapp.errors import NotFound
from surveyapp.fielding import links, queries
from surveyapp.fielding.languages import negotiated
from surveyapp.fielding.look import read_look
from surveyapp.fielding.texts import said
from surveyapp.responses.reading import asked_instrument
from surveyapp.sending.click import clickable
from surveyapp.sending.languages import offered
from surveyapp.sending.letter import Letter, Occasion, colours, letter
from surveyapp.sending.mailing import read_mailing
from surveyapp.sending.unsubscribing import (
    Leaving,
    test_url,
    unsubscribe_url,
    write_token,
)
from surveyapp.settings import Settings
from surveyapp.store.models import (
    Contact,
    Deployment,
    Interaction,
    Invitation,
    OutgoingMessage,
)

TO_CUSTOMERS = ("invitation", "reminder")
TEST = "test"


@dataclass(frozen=True)
class Parcel:
    """A claimed message and the rows that it is about, None where it is about none."""

    message: OutgoingMessage
    deployment: Deployment | None = None
    invitation: Invitation | None = None
    interaction: Interaction | None = None
    contact: Contact | None = None

    @property
    def asked(self) -> Deployment:
        """The deployment that the message is of. Raises NotFound for one that is of none."""
        if self.deployment is None:
            raise NotFound("The survey of this message no longer exists.")
        return self.deployment

    @property
    def recipient(self) -> str:
        """The address or telephone number that it goes to; empty where none is known."""
        if self.message.kind not in TO_CUSTOMERS:
            return str(self.message.content.get("to", ""))
        if self.contact is None:
            return ""
        return self.contact.email if self.message.channel == "email" else self.contact.phone


@dataclass(frozen=True)
class Written:
    """What is sent. ``link`` is the customer's own, empty in messages to staff."""

    to: str = field(repr=False)
    letter: Letter
    message_id: str
    language: str = "en"
    link: str = field(default="", repr=False)
    unsubscribe: str = field(default="", repr=False)
    reply_to: str = ""


def parcel(session: Session, message: OutgoingMessage) -> Parcel:
    """Look up what the message is about."""
    found = Parcel(message)
    if message.deployment_id is not None:
        found = replace(found, deployment=queries.deployment(session, message.deployment_id))
    if message.invitation_id is not None:
        invitation = session.get(Invitation, message.invitation_id)
        number = invitation.interaction_id if invitation else None
        found = replace(
            found,
            invitation=invitation,
            interaction=session.get(Interaction, number) if number else None,
        )
    if message.customer_ref is not None:
        found = replace(found, contact=session.get(Contact, message.customer_ref))
    return found


def written(found: Parcel, settings: Settings, secret_key: str) -> Written:
    """The message's words. Addresses in it are made of the settings' base_url and nothing else."""
    message = found.message
    message_id = _message_id(message.key, settings.mail_from, secret_key)
    if message.kind not in (*TO_CUSTOMERS, TEST):
        content = message.content
        plain = Letter(str(content.get("subject", "")), str(content.get("text", "")))
        return Written(found.recipient, plain, message_id)
    language = language_of(found, settings.instrument_roots)
    if message.kind == TEST:
        link = unsubscribe = test_url(settings.base_url)
    else:
        link = _personal_link(found, settings.base_url, secret_key)
        unsubscribe = unsubscribe_url(
            settings.base_url, write_token(secret_key, _leaving(found, secret_key)), language
        )
    mailing = read_mailing(found.asked.mailing)
    made = occasion(found.asked, language, link, unsubscribe, settings, attributes_of(found))
    made = replace(
        made, reminder=int(message.content.get("number", 0)), is_test=message.kind == TEST
    )
    return Written(
        to=found.recipient,
        letter=letter(mailing, made),
        message_id=message_id,
        language=language,
        link=link,
        unsubscribe="" if message.kind == TEST else unsubscribe,
        reply_to=mailing.reply_to,
    )


def occasion(
    deployment: Deployment,
    language: str,
    link: str,
    unsubscribe: str,
    settings: Settings,
    attributes: dict[str, Any],
) -> Occasion:
    """What a letter of this deployment is made of."""
    look, mailing = read_look(deployment.look), read_mailing(deployment.mailing)
    asked = [(ask, asked_instrument(ask, settings.instrument_roots)) for ask in deployment.asks]
    clicks = clickable(deployment, language, settings.instrument_roots)
    return Occasion(
        language=language,
        provider=look.name or deployment.journey.provider,
        touchpoint=said(deployment, "touchpoint", language).text,
        link=link,
        unsubscribe=unsubscribe,
        questions=sum(len(instrument.asked(ask["key"])) for ask, instrument in asked),
        click=next((each for each in clicks if each.name == mailing.one_click), None),
        attributes=attributes,
        colours=colours(look.colour),
    )


def language_of(found: Parcel, roots: Sequence[str | Path]) -> str:
    """The customer's language where the survey is asked in it, else the survey's own."""
    deployment, message = found.asked, found.message
    wanted = message.content.get("language") or (found.contact.language if found.contact else "")
    if not wanted and found.interaction is not None:
        wanted = found.interaction.language
    return negotiated(offered(deployment, roots), wanted or None, None)


def attributes_of(found: Parcel) -> dict[str, Any]:
    """What is known of the customer: with the interaction, else with the message."""
    if found.interaction is not None:
        return dict(found.interaction.attributes)
    return dict(found.message.content.get("attributes", {}))


def _personal_link(found: Parcel, base_url: str, secret_key: str) -> str:
    """The same link in the invitation and in each reminder."""
    invitation, deployment = found.invitation, found.asked
    if invitation is None:
        raise NotFound("The invitation of this message no longer exists.")
    token = links.token_of(secret_key, invitation.token_seed or "")
    if invitation.interaction_id is not None:
        return links.short_url(base_url, token)
    known = deployment.anonymity != "anonymous"
    ticket = links.Ticket(
        token,
        found.message.customer_ref if known else None,
        attributes_of(found),
        invitation.expires_at,
    )
    signed = links.write_ticket(secret_key, deployment.link, ticket)
    return links.single_use_url(base_url, deployment.link, signed)


def _leaving(found: Parcel, secret_key: str) -> Leaving:
    email = found.contact.email if found.contact else ""
    return Leaving(
        found.message.customer_ref or "",
        address_key(secret_key, email) if email else "",
        found.message.deployment_id or 0,
    )


def _message_id(key: str, sender: str, secret_key: str) -> str:
    """The same for each attempt: whoever gets a message twice can tell that it is one."""
    digest = hmac.new(secret_key.encode(), f"surveyapp message {key}".encode(), "sha256")
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{digest.hexdigest()[:32]}@{domain}>"
