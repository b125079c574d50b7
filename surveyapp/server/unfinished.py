"""How many bodies are under way, so that nobody keeps the server busy with half requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from surveyapp.server.limits import Limits


class Unfinished:
    """Bodies under way, by address; where ``shared`` all come through a proxy and only their sum counts."""

    def __init__(self, limits: Limits, *, shared: bool) -> None:
        self._limits, self._shared = limits, shared
        self._of: Counter[str] = Counter()
        self._all = 0

    @contextmanager
    def one_more(self, address: str) -> Iterator[Limits]:
        """Count a body while it is read, within these limits. None is refused: beside a hundred half
        forms of one address, whole ones of the office around it are taken.
        """
        limits = self._limits.hurried if self._is_full(address) else self._limits
        self._of[address] += 1
        self._all += 1
        try:
            yield limits
        finally:
            self._all -= 1
            self._of[address] -= 1
            if not self._of[address]:
                del self._of[address]

    def _is_full(self, address: str) -> bool:
        if self._all >= self._limits.most_unfinished:
            return True
        return not self._shared and self._of[address] >= self._limits.most_unfinished_of_one
