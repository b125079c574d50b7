"""What is made once and shown often."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The latest ``most`` things by their keys; the one kept longest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: dict[Hashable, T] = {}
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept under the key, or else made now, outside the lock."""
        with self._lock:
            known = self._found.get(key)
        if known is not None:
            return known
        made = make()
        with self._lock:
            while len(self._found) >= self._most:
                self._found.pop(next(iter(self._found)))
            self._found[key] = made
        return made
