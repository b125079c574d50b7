"""RSA keys that sign mails: made, read, and kept so that the database alone gives none away."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from surveyapp.store.sealing import Unreadable, seal, unseal

BITS = 2048  # longer ones do not fit into DNS answers that every server passes on (RFC 8301)
_FEWEST_BITS = 1024
_PURPOSE = "surveyapp mail keys"


class UnusableKey(ValueError):
    """No key that could sign; the text is the rest of a sentence that names it."""


@dataclass(frozen=True)
class KeyPair:
    """Both halves: the private one as PEM, the public one as it stands in DNS."""

    private_key: str = field(repr=False)
    public_key: str


def new_pair() -> KeyPair:
    """A new pair of keys."""
    return _pair(generate_private_key(public_exponent=65537, key_size=BITS))


def read_pair(pem: bytes) -> KeyPair:
    """The pair of a PEM file without a password. Raises UnusableKey."""
    try:
        found = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnusableKey("holds no private key in PEM form without a password") from None
    if not isinstance(found, RSAPrivateKey):
        raise UnusableKey("holds a key that is not RSA, which many receivers cannot verify")
    if found.key_size < _FEWEST_BITS:
        raise UnusableKey(
            f"holds a key of {found.key_size} bits; receivers ignore less than {_FEWEST_BITS}"
        )
    return _pair(found)


def locked(private_key: str, secret_key: str) -> str:
    """The private key as the database keeps it."""
    return seal(private_key, secret_key, _PURPOSE)


def unlocked(kept: str, secret_key: str) -> str:
    """The private key itself. Raises UnusableKey where another secret key locked it."""
    try:
        return unseal(kept, secret_key, _PURPOSE)
    except Unreadable as error:
        raise UnusableKey(str(error)) from None


def _pair(key: RSAPrivateKey) -> KeyPair:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(private.decode(), base64.b64encode(public).decode())
