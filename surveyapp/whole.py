"""Whole numbers that arrive as text: from addresses, forms, cookies and settings."""

from __future__ import annotations

_LONGEST = 19  # digits of the largest number that a database keeps, 2**63 - 1


def whole_number(text: str, *, largest: int) -> int | None:
    """The number that ``text`` writes, from 0 to ``largest``, in ASCII digits and nothing else; None
    for every other text.

    ``int`` alone raises on long texts and takes signs, spaces, underscores and the digits of every
    script; ``str.isdigit`` is true of ``²``, which ``int`` does not take.

    >>> [whole_number(text, largest=100) for text in ("7", "007", "101", "-1", "²", "")]
    [7, 7, None, None, None, None]
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST):
        return None
    number = int(text)
    return number if number <= largest else None
