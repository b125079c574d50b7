"""What a fair coin would make of so many judges: the exact binomial test against one half.

Whole numbers, as ``scipy.stats`` takes a third of a second and 60 MB to import, also where only a page shows a
count.
"""

from __future__ import annotations

from math import comb


def at_least(count: int, judges: int) -> float:
    """The probability of at least so many heads.

    Validated against ``scipy.stats.binom.sf(count - 1, judges, 0.5)``.

    >>> at_least(7, 8)
    0.03515625
    """
    sequences: int = 2**judges
    return sum(comb(judges, each) for each in range(max(0, count), judges + 1)) / sequences


def critical_count(judges: int, level: float) -> int:
    """The smallest count that a coin reaches with no more than this probability; judges + 1 where none is.

    Validated against ``scipy.stats.binom.isf(level, judges, 0.5) + 1``.

    >>> critical_count(8, 0.05)
    7
    """
    # From all heads down, each count's sequences from those of the count above: planning asks this of
    # hundreds of numbers of judges.
    sequences: int = 2**judges
    count, tail, ways = judges + 1, 0, 1
    while count > 0 and (tail + ways) / sequences <= level:
        tail += ways
        count -= 1
        ways = ways * count // (judges - count + 1)
    return count
