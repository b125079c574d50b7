"""Markdown from texts of the program."""

from __future__ import annotations

import re
from collections.abc import Iterable

_CODE_OR_TAG = re.compile(r"(`[^`]*`)|<")


def plain(text: str) -> str:
    """The text with every `<` outside code as itself, not as the begin of a tag."""
    return _CODE_OR_TAG.sub(lambda found: found[1] or r"\<", text)


def definitions(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of terms with their meanings, which a phone shows as well as a wide screen."""
    return "\n\n".join(
        f"{term}\n: {' '.join(plain(meaning).split()) or '&nbsp;'}" for term, meaning in pairs
    )
