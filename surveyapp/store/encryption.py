"""Texts encrypted under a data key (AES-256-GCM), and the blind indexes that find them again.

Every text has a random nonce of its own, and is bound to its place: moved to another column, or to
another row where the column is bound to rows, it cannot be read. Its length shows in steps of 32
bytes only. A blind index is an HMAC-SHA-256 under a key that encrypts nothing: who has the database
alone can neither read an address nor try out one.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from surveyapp.store.sealing import Unreadable

KEY_BYTES = 32
MARK = "e1."  # what an encrypted text begins with; then the key's number and a dot
_NONCE_BYTES = 12
_BLOCK = 32
_END = b"\x80"


@dataclass(frozen=True)
class DataKey:
    """A key that encrypts, and the number that it has in the database."""

    number: int
    secret: bytes = field(repr=False)

    @cached_property
    def box(self) -> AESGCM:
        """The cipher of this key."""
        return AESGCM(self.secret)


def encrypt(key: DataKey, text: str, place: str) -> str:
    """The text as the database keeps it; ``place`` is where it may be read again."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = key.box.encrypt(nonce, _padded(text.encode()), _bound(key.number, place))
    return f"{prefix(key.number)}{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def decrypt(key: DataKey, kept: str, place: str) -> str:
    """The text itself. Raises Unreadable for what was changed, or written for another place or key."""
    try:
        raw = base64.urlsafe_b64decode(kept.removeprefix(prefix(key.number)))
        nonce, sealed = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
        padded = key.box.decrypt(nonce, sealed, _bound(key.number, place))
    except (InvalidTag, binascii.Error, ValueError):
        raise Unreadable(
            f"A value of {place.partition(' ')[0]} was changed, or moved here from another place."
        ) from None
    return padded[: padded.rindex(_END)].decode()


def key_number(kept: str) -> int | None:
    """The number of the key that a text is encrypted under; None for what is not encrypted."""
    mark, number, _ = (*kept.split(".", 2), "", "")[:3]
    return int(number) if f"{mark}." == MARK and number.isascii() and number.isdigit() else None


def prefix(number: int) -> str:
    """What every text that is encrypted under this key begins with."""
    return f"{MARK}{number}."


def blind_index(secret: bytes, text: str, place: str) -> str:
    """What stands for a text where it is looked for: 64 hexadecimal digits."""
    return hmac.digest(secret, f"{place}\0{text}".encode(), "sha256").hex()


def _bound(number: int, place: str) -> bytes:
    return f"surveyapp {MARK}{number} {place}".encode()


def _padded(data: bytes) -> bytes:
    return (data + _END).ljust(-(-(len(data) + 1) // _BLOCK) * _BLOCK, b"\0")
