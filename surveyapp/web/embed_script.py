"""The embedding script of pages elsewhere: its editions, their integrity values and headers.

Pages that name an integrity value break when the file behind it changes by one byte. So each edition
is a file of its own that is never changed after a release; a changed script is the next edition, and
``embed.js`` is the newest for pages that name no value.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

_STATIC = Path(__file__).parent / "static"
NEWEST = "embed-1.js"
_SCRIPT = re.compile(r"embed(-\d+)?\.js")


@cache
def integrity(name: str = NEWEST) -> str:
    """What a browser compares the file with before it runs it (subresource integrity)."""
    digest = hashlib.sha384((_STATIC / name).read_bytes()).digest()
    return f"sha384-{base64.b64encode(digest).decode()}"


def headers_of(name: str) -> dict[str, str]:
    """What lets pages of other origins run this file of ours; nothing for any other file.

    Integrity needs a script that may be read across origins (CORS). A page that isolates itself
    (``Cross-Origin-Embedder-Policy: require-corp``) loads only what allows it (CORP).
    """
    found = _SCRIPT.fullmatch(name)
    if not found:
        return {}
    headers = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
    if found[1]:
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return headers
