"""Customers who are to be asked, for the tests of sending."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.installation import Installation, open_installation
from surveyapp.settings import read
from surveyapp.store.models import (
    Contact,
    Decision,
    Interaction,
    Invitation,
    Journey,
    OutgoingMessage,
    SurveyRow,
)
from surveyapp.surveys import links
from tests.responses import makers

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
SENDER = "Northbank survey <survey@northbank.example>"
BASE = "https://survey.northbank.example"


@contextmanager
def installation_with(database_url: str, home: Path, **settings: Any) -> Iterator[Installation]:
    """An installation with these settings; a mail server is named by its place."""
    given = {"base_url": BASE, "mail_from": SENDER, **settings}
    if "mail" in given:
        given["smtp_url"] = f"smtp://{given.pop('mail')}"
    opened = open_installation(read({}, home=home, database_url=database_url, **given))
    yield opened
    opened.close()


def make_survey(installation: Installation, **options: Any) -> SurveyRow:
    """A survey of the recommendation question, with a journey that all of them share."""
    distribution = options.pop("distribution", {})
    with installation.store.writing() as session:
        journey = session.scalar(select(Journey))
        made = makers.make_survey(session, **{"asks": ("nps",), "journey": journey, **options})
        made.distribution = distribution
        return made


def to_be_asked(
    session: Session,
    installation: Installation,
    survey: SurveyRow,
    name: str = "ada",
    *,
    email: str | None = None,
    due_at: datetime = NOW,
    attributes: dict[str, Any] | None = None,
    expires_at: datetime | None = None,
    channel: str = "email",
    **contact: Any,
) -> int:
    """A customer whose interaction led to an invitation; the number of the waiting message."""
    ref = links.pseudonym(installation.secret_key, name)
    address = f"{name}@example.org" if email is None else email
    if session.get(Contact, ref) is None:
        session.add(Contact(customer_ref=ref, email=address, **contact))
    met = Interaction(
        touchpoint_id=survey.touchpoint_id,
        customer_ref=ref,
        at=due_at,
        attributes=attributes or {},
    )
    seed = links.new_seed()
    token = links.token_of(installation.secret_key, seed)
    session.add(met)
    session.flush()
    invitation = Invitation(
        survey_id=survey.id,
        token_hash=hashlib.sha256(token.encode()).hexdigest(),
        token_seed=seed,
        interaction_id=met.id,
        channel=channel,
        expires_at=expires_at,
    )
    session.add(invitation)
    session.flush()
    session.add(
        Decision(
            interaction_id=met.id,
            survey_id=survey.id,
            customer_ref=ref,
            outcome="ask",
            invitation_id=invitation.id,
            due_at=due_at,
        )
    )
    message = OutgoingMessage(
        key=f"invitation {invitation.id}",
        kind="invitation",
        channel=channel,
        survey_id=survey.id,
        invitation_id=invitation.id,
        customer_ref=ref,
        due_at=due_at,
    )
    session.add(message)
    session.flush()
    return message.id


def asked(installation: Installation, survey: SurveyRow, *names: str, **options: Any) -> list[int]:
    """Each of these customers with a message that is due."""
    with installation.store.writing() as session:
        return [to_be_asked(session, installation, survey, name, **options) for name in names]


def message(installation: Installation, number: int) -> OutgoingMessage:
    with installation.store.reading() as session:
        return session.get_one(OutgoingMessage, number)


def messages(installation: Installation, **wanted: Any) -> list[OutgoingMessage]:
    with installation.store.reading() as session:
        query = select(OutgoingMessage).filter_by(**wanted).order_by(OutgoingMessage.id)
        return list(session.scalars(query))


def invitation_of(installation: Installation, number: int) -> Invitation:
    with installation.store.reading() as session:
        return session.get_one(Invitation, session.get_one(OutgoingMessage, number).invitation_id)


def link_in(mail: EmailMessage) -> str:
    """The personal link that a mail's plain text holds."""
    plain = mail.get_body(("plain",))
    assert plain is not None
    found = re.search(rf"{re.escape(BASE)}/[rs]/\S+", plain.get_content())
    assert found is not None
    return found[0]
