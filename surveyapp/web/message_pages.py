"""A message as a page of its own, shown in a frame: nothing in it runs, loads or leads away.

Mail programs need styles beside the elements, which our content policy does not let through; so they
are gathered into the one stylesheet, whose hash the policy names.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re

from flask import Response

_STYLE = re.compile(r'style="([^"]*)"')
_SHEET = re.compile(r"(?<=<style>)(.*?)(?=</style>)", re.DOTALL)


def shown(message: str) -> Response:
    """The message's HTML as an answer that only our own pages may frame."""
    rules: dict[str, int] = {}

    def gathered(match: re.Match[str]) -> str:
        return f'data-style="{rules.setdefault(html.unescape(match[1]), len(rules))}"'

    page = _STYLE.sub(gathered, message)
    sheet = "".join(f'[data-style="{number}"]{{{rule}}}\n' for rule, number in rules.items())
    page = _SHEET.sub(lambda match: match[0] + sheet, page, count=1)
    digest = hashlib.sha256(_SHEET.search(page)[0].encode()).digest()  # type: ignore[index]
    answer = Response(page, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{base64.b64encode(digest).decode()}';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"
    )
    return answer
