"""How many common factors a number of items can identify."""

from __future__ import annotations

LEAST_ITEMS = 3


def identified(items: int, factors: int) -> bool:
    """Whether the factors leave at least 0 degrees of freedom, ((p - k)^2 - p - k) / 2.

    >>> identified(8, 4), identified(8, 5)
    (True, False)
    """
    spare = (items - factors) ** 2 - items - factors
    return items >= LEAST_ITEMS and 1 <= factors <= items and spare >= 0
