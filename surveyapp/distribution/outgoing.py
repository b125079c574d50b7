"""A message with everything that it takes to send it, looked up at the moment of sending."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from email.utils import parseaddr
from typing import Any

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.auth import password_resets
from surveyapp.distribution.click import clickable
from surveyapp.distribution.message import MessageContext, colours, message_of
from surveyapp.distribution.unsubscribe import (
    Leaving,
    test_url,
    unsubscribe_url,
    write_token,
)
from surveyapp.errors import NotFound
from surveyapp.i18n.words import ENGLISH
from surveyapp.installation import Installation
from surveyapp.sampling.opt_outs import address_key
from surveyapp.store.mail import Message
from surveyapp.store.models import (
    Contact,
    Interaction,
    Invitation,
    OutgoingMessage,
)
from surveyapp.surveys import links, queries
from surveyapp.surveys.languages import negotiated
from surveyapp.surveys.survey import Survey
from surveyapp.surveys.texts import said

TO_CUSTOMERS = ("invitation", "reminder")  # those that ask
REPLY = "reply"  # somebody of the staff writes to the customer of a case
TEST = "test"


@dataclass(frozen=True)
class Outgoing:
    """A claimed message and the rows that it is about, None where it is about none."""

    message: OutgoingMessage
    survey: Survey | None = None
    invitation: Invitation | None = None
    interaction: Interaction | None = None
    contact: Contact | None = None

    @property
    def asked(self) -> Survey:
        """The survey that the message is of. Raises NotFound for one that is of none."""
        if self.survey is None:
            raise NotFound("The survey of this message no longer exists.")
        return self.survey

    @property
    def recipient(self) -> str:
        """The address or telephone number that it goes to; empty where none is known."""
        if self.message.kind not in (*TO_CUSTOMERS, REPLY):
            return str(self.message.content.get("to", ""))
        if self.contact is None:
            return ""
        return self.contact.email if self.message.channel == "email" else self.contact.phone


def outgoing(session: Session, message: OutgoingMessage) -> Outgoing:
    """Look up what the message is about."""
    found = Outgoing(message)
    if message.survey_id is not None:
        found = replace(found, survey=queries.survey(session, message.survey_id))
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


def written(found: Outgoing, installation: Installation) -> Message:
    """The message as it is sent. Addresses in it are made of the settings' base_url and nothing else."""
    sender, secret_key = installation.settings.mail_from, installation.secret_key
    return replace(
        _worded(found, installation),
        to=found.recipient,
        message_id=_message_id(found.message.key, sender, secret_key),
    )


def _worded(found: Outgoing, installation: Installation) -> Message:
    """The message's words, addressed to nobody."""
    settings, secret_key = installation.settings, installation.secret_key
    message = found.message
    if message.kind == password_resets.KIND:
        return password_resets.mail(message.content, installation)
    if message.kind not in (*TO_CUSTOMERS, TEST):
        content = message.content
        names = ("subject", "text", "html", "unsubscribe", "reply_to")
        texts = {name: str(content.get(name, "")) for name in names}
        return Message(**texts, language=str(content.get("language", ENGLISH.language)))
    language = language_of(found, installation.library)
    if message.kind == TEST:
        link = unsubscribe = test_url(settings.base_url)
    else:
        link = _personal_link(found, installation)
        leaving = write_token(installation.signing_keys, _leaving(found, secret_key))
        unsubscribe = unsubscribe_url(settings.base_url, leaving, language)
    own = found.asked.distribution
    made = message_context(
        found.asked, language, link, unsubscribe, installation.library, attributes_of(found)
    )
    made = replace(
        made, reminder=int(message.content.get("number", 0)), is_test=message.kind == TEST
    )
    return message_of(own, made)


def message_context(
    survey: Survey,
    language: str,
    link: str,
    unsubscribe: str,
    library: Library,
    attributes: dict[str, Any],
) -> MessageContext:
    """What a message of this survey is made of."""
    theme, one_click = survey.theme, survey.distribution.one_click
    clicks = clickable(survey, language, library)
    return MessageContext(
        language=language,
        provider=theme.name or survey.provider,
        touchpoint=said(survey, "touchpoint", language).text,
        link=link,
        unsubscribe=unsubscribe,
        questions=sum(len(each.asked(key)) for each, key in survey.asked(library)),
        click=next((each for each in clicks if each.name == one_click), None),
        attributes=attributes,
        colours=colours(theme.colour),
    )


def language_of(found: Outgoing, library: Library) -> str:
    """The customer's language where the survey is asked in it, else the survey's own."""
    survey, message = found.asked, found.message
    wanted = message.content.get("language") or (found.contact.language if found.contact else "")
    if not wanted and found.interaction is not None:
        wanted = found.interaction.language
    return negotiated(survey.offered(library), wanted or None, None)


def attributes_of(found: Outgoing) -> dict[str, Any]:
    """What is known of the customer: with the interaction, else with the message."""
    if found.interaction is not None:
        return dict(found.interaction.attributes)
    return dict(found.message.content.get("attributes", {}))


def _personal_link(found: Outgoing, installation: Installation) -> str:
    """The same link in the invitation and in each reminder."""
    base_url, secret_key = installation.settings.base_url, installation.secret_key
    invitation, survey = found.invitation, found.asked
    if invitation is None:
        raise NotFound("The invitation of this message no longer exists.")
    token = links.token_of(secret_key, invitation.token_seed or "")
    if invitation.interaction_id is not None:
        return links.short_url(base_url, token)
    known = survey.anonymity != "anonymous"
    ticket = links.Ticket(
        token,
        found.message.customer_ref if known else None,
        attributes_of(found),
        invitation.expires_at,
    )
    signed = links.write_ticket(installation.signing_keys, survey.link, ticket)
    return links.single_use_url(base_url, survey.link, signed)


def _leaving(found: Outgoing, secret_key: str) -> Leaving:
    email = found.contact.email if found.contact else ""
    return Leaving(
        found.message.customer_ref or "",
        address_key(secret_key, email) if email else "",
        found.message.survey_id or 0,
    )


def _message_id(key: str, sender: str, secret_key: str) -> str:
    """The same for each attempt: whoever gets a message twice can tell that it is one."""
    digest = hmac.new(secret_key.encode(), f"surveyapp message {key}".encode(), "sha256")
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{digest.hexdigest()[:32]}@{domain}>"
