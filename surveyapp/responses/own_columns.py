"""What our own export's columns are called in formats that take no point in a name."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import zip_longest

# Stata takes letters, digits and _, SPSS a point too: they have attribute_2 for an attribute
# in other letters, v31 where nothing is left of a name. Whole names are in the labels.
_ATTRIBUTE = re.compile(r"attribute(?:[._].*)?|v[0-9]+(?:_[a-z0-9_]*)?")


def own_headings(
    headings: Sequence[str], labels: Sequence[str], known: Collection[str]
) -> tuple[str, ...]:
    """The headings of attributes and scores as our CSV has them, of columns that another format calls
    otherwise.

    ``known`` are headings that are to stay, in small letters; ``labels`` are what a file of SPSS or
    Stata says of its columns, else nothing.
    """
    return tuple(
        heading if heading.lower() in known else _own_heading(heading, label)
        for heading, label in zip_longest(headings, labels[: len(headings)], fillvalue="")
    )


def _own_heading(heading: str, label: str) -> str:
    lowered = heading.lower()
    if lowered.startswith("score_"):
        return f"score.{heading[6:]}"
    if label and _ATTRIBUTE.fullmatch(lowered):
        return f"attribute.{label}"
    return f"attribute.{heading[10:]}" if lowered.startswith("attribute_") else heading
