"""Secrets in the database, encrypted under the installation's key: a copy of the database gives none away."""

from __future__ import annotations

import base64
import hmac

from cryptography.fernet import Fernet, InvalidToken


class Unreadable(ValueError):
    """What was sealed under another secret key, or is no seal at all."""


def seal(text: str, secret_key: str, purpose: str) -> str:
    """The text as the database keeps it. Each purpose has a key of its own."""
    return _box(secret_key, purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, secret_key: str, purpose: str) -> str:
    """The text itself. Raises Unreadable."""
    try:
        return _box(secret_key, purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable("cannot be read with this installation's secret key") from None


def _box(secret_key: str, purpose: str) -> Fernet:
    key = hmac.new(secret_key.encode(), purpose.encode(), "sha256").digest()
    return Fernet(base64.urlsafe_b64encode(key))
