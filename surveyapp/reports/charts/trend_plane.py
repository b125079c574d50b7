"""Where the months and values of a trend lie on its drawing."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from surveyapp.results.view_models import Month

# Lengths in parts of the type's size.
_TICK_LABELS, _MONTH_LABELS = 3.6, 1.9
_PADDING = 2.1  # from the axis to the first month, room for half of its number


@dataclass(frozen=True)
class Canvas:
    """A drawing's width and height and its letters' size: points on paper, pixels on a page."""

    width: float
    height: float
    letters: float


@dataclass(frozen=True)
class Plane:
    """Where months and values lie on a canvas."""

    canvas: Canvas
    axis: tuple[float, float]
    months: Sequence[Month]
    top: float

    @property
    def left(self) -> float:
        return _TICK_LABELS * self.canvas.letters

    @property
    def bottom(self) -> float:
        return self.canvas.height - _MONTH_LABELS * self.canvas.letters

    @property
    def step(self) -> float:
        """From one month to the next."""
        inside = self.canvas.width - self.left - 2 * _PADDING * self.canvas.letters
        return inside / max(1, len(self.months) - 1)

    def x(self, at: int) -> float:
        return self.left + _PADDING * self.canvas.letters + at * self.step

    def before(self, at: int) -> float:
        """Where a month begins: between its dot and that of the month before."""
        return self.x(at) - self._half

    def day(self, day: date) -> float:
        """Where a day of one of the months lies."""
        at = next(
            at
            for at, month in enumerate(self.months)
            if (month.first.year, month.first.month) == (day.year, day.month)
        )
        length = monthrange(day.year, day.month)[1]
        return self.before(at) + 2 * self._half * (day.day - 1) / length

    @property
    def _half(self) -> float:
        return min(self.step / 2, _PADDING * self.canvas.letters)

    def y(self, value: float) -> float:
        low, high = self.axis
        share = (min(max(value, low), high) - low) / (high - low)
        return self.bottom - share * (self.bottom - self.top)
