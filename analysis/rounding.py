"""Shares in whole percent that add up to 100."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.errors import DataError


def whole_percents(counts: Sequence[int]) -> tuple[int, ...]:
    """Each count's share of their sum in whole percent, by largest remainder; zeros where there is none.

    Every share is rounded down; the percents that are then missing to 100 go one each to the largest
    remainders, of equal ones to the first. No share is off by a whole percent (Hamilton's method;
    Balinski and Young 2001, Fair Representation, chapter 3).

    >>> whole_percents([1, 1, 1])
    (34, 33, 33)
    >>> whole_percents([0, 0])
    (0, 0)
    """
    if any(count < 0 for count in counts):
        raise DataError(f"counts are numbers of answers, from 0: {min(counts)} is none")
    total = sum(counts)
    if not total:
        return tuple(0 for _ in counts)
    down = [100 * count // total for count in counts]
    missing = 100 - sum(down)
    order = sorted(range(len(counts)), key=lambda at: -(100 * counts[at] % total))
    more = set(order[:missing])
    return tuple(percent + (at in more) for at, percent in enumerate(down))
