"""Scripts that a survey page gets only where somebody comes in by a certain way."""

from __future__ import annotations

import gzip

from flask import Response
from markupsafe import Markup

from surveyapp.web.respond.headers import allow, policy


def page_in(answer: Response) -> str:
    """The page that an answer carries, compressed or not."""
    body = gzip.decompress(answer.data) if _is_packed(answer) else answer.data
    return body.decode()


def add_script(answer: Response, name: str, *, style: str = "", **data: str) -> None:
    """Put a script of ours at the end of a page that is ready, with what it has to know.

    ``style`` is a stylesheet that comes with it.
    """
    allow(script_src=f"{policy().get('script-src', '')} 'self'".strip())
    page = page_in(answer)
    told = Markup().join(
        Markup(' data-{}="{}"').format(key.replace("_", "-"), value)
        for key, value in data.items()
        if value
    )
    script = Markup('<script src="/static/{}"{}></script>\n</body>').format(name, told)
    page = page.replace("</body>", script)
    if style:
        allow(style_src=f"{policy()['style-src']} 'self'")
        sheet = Markup('<link rel="stylesheet" href="/static/{}">\n</head>').format(style)
        page = page.replace("</head>", sheet)
    answer.data = gzip.compress(page.encode(), 6) if _is_packed(answer) else page.encode()


def _is_packed(answer: Response) -> bool:
    return answer.headers.get("Content-Encoding") == "gzip"
