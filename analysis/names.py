"""Names of variables as people write them: letters of every script, with their marks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# What may be a name; beyond ASCII ``wrong_character`` decides.
PATTERN = r"[^\W\d](?:[\w.]|[^\x00-\x7f\s])*"
_NAME = re.compile(PATTERN)
_JOINERS = "\u200c\u200d"  # which Persian, Hindi and other scripts need inside a word


def composed(text: str) -> str:
    """The text with letters and their marks as one character where there is one (NFC), so that a
    name typed on one system is that of a file from another.
    """
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def wrong_character(name: str) -> int | None:
    """Where in a text that ``PATTERN`` matches a character stands that no name has; None when it is a
    name.

    >>> wrong_character("गुणवत्ता"), wrong_character("a×b")
    (None, 1)
    """
    if name.isascii():
        return None
    for at, character in enumerate(name):
        known = character.isalnum() or character in "._" or character in _JOINERS
        if not known and not f"a{character}".isidentifier():
            return at
    return None


def is_name(text: str) -> bool:
    """Whether the text is one name."""
    return _NAME.fullmatch(text) is not None and wrong_character(text) is None


def columns_by_name(data: pd.DataFrame, names: Iterable[str]) -> dict[str, str]:
    """For each name that is no column as it stands: the column that is the same text when composed."""
    absent = [name for name in names if name not in data.columns]
    if not absent:
        return {}
    same = {composed(column): column for column in data.columns if isinstance(column, str)}
    return {name: same[composed(name)] for name in absent if composed(name) in same}
