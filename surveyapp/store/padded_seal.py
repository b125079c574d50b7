"""Texts that the database keeps unreadable, filled up to one length and without their time."""

from __future__ import annotations

import base64
import hmac

from cryptography.fernet import Fernet, InvalidToken

BLOCK = 4096  # bytes that a sealed text is filled up to: its length must not tell it from others


class PaddedSeal:
    """Closes and opens texts by a key made of the secret key, one for each purpose."""

    def __init__(self, secret_key: str, purpose: str) -> None:
        self._key = hmac.digest(secret_key.encode(), f"surveyapp {purpose}".encode(), "sha256")

    def closed(self, text: str) -> bytes:
        """The text sealed; its length in BLOCKs is all that can be told of it. Blanks at its end are lost."""
        content = text.encode()
        filled = content.ljust(-(-max(1, len(content)) // BLOCK) * BLOCK)
        return self._box().encrypt_at_time(filled, 0)  # else it would tell the time

    def opened(self, kept: bytes) -> str | None:
        """The text; None where another key sealed it."""
        try:
            return self._box().decrypt(kept).decode().rstrip(" ")
        except InvalidToken:
            return None

    def hidden(self, text: str) -> str:
        """What stands for a text that is to be found again: 64 hexadecimal digits."""
        return hmac.digest(self._key, f"hidden {text}".encode(), "sha256").hex()

    def _box(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._key))
