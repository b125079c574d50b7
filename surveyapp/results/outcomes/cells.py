"""Which divisions of the same customers may be published together.

Each division gives figures of its parts. Who combines figures of several can tell the outcome of any group
whose members lie in whole parts of the divisions' common refinement: so a division is published only where
every part of that refinement, with those published before it, has enough customers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import combinations
from math import comb

import numpy as np

TOO_FEW = "too few customers"
_MOST = 2_000_000  # groups of one size that are tried
_NEAR = 1e-9
DISTINCT = "would tell of too few customers beside the figures above"


def admitted(divisions: Sequence[Sequence[Hashable]], *, minimum: int) -> list[bool]:
    """For each division, a part for each customer, whether it may be published after those before it.

    Parts of an admitted division, and all unions and differences of admitted ones, have ``minimum``
    customers or none.

    >>> admitted([[1, 1, 2, 2], [1, 2, 1, 2]], minimum=2)
    [True, False]
    """
    known: list[Sequence[Hashable]] = []
    verdicts = []
    for division in divisions:
        cells = Counter(zip(*known, division, strict=True))
        fits = bool(cells) and min(cells.values()) >= minimum
        verdicts.append(fits)
        if fits:
            known.append(division)
    return verdicts


def tells_of_few(weights: np.ndarray, sizes: np.ndarray, *, minimum: int) -> bool:
    """Whether sums by these weights (kinds, sums) tell the sum over fewer than ``minimum`` people.

    ``sizes``: people by kind. A group is told when it, each kind counted once or not at all, lies in the
    span of the weights. Groups are tried by their number of kinds, the largest while they are not too
    many: only kinds with a leverage of 1 by that number or more can be in one. It is not tried what
    follows from sums being whole numbers.

    >>> tells_of_few(np.array([[1.0, 0.5], [1.0, 0.5], [1.0, 1.0]]), np.array([9, 9, 1]), minimum=5)
    True
    """
    kinds, place = np.unique(np.round(weights, 12), axis=0, return_inverse=True)
    people = np.bincount(place.reshape(-1), weights=sizes, minlength=len(kinds))
    return _tell_of_few(kinds, people, minimum)


def _tell_of_few(kinds: np.ndarray, people: np.ndarray, minimum: int) -> bool:
    """The same of weights no two of which are alike."""
    left, strength, _ = np.linalg.svd(kinds, full_matrices=False)
    basis = left[:, strength > _NEAR * strength.max()]
    leverage = (basis**2).sum(axis=1)
    few = people < minimum
    for size in range(1, minimum):
        own = np.flatnonzero(few & (leverage >= 1 / size - _NEAR))
        if len(own) < size:
            continue
        if comb(len(own), size) > _MOST:
            break
        groups = np.array(list(combinations(own, size)))
        groups = groups[people[groups].sum(axis=1) < minimum]
        # In the span is what has no part outside it.
        inside = (basis[groups].sum(axis=1) ** 2).sum(axis=1)
        if (size - inside < _NEAR).any():
            return True
    return False


class ToldGroups:
    """The groups of the same people of which figures are shown, so that no two of them differ by a few.

    ``admits`` takes one more division of some of these people, unless a group of too few would follow
    from it and those before it. It is for groups of different outcomes, of which the sizes are shown.
    """

    def __init__(self, people: int, *, minimum: int) -> None:
        self._minimum = minimum
        # People in the same groups are one kind: the place of each person's, and what it is in.
        self._kinds = np.zeros(people, dtype=np.int64)
        self._told = np.zeros((1, 0))

    def admits(self, parts: Sequence[Hashable | None]) -> bool:
        """Whether the parts may be shown, a part a person, None of those who are in none."""
        names: dict[Hashable | None, int] = {None: 0}
        for each in parts:
            names.setdefault(each, len(names))
        own = np.array([names[each] for each in parts], dtype=np.int64)
        many = len(names)
        both, kinds, sizes = np.unique(
            self._kinds * many + own, return_inverse=True, return_counts=True
        )
        inside = np.eye(many)[both % many][:, 1:]
        told = np.column_stack([self._told[both // many], inside])
        if _tell_of_few(told, sizes, self._minimum):
            return False
        self._kinds, self._told = kinds.reshape(-1), told
        return True
