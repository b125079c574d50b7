"""Texts that a spreadsheet would run: guarded by an apostrophe, and given back exactly as they were."""

from __future__ import annotations

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def guarded(text: str) -> str:
    """A text that would be a formula with an apostrophe before it.

    So is one that has apostrophes before what would be a formula: else nobody could tell whose the
    first one is.
    """
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA_STARTS) else text


def unguarded(text: str) -> str:
    """The text that ``guarded`` was given."""
    guard = text.startswith("'") and text.lstrip("'").startswith(_FORMULA_STARTS)
    return text[1:] if guard else text
