"""A checksum over rows that is the same on both databases, and whatever order the rows come in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

_BITS = 128


@dataclass
class RowDigest:
    """How many rows there were, and the sum of their digests."""

    rows: int = 0
    total: int = 0

    def add(self, rows: Iterable[Iterable[Any]]) -> None:
        for row in rows:
            text = json.dumps([_plain(value) for value in row], sort_keys=True)
            made = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_BITS // 8)
            self.total = (self.total + int.from_bytes(made.digest())) % (1 << _BITS)
            self.rows += 1


def _plain(value: Any) -> Any:
    """A value as JSON, the same for what both databases keep of it. PostgreSQL's documents know one kind of
    number: 1e22 comes back as a whole one, and no zero is negative.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} is in no column")
