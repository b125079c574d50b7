"""Data keys wrapped by the master key: what the database holds of them opens with that key only."""

from __future__ import annotations

import base64
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from surveyapp.store.sealing import Unreadable

_NONCE_BYTES = 12


def wrap(secret: bytes, master_key: str, number: int) -> str:
    """The key as the database keeps it under its number."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = _box(master_key).encrypt(nonce, secret, _bound(number))
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def unwrap(wrapped: str, master_key: str, number: int) -> bytes:
    """The key itself. Raises Unreadable under another master key."""
    raw = base64.urlsafe_b64decode(wrapped)
    try:
        return _box(master_key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound(number))
    except InvalidTag:
        raise Unreadable(
            f"The data key {number} cannot be read with this process's master key. Where the master"
            " key was changed, restart every process with the new one."
        ) from None


def fingerprint(master_key: str) -> str:
    """What tells one master key from another and says nothing about either: 32 hexadecimal digits."""
    return hmac.new(master_key.encode(), b"surveyapp master key fingerprint", "sha256").hexdigest()[
        :32
    ]


def _box(master_key: str) -> AESGCM:
    return AESGCM(hmac.digest(master_key.encode(), b"surveyapp data keys", "sha256"))


def _bound(number: int) -> bytes:
    return f"surveyapp data key {number}".encode()
