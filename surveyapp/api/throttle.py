"""How often somebody may come within a time. In this process: it holds a guesser back, no more."""

from __future__ import annotations

from collections import OrderedDict, deque
from threading import Lock
from time import monotonic


class Throttle:
    """At most ``most`` times in ``seconds`` for each name; the longest silent names are forgotten."""

    def __init__(self, most: int, seconds: float, *, names: int = 10_000) -> None:
        self.most, self.seconds, self._names = most, seconds, names
        self._came: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, name: str) -> float:
        """Count that ``name`` came: 0 when it may, else the seconds after which it may again."""
        now = monotonic()
        with self._lock:
            came = self._came.setdefault(name, deque())
            self._came.move_to_end(name)
            while len(self._came) > self._names:
                self._came.popitem(last=False)
            while came and came[0] <= now - self.seconds:
                came.popleft()
            if len(came) >= self.most:
                return came[0] + self.seconds - now
            came.append(now)
            return 0.0
