"""When a server that refused a message wants to be asked again: the header ``Retry-After``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(hours=24)  # a mistaken date must not silence a webhook for years
_SECONDS = re.compile(r"[0-9]{1,9}")


def read_retry_after(value: str, *, now: datetime) -> datetime | None:
    """The moment that the header names in seconds or as an HTTP date, at most a day from now.

    None for a moment that has passed, and for what is neither.

    >>> read_retry_after("120", now=datetime(2026, 1, 1, tzinfo=UTC))
    datetime.datetime(2026, 1, 1, 0, 2, tzinfo=datetime.timezone.utc)
    """
    value = value.strip()
    if _SECONDS.fullmatch(value):
        wanted = now + timedelta(seconds=int(value))
    else:
        try:
            read = parsedate_to_datetime(value)
        except ValueError:
            return None
        wanted = read.replace(tzinfo=read.tzinfo or UTC).astimezone(UTC)
    return min(wanted, now + LONGEST) if wanted > now else None
