"""The stylesheet and the script that every survey page carries in itself, and what they hash to."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

from surveyapp.web.respond.theme import base, page_theme

_STATIC = Path(__file__).parent.parent / "static"


@cache
def style() -> str:
    """The stylesheet, in the product's colours and without the blanks that only people need."""
    css = (_STATIC / "respond.css").read_text(encoding="utf-8")
    return base() + page_theme("").css + packed_css(css)


@cache
def style_hash() -> str:
    """What the content policy calls the stylesheet."""
    return hash_of(style())


@cache
def script() -> str:
    """The script, without the comments and indents that only people need."""
    source = (_STATIC / "respond.js").read_text(encoding="utf-8")
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


@cache
def script_hash() -> str:
    """What the content policy calls the script."""
    return hash_of(script())


def packed_css(css: str) -> str:
    """A stylesheet without comments and blanks."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    return re.sub(r" ?([{};,]) ?", r"\1", css).replace(": ", ":").replace(";}", "}").strip()


def hash_of(text: str) -> str:
    """A stylesheet's or script's name in a content policy."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
