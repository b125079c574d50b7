"""The hidden key of a form: signed, so that nobody floods us with invented ones, and random, so
that the same form sent twice is told from two forms.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from itsdangerous import BadData, TimestampSigner
from itsdangerous.encoding import base64_decode, base64_encode

from surveyapp.store.signing_keys import Keys

_LONGEST = 600
_APART = "~"


@dataclass(frozen=True)
class FormKey:
    """What the form carried: its own random key, when the page was made, and which consent it showed.

    ``draw`` is a second random number, for whoever takes part in a draw afterwards: nothing that is
    stored joins it to the first.
    """

    submission_key: str
    issued_at: datetime
    consent_version: str
    draw: str


def new_key(keys: Keys, context: str, consent_version: str = "") -> str:
    """A signed key for a form on this page; ``context`` ties it to the link and ticket."""
    version = base64_encode(consent_version).decode()
    value = _APART.join((secrets.token_urlsafe(16), secrets.token_urlsafe(6), version))
    return _signer(keys, context).sign(value).decode()


def read_key(keys: Keys, context: str, text: str) -> FormKey | None:
    """The key, or None when we did not make it for this page. It never gets too old to be sent."""
    if len(text) > _LONGEST:
        return None
    try:
        value, issued_at = _signer(keys, context).unsign(text, return_timestamp=True)
    except BadData:
        return None
    submission_key, draw, version = value.decode().split(_APART)
    return FormKey(submission_key, issued_at, base64_decode(version).decode(), draw)


@lru_cache(maxsize=512)  # an open link's is asked for by every page and every answer
def _signer(keys: Keys, context: str) -> TimestampSigner:
    salt = f"surveyapp form {context}"
    several = (keys,) if isinstance(keys, str) else keys
    derived = [hmac.digest(key.encode(), salt.encode(), "sha256") for key in several]
    # Derived here once; the signer would do it again for every signature.
    return TimestampSigner(derived, salt=salt, key_derivation="none", digest_method=hashlib.sha256)
