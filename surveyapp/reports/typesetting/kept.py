"""Flowables that share a page, as long as that leaves none of it blank for the most part."""

from __future__ import annotations

from typing import Any

from reportlab.platypus import CondPageBreak, KeepTogether, Spacer

from surveyapp.reports.typesetting.long_table import LongTable
from surveyapp.reports.typesetting.tagged import Figure

_MOST_BLANK = 0.42  # of a page
_SMALLEST, _SMALLER = 0.72, 0.8  # of a drawing's size: to save a blank page, and for looks
_ROWS = 5  # a shorter table is not split


class Kept(KeepTogether):  # type: ignore[misc]  # reportlab ships no types
    """What does not fit under the text of a page goes to the next one as a whole. A drawing is set
    somewhat smaller where it then fits; a table is split where most of the page would be blank.
    """

    def wrap(self, availWidth: float, availHeight: float) -> tuple[float, float]:
        for figure in self._figures():
            figure.shrink(1.0)  # each pass over the document begins anew
        size: tuple[float, float] = super().wrap(availWidth, availHeight)
        return size

    def split(self, availWidth: float, availHeight: float) -> list[Any]:
        self.wrap(availWidth, availHeight)
        frame = getattr(self, "_frame", None)
        if availHeight < self._H and frame is not None and not frame._atTop:
            is_blank = availHeight > _MOST_BLANK * frame._height
            if self._shrunk(availHeight, _SMALLEST if is_blank else _SMALLER):
                return list(self._content)
            if is_blank and any(
                isinstance(part, LongTable) and part._nrows > _ROWS for part in self._content
            ):
                return list(self._content)
        parts: list[Any] = super().split(availWidth, availHeight)
        return parts

    def _figures(self) -> list[Figure]:
        return [part for part in self._content if isinstance(part, Figure) and not part.fixed]

    def _shrunk(self, room: float, least: float) -> bool:
        """Whether the drawings fit into the room, made smaller down to ``least``."""
        figures = self._figures()
        height = sum(figure.height for figure in figures)
        if not height:
            return False
        share = (room - (self._H - height) - 1) / height
        if share < least:
            return False
        for figure in figures:
            figure.shrink(share)
        return True


class FreshPage(CondPageBreak):  # type: ignore[misc]
    """A new page, where that leaves the one before at least half full."""

    def __init__(self, height: float) -> None:
        super().__init__(height / 2)


class Gap(Spacer):  # type: ignore[misc]
    """Room below something; none where a page ends or begins."""

    def __init__(self, height: float) -> None:
        super().__init__(0, height)

    def wrap(self, availWidth: float, availHeight: float) -> tuple[float, float]:
        frame = getattr(self, "_frame", None)
        is_top = frame is not None and frame._atTop
        return 0.0, 0.0 if is_top else max(0.0, min(self.height, availHeight - 0.01))
