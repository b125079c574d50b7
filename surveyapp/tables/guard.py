"""Texts that a spreadsheet would run: guarded by apostrophes, and given back exactly as they were.

Programs differ in where they split a line of CSV, and some split at semicolons, tabs or line breaks
within quotes too. So a text is guarded at its beginning and behind each of these.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# What would be a formula, behind apostrophes of the text's own and quotes that such a program takes off.
_FORMULA = r"(?='*\"*[=+@\-])"
_BEGINNING = re.compile(r"'*(?:\"*[=+@\-]|[\t\r\n])")
_INSIDE = re.compile(rf"([;\t\r\n]){_FORMULA}")
_ANYWHERE = re.compile(rf"(?:\A|[;\t\r\n]){_FORMULA}|\A'*[\t\r\n]")  # nearly no text: one look
# Where a formula may begin, and what may stand before it, among texts that are joined by line breaks.
_STARTS = tuple(before + sign for before in "\n;" for sign in "=+@-")
_BEFORE = "'\"\t\r"
_GUARDED_INSIDE = re.compile(rf"([;\t\r\n])'{_FORMULA}")


def guarded(text: str) -> str:
    """A text with an apostrophe before each place where a formula would begin.

    So is one that has apostrophes before what would be a formula: else nobody could tell whose the
    first one is.
    """
    if _ANYWHERE.search(text) is None:
        return text
    inside = _INSIDE.sub(r"\1'", text)
    return f"'{inside}" if _BEGINNING.match(text) else inside


def are_harmless(texts: Sequence[str]) -> bool:
    """True only where ``guarded`` would change none of many texts: a few looks at all of them together."""
    together = "\n".join(("", *texts))
    return (
        not any(sign in together for sign in _BEFORE)
        and together.count("\n") == len(texts)
        and not any(start in together for start in _STARTS)
    )


def unguarded(text: str) -> str:
    """The text that ``guarded`` was given."""
    guard = text.startswith("'") and _BEGINNING.match(text)
    return _GUARDED_INSIDE.sub(r"\1", text[1:] if guard else text)
