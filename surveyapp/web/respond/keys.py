"""The hidden key of a form: signed, so that nobody floods us with invented ones, and random, so
that the same form sent twice is told from two forms.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from itsdangerous import BadData, TimestampSigner

_LONGEST = 200


@dataclass(frozen=True)
class FormKey:
    """What the form carried: its own random key, and when the page was made."""

    submission_key: str
    issued_at: datetime


def new_key(secret_key: str, context: str) -> str:
    """A signed key for a form on this page; ``context`` ties it to the link and ticket."""
    return _signer(secret_key, context).sign(secrets.token_urlsafe(16)).decode()


def read_key(secret_key: str, context: str, text: str) -> FormKey | None:
    """The key, or None when we did not make it for this page. It never gets too old to be sent."""
    if len(text) > _LONGEST:
        return None
    try:
        value, issued_at = _signer(secret_key, context).unsign(text, return_timestamp=True)
    except BadData:
        return None
    return FormKey(value.decode(), issued_at)


def _signer(secret_key: str, context: str) -> TimestampSigner:
    return TimestampSigner(
        secret_key,
        salt=f"surveyapp form {context}",
        key_derivation="hmac",
        digest_method=hashlib.sha256,
    )
