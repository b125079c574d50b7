"""Whether a secret key is one that nobody can guess."""

from __future__ import annotations

import re
from itertools import pairwise

_SHORTEST_SECRET = 32
_FEWEST_DIFFERENT = 8  # of 28 million random keys of 32 hexadecimal digits one has fewer
_SHORTEST_REPEAT = 8  # characters that come again before it is no accident
_PLACEHOLDERS = (
    *(
        "change",
        "replace",
        "insert",
        "default",
        "example",
        "password",
        "secret",
        "survey",
        "please",
    ),
    *(
        "this",
        "your",
        "key",
        "app",
        "here",
        "with",
        "random",
        "long",
        "value",
        "string",
        "me",
        "my",
    ),
)
_FEWEST_BESIDE_WORDS = 12


def key_fault(key: str) -> str | None:
    """What is wrong with a secret key, as the rest of a sentence; None for one that may be used."""
    if len(key) < _SHORTEST_SECRET:
        return f"has {len(key)} characters, needs {_SHORTEST_SECRET}"
    if len(set(key)) < _FEWEST_DIFFERENT:
        return f"has {len(set(key))} different characters, needs {_FEWEST_DIFFERENT}"
    lengths = range(1, min(_SHORTEST_SECRET, len(key) - _SHORTEST_REPEAT + 1))
    repeated = next((n for n in lengths if key[n:] == key[:-n]), None)
    if repeated is not None:
        return f"repeats its first {repeated} characters"
    steps = [ord(after) - ord(before) for before, after in pairwise(key)]
    if sum(step in {-1, 0, 1} for step in steps) > len(steps) / 2:
        return "counts through the alphabet or the digits"
    left = re.sub(r"[\W_]", "", key.lower())
    for word in _PLACEHOLDERS:
        left = left.replace(word, "")
    if len(left) < _FEWEST_BESIDE_WORDS:
        return "is made of words that stand in examples"
    return None
