"""What other programs call a row: random, and never the name of another row.

A row's own number says how many came before it, and a database that is restored from a backup gives
the same numbers to other rows.
"""

from __future__ import annotations

import secrets
import time
import uuid

_VERSION, _VARIANT = 7 << 76, 2 << 62


def random_id() -> str:
    """A UUID of 122 random bits (RFC 9562, version 4)."""
    return str(uuid.uuid4())


def timed_id() -> str:
    """A UUID of this millisecond and 74 random bits (RFC 9562, version 7).

    For rows whose time whoever reads the id may know: their index grows at its end, so that many
    rows of one commit share a page of it.
    """
    moment = time.time_ns() // 1_000_000
    random = secrets.randbits(74)
    high, low = random >> 62, random & (1 << 62) - 1
    number = moment << 80 | _VERSION | high << 64 | _VARIANT | low
    return read_id(f"{number:032x}")  # a uuid.UUID would cost as much again as the rest


def read_id(value: str | uuid.UUID) -> str:
    """A public id as a driver gives it: SQLite keeps 32 digits, PostgreSQL knows UUIDs."""
    if isinstance(value, str) and len(value) == 32:
        return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"
    return str(value)
