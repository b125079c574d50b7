"""A table over pages that takes rows overleaf with it, so that no note stands there alone."""

from __future__ import annotations

from typing import Any

from reportlab.platypus import Table


class LongTable(Table):  # type: ignore[misc]
    """``below``: the height of what follows the table and should end on a page with its rows."""

    below = 0.0

    def wrap(self, availWidth: float, availHeight: float) -> tuple[float, float]:
        width, height = super().wrap(availWidth, availHeight)
        # A height beyond the page asks for a split.
        return width, availHeight + 1 if self._tight(availHeight) else height

    def split(self, availWidth: float, availHeight: float) -> list[Any]:
        room = availHeight - self.below if self._tight(availHeight) else availHeight
        parts: list[Any] = super().split(availWidth, room)
        for part in parts[-1:]:
            part.below = self.below
        return parts

    def _tight(self, room: float) -> bool:
        """Whether the table has room, but not together with what follows it."""
        return bool(self._height <= room < self._height + self.below)
