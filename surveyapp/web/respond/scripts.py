"""Scripts that a survey page gets only where somebody comes in by a certain way."""

from __future__ import annotations

import gzip

from flask import Response
from markupsafe import Markup

from surveyapp.web.respond.headers import allow, policy


def add_script(answer: Response, name: str, **data: str) -> None:
    """Put a script of ours at the end of a page that is ready, with what it has to know."""
    allow(script_src=f"{policy().get('script-src', '')} 'self'".strip())
    told = Markup().join(
        Markup(' data-{}="{}"').format(key.replace("_", "-"), value)
        for key, value in data.items()
        if value
    )
    script = Markup('<script src="/static/{}"{}></script>\n</body>').format(name, told)
    is_packed = answer.headers.get("Content-Encoding") == "gzip"
    page = gzip.decompress(answer.data) if is_packed else answer.data
    page = page.replace(b"</body>", str(script).encode())
    answer.data = gzip.compress(page, 6) if is_packed else page
