"""A test of the sender: a mail to a member of staff that says what signed it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.distribution.mail_keys import SigningKeyAway, signer
from surveyapp.errors import Conflict
from surveyapp.installation import Installation
from surveyapp.store.audit import record
from surveyapp.store.mail_signing import Signer
from surveyapp.store.models import OutgoingMessage

SENDER_TEST = "sender test"
SUBJECT = "Test of the sender"


@dataclass(frozen=True)
class LastTest:
    """What became of the last test."""

    state: str
    asked_at: datetime
    sent_at: datetime | None
    trouble: str


def send_sender_test(session: Session, *, to: str, installation: Installation, user_id: int) -> str:
    """Have a test mail sent as soon as a worker comes by; what it says of its signature. Raises Conflict
    without a mail server, or without the key that should sign.
    """
    settings = installation.settings
    if not settings.smtp_url:
        raise Conflict(
            "No mail server is configured. Ask whoever runs this server to set SURVEYAPP_SMTP_URL."
        )
    try:
        signed = said_of(signer(session, installation))
    except SigningKeyAway as away:
        raise Conflict(str(away)) from None
    content = {"to": to, "subject": SUBJECT, "text": test_text(settings.mail_from, signed)}
    key = f"{SENDER_TEST} {secrets.token_hex(8)}"
    session.add(OutgoingMessage(key=key, kind=SENDER_TEST, content=content))
    record(session, user_id, "send sender test", "mail")
    return signed


def test_text(sender: str, signed: str) -> str:
    """What the test says to whoever gets it; ``signed`` as of ``said_of``."""
    return (
        f"This is a test of the sender {sender}.\n\n{signed}\n\n"
        "To see what your mail server makes of it, open the original of this message and look for the"
        " line Authentication-Results: spf=pass, dkim=pass and dmarc=pass are what you want.\n"
    )


def said_of(signs: Signer | None) -> str:
    """What signs mail, as a sentence."""
    if signs is None:
        return "Mail is not signed here (no DKIM key is in use)."
    return (
        f"Mail is signed for {signs.domain} by the key {signs.selector}"
        f" (DKIM, rsa-sha256; public key at {signs.record_name})."
    )


def last_test(session: Session) -> LastTest | None:
    """The newest test of the sender that is still kept."""
    newest = (
        select(OutgoingMessage)
        .where(OutgoingMessage.kind == SENDER_TEST)
        .order_by(OutgoingMessage.id.desc())
        .limit(1)
    )
    found = session.scalar(newest)
    if found is None:
        return None
    return LastTest(found.state, found.created_at, found.sent_at, found.error)
