"""Links that customers open: what they carry is signed, so that nobody can change or make one.

A single-use link holds a random token, the customer's pseudonym and the attributes. The database
knows the SHA-256 of the token and nothing else of it; the customer stands in the link alone.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from itsdangerous import BadData, URLSafeSerializer
from itsdangerous.encoding import base64_decode, base64_encode

from surveyapp.store.signing_keys import Keys
from surveyapp.surveys.attributes import Attribute

TOKEN_BYTES = 16
LONGEST_TICKET = 4000  # characters; longer ones are refused before any arithmetic
# Without 0 o 1 l i: open links are also read aloud and typed.
_LINK_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_LINK_LENGTH = 10


@dataclass(frozen=True)
class Ticket:
    """What a single-use link carries. ``customer_ref`` is a pseudonym.

    ``run_id`` is the journey run of the interaction that a short link was sent after.
    """

    token: str
    customer_ref: str | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    expires_at: datetime | None = None  # whole seconds
    run_id: int | None = None

    @property
    def token_hash(self) -> str:
        return hashlib.sha256(self.token.encode()).hexdigest()


def new_link() -> str:
    """A code for a survey's open link; public, so it has to be free rather than secret."""
    return "".join(secrets.choice(_LINK_LETTERS) for _ in range(_LINK_LENGTH))


def new_token() -> str:
    """128 random bits as text."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def new_seed() -> str:
    """128 random bits from which an invitation's token is made again for each message."""
    return secrets.token_hex(TOKEN_BYTES)


def token_of(secret_key: str, seed: str) -> str:
    """The token of a seed: 128 bits of an HMAC-SHA-256 as 22 characters.

    The database holds the seed and the token's hash, so that a copy of it without the secret key
    opens no survey, and yet a reminder can carry the same link as the invitation.
    """
    key = hmac.new(secret_key.encode(), b"surveyapp invitation token", "sha256").digest()
    return base64_encode(hmac.new(key, seed.encode(), "sha256").digest()[:TOKEN_BYTES]).decode()


def pseudonym(secret_key: str, customer_ref: str) -> str:
    """What stands for a customer in links and in the database: 128 bits of an HMAC-SHA-256.

    The organisation finds its customer's answers by computing it again; whoever holds a copy of the
    database without the secret key does not. It is the same in every journey, so that one customer's
    answers can be joined.
    """
    key = hmac.new(secret_key.encode(), b"surveyapp customer pseudonym", "sha256").digest()
    return hmac.new(key, customer_ref.strip().encode(), "sha256").hexdigest()[:32]


def write_ticket(keys: Keys, link: str, ticket: Ticket) -> str:
    """The signed text of a ticket: the last part of a single-use link."""
    expires = int(ticket.expires_at.timestamp()) if ticket.expires_at else None
    content = [ticket.token, ticket.customer_ref, dict(ticket.attributes), expires]
    written = _serializer(keys, link).dumps(content)
    return written if isinstance(written, str) else written.decode()


def read_ticket(keys: Keys, link: str, text: str, *, now: datetime) -> Ticket | None:
    """The ticket, or None for anything that was not issued for this survey or has expired."""
    if len(text) > LONGEST_TICKET or not _is_canonical(text):
        return None
    try:
        token, customer_ref, attributes, expires = _serializer(keys, link).loads(text)
    except BadData:
        return None
    expires_at = datetime.fromtimestamp(expires, UTC) if expires is not None else None
    if expires_at is not None and expires_at <= now:
        return None
    return Ticket(token, customer_ref, attributes, expires_at)


def open_url(base_url: str, link: str) -> str:
    """The address of an open link."""
    return f"{base_url.rstrip('/')}/s/{link}"


def single_use_url(base_url: str, link: str, ticket: str) -> str:
    """The address of a single-use link."""
    return f"{open_url(base_url, link)}/{ticket}"


def short_url(base_url: str, token: str) -> str:
    """The address of a single-use link that fits into an SMS."""
    return f"{base_url.rstrip('/')}/r/{token}"


def _serializer(keys: Keys, link: str) -> URLSafeSerializer:
    # A salt of its own for each survey: a ticket of one opens no other.
    return URLSafeSerializer(
        keys,
        salt=f"surveyapp invitation {link}",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )


def _is_canonical(text: str) -> bool:
    """Base64 has several spellings of the same signature; only the one that we wrote counts."""
    signature = text.rpartition(".")[2]
    try:
        return base64_encode(base64_decode(signature)).decode() == signature
    except BadData:
        return False
