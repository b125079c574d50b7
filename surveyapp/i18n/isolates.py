"""Filled-in texts that keep their own direction inside a sentence of another one."""

from __future__ import annotations

import re
import unicodedata

_FIRST_STRONG, _POP = "\u2068", "\u2069"
# Whoever types these into a name could turn what stands around it; marks that only lean stay.
_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = ("R", "AL")
_ISOLATE = re.compile("[\u2066-\u2068][^\u2066-\u2069]*\u2069")
FROM_THE_RIGHT = "\N{RIGHT-TO-LEFT MARK}"  # in a text: it is a sentence that runs from the right


def begins_right(text: str) -> bool:
    """Whether a text is marked as one that runs from the right; names within isolates say nothing of it."""
    return FROM_THE_RIGHT in text and FROM_THE_RIGHT in _ISOLATE.sub("", text)


def isolated(value: str, *, right_to_left: bool) -> str:
    """The value between directional isolates where it could run against its sentence.

    A Latin name that ends in a mark ("Bank (UK)") would move the mark to the other end in an Arabic
    sentence, and an Arabic one does so in an English sentence. ``right_to_left`` is the sentence's
    direction. Directional controls inside the value are left out.
    """
    value = _CONTROLS.sub("", value)
    if not value or not (right_to_left or _runs_from_the_right(value)):
        return value
    return f"{_FIRST_STRONG}{value}{_POP}"


def is_right_to_left(text: str) -> bool:
    """The direction of a text by its first letter that has one, as ``dir="auto"`` decides on a page."""
    kinds = (unicodedata.bidirectional(each) for each in _ISOLATE.sub("", text))
    return next((kind in _RIGHT_TO_LEFT for kind in kinds if kind in ("L", *_RIGHT_TO_LEFT)), False)


def _runs_from_the_right(value: str) -> bool:
    return not value.isascii() and any(
        unicodedata.bidirectional(each) in _RIGHT_TO_LEFT for each in value
    )
