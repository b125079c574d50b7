"""Which numbers stay hidden where they are counted once, without months; ``publication`` does the rest.

A group below the smallest size is hidden, and so is whatever would let a reader compute one from
shown figures: everybody minus the other segments, a segment minus one that lies within it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from surveyapp.results.suppression.overlaps import Overlaps, overlaps
from surveyapp.results.suppression.publication import Publication, publication
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import EVERYBODY

__all__ = [
    "Overlaps",
    "Publication",
    "hidden",
    "hidden_groups",
    "overlaps",
    "publication",
    "sum_may_be_shown",
]

_ONCE = (1, 1)  # the only month of what has none


def hidden(counts: Mapping[int, int], lying: Overlaps, *, minimum: int) -> dict[int, Hidden]:
    """Which segments of one cell to hide, and why.

    ``counts`` gives the number of answers by segment, EVERYBODY included; an absent one has none.
    Depends on all segments, never on those that a page happens to show, so that two pages cannot
    be subtracted from each other.
    """
    found = publication({s: {_ONCE: n} for s, n in counts.items()}, lying, minimum=minimum)
    return {segment: found.why_hidden(segment) for segment in counts}


def hidden_groups(groups: Mapping[frozenset[int], int], *, minimum: int) -> dict[int, Hidden]:
    """Which of several overlapping groups of people to hide, and why.

    ``groups`` counts the people by the numbers of all groups that they are in, EVERYBODY included.
    """
    counts: dict[int, dict[tuple[int, int], int]] = {EVERYBODY: {_ONCE: 0}}
    for inside, n in groups.items():
        for number in inside:
            month = counts.setdefault(number, {_ONCE: 0})
            month[_ONCE] += n
    kinds = {inside: {_ONCE: n} for inside, n in groups.items()}
    found = publication(counts, Overlaps(None), minimum=minimum, kinds=kinds)
    return {number: found.why_hidden(number) for number in counts}


def sum_may_be_shown(counts: Sequence[tuple[int, Hidden]], *, minimum: int) -> bool:
    """Whether the sum of everybody's numbers at several places may stand beside those not hidden.

    Sum minus shown numbers is what the hidden places hold together. That must be a group that may be
    known, made of two places or more, and must not tell each: all 1, or all as large as they can be.
    """
    few = [n for n, reason in counts if reason]
    if not few:
        return True
    if len(few) < 2 or any(reason not in (Hidden.NO, Hidden.FEW) for _, reason in counts):
        return False
    together = sum(few)
    return together >= minimum and len(few) < together < len(few) * (minimum - 1)
