"""Which divisions of the same customers may be published together.

Each division gives figures of its parts. Who combines figures of several can tell the outcome of any group
whose members lie in whole parts of the divisions' common refinement: so a division is published only where
every part of that refinement, with those published before it, has enough customers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

TOO_FEW = "too few customers"
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
