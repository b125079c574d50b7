"""How much goes into one of many transactions in a row, so that nobody waits long for it to end."""

from __future__ import annotations

HOLDING_SECONDS = 0.05  # that a transaction may keep others from writing
_LEAST_SHARE = (
    0.2  # of the most: a commit alone takes longer on a slow machine, however small it is
)
_MOST_CHANGE = 2.0  # at once: one slow commit says little


class Pace:
    """So many rows at first and at most; fewer while transactions take longer than HOLDING_SECONDS."""

    def __init__(self, most: int) -> None:
        self._most, self.size = most, most

    def took(self, seconds: float) -> None:
        """A transaction of ``size`` rows kept others waiting for so long.

        >>> pace = Pace(1000)
        >>> pace.took(0.08)
        >>> pace.size
        625
        >>> pace.took(0.01)
        >>> pace.size
        1000
        """
        change = HOLDING_SECONDS / max(seconds, HOLDING_SECONDS / _MOST_CHANGE)
        wanted = self.size * max(1 / _MOST_CHANGE, min(_MOST_CHANGE, change))
        self.size = max(1, round(_LEAST_SHARE * self._most), min(self._most, round(wanted)))
