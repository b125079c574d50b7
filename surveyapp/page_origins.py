"""Origins of other people's pages, which may show one of ours inside themselves."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from surveyapp.errors import Invalid

HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_LOOPBACK = ("localhost", "127.0.0.1")


def read_origin(text: str, *, field: str) -> str:
    """An origin as browsers write it: scheme, host, and a port that is not the scheme's own.

    Raises Invalid at ``field`` for anything else: a path, a wildcard, a scheme that is not https.
    """
    text = text.strip()
    try:
        parts = urlsplit(text.lower())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    only = parts.path in {"", "/"} and not parts.query and not parts.fragment and "@" not in text
    scheme = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not (only and scheme and HOST.fullmatch(host)):
        raise Invalid(
            f"{text[:80]!r} is not an origin; write it like"
            " https://www.northbank.example, without a path. Only https is accepted.",
            field=field,
        )
    own = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, own} else "")
