"""Leaving: the signed link that ends each message, and what following it does.

Whoever holds the link may use it: it was sent to the address that it lets go of, and it does nothing
else. It never expires, because a message may lie in a mailbox for years.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.orm import Session

from surveyapp.sampling.opt_outs import opt_out
from surveyapp.store.signing_keys import Keys

LONGEST_TOKEN = 400
TEST_TOKEN = "test"  # noqa: S105 - in test messages; no signed token is so short


@dataclass(frozen=True)
class Leaving:
    """Who is let go: the opt-out list's keys of the customer and of the address, where known."""

    customer_key: str
    address_key: str
    survey_id: int

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for key in (self.customer_key, self.address_key) if key)


def write_token(keys: Keys, leaving: Leaving) -> str:
    """The signed text of a link that lets go."""
    content = [leaving.customer_key, leaving.address_key, leaving.survey_id]
    written = _serializer(keys).dumps(content)
    return written if isinstance(written, str) else written.decode()


def read_token(keys: Keys, token: str) -> Leaving | None:
    """Who is let go, None for anything that we did not sign."""
    if len(token) > LONGEST_TOKEN:
        return None
    try:
        return Leaving(*_serializer(keys).loads(token))
    except BadData:
        return None


def unsubscribe_url(base_url: str, token: str, language: str) -> str:
    """The address of the page behind the link, and of its one-click POST."""
    return f"{base_url.rstrip('/')}/u/{token}?lang={language}"


def test_url(base_url: str) -> str:
    """Where the links of test messages and previews lead: a page that says that it is a test."""
    return f"{base_url.rstrip('/')}/u/{TEST_TOKEN}"


def let_go(session: Session, leaving: Leaving) -> None:
    """Ask these no more; again makes no difference. What waits to be sent finds it out by itself."""
    opt_out(session, leaving.keys, source="link")


def _serializer(keys: Keys) -> URLSafeSerializer:
    return URLSafeSerializer(
        keys,
        salt="surveyapp unsubscribe",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )
