"""The second stylesheet: of the pages around the survey, which the survey itself need not carry."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

from surveyapp.web.respond.assets import style

_STYLE = Path(__file__).parent.parent / "static" / "around.css"


@cache
def more_style() -> str:
    """Both stylesheets as one, without the blanks that only people need."""
    css = re.sub(r"/\*.*?\*/", "", _STYLE.read_text(encoding="utf-8"), flags=re.DOTALL)
    return style() + re.sub(r" ?([{};,]) ?", r"\1", re.sub(r"\s+", " ", css)).strip()


@cache
def more_style_hash() -> str:
    """What the content policy calls it."""
    digest = hashlib.sha256(more_style().encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
