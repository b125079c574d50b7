"""Links for people without an account: to one report for some time, and out of a schedule for good.

A report goes as a link rather than as an attached file: a link ends, is gone with its report, where
answers were erased, and each use is in the audit log; a file in a mailbox is none of this.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from surveyapp.errors import NotFound
from surveyapp.installation import Installation
from surveyapp.reports.removal import holds_erased
from surveyapp.store.models import Report, ReportLink, ScheduleRecipient
from surveyapp.store.signing_keys import Keys

LIFETIME = timedelta(days=30)
_LONGEST = 400  # characters of a token that is looked at
_GONE = (
    "This link has expired, or its report was removed. Whoever sent it to you can send a new one."
)


def make_link(session: Session, report_id: int, recipient_id: int, now: datetime) -> str:
    """A new link's token, which nobody can read out of the database."""
    token = secrets.token_urlsafe(32)
    session.add(
        ReportLink(
            digest=_digest(token),
            report_id=report_id,
            recipient_id=recipient_id,
            expires_at=now + LIFETIME,
        )
    )
    return token


def report_behind(session: Session, token: str, now: datetime) -> Report:
    """The finished report that a link leads to. Raises NotFound when it does not any more."""
    found = session.get(ReportLink, _digest(token)) if len(token) <= _LONGEST else None
    if found is None or found.expires_at <= now or found.report.file is None:
        raise NotFound(_GONE)
    if holds_erased(found.report):
        raise NotFound("This report was withdrawn, because answers have been erased since.")
    return found.report


def forget_links(installation: Installation, now: datetime) -> int:
    """Delete the links that have expired; how many."""
    old = select(ReportLink.digest).where(ReportLink.expires_at <= now)
    with installation.store.reading() as session:
        found = list(session.scalars(old.limit(1000)))
    if found:
        with installation.store.writing() as session:
            session.execute(delete(ReportLink).where(ReportLink.digest.in_(found)))
    return len(found)


def leaving_token(keys: Keys, recipient_id: int) -> str:
    """The signed text of a link by which a recipient unsubscribes; it never expires."""
    written = _serializer(keys).dumps(recipient_id)
    return written if isinstance(written, str) else written.decode()


def leaving(session: Session, keys: Keys, token: str) -> ScheduleRecipient | None:
    """Who unsubscribes by this link; None for a text that we did not sign, and once they are gone."""
    if len(token) > _LONGEST:
        return None
    try:
        number = _serializer(keys).loads(token)
    except BadData:
        return None
    return session.get(ScheduleRecipient, number) if isinstance(number, int) else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _serializer(keys: Keys) -> URLSafeSerializer:
    return URLSafeSerializer(
        keys,
        salt="surveyapp report schedule",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )
