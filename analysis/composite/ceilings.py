"""Ceilings over a scatter in the unit square: the step function CE-FDH and the line CR-FDH."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

# Scores that differ by less than this share of their range are one level.
_DIGITS = 10
_NEAR = 1e-9


@dataclass(frozen=True, eq=False)
class Points:
    """Rows in shares of the scope, sorted by the condition: x, y (n,), and where in them each
    level of x starts (k,).
    """

    x: np.ndarray
    y: np.ndarray
    starts: np.ndarray

    @staticmethod
    def within(
        x: np.ndarray, y: np.ndarray, x_scope: tuple[float, float], y_scope: tuple[float, float]
    ) -> Points:
        """Values as shares of their scopes."""
        unit = [
            np.round((values - low) / (high - low), _DIGITS)
            for values, (low, high) in ((x, x_scope), (y, y_scope))
        ]
        order = np.argsort(unit[0], kind="stable")
        sorted_x = unit[0][order]
        starts = np.flatnonzero(np.diff(sorted_x, prepend=-1.0) > 0)
        return Points(sorted_x, unit[1][order], starts)

    @property
    def levels(self) -> np.ndarray:
        """The distinct values of x (k,), rising."""
        return np.asarray(self.x[self.starts])

    @property
    def sizes(self) -> np.ndarray:
        """How many rows have each level (k,)."""
        return np.asarray(np.diff(np.append(self.starts, len(self.x))))


@dataclass(frozen=True)
class Ceilings:
    """Both ceilings of one scatter.

    ``peers`` (m, 2): the corners of the step function, each once; ``slope`` and ``intercept`` of
    the line through them, None where there is only one; ``above``: rows above the line. The
    inefficiencies are (condition, outcome), None for a single corner.
    """

    peers: np.ndarray
    slope: float | None
    intercept: float | None
    above: int
    step_inefficiency: tuple[float | None, float | None]
    line_inefficiency: tuple[float | None, float | None]


def effects(points: Points, y: np.ndarray) -> np.ndarray:
    """Effect sizes (2, B) by CE-FDH and CR-FDH of B pairings of the rows' x with outcomes y (B, n)."""
    top, ceiling, rises, count = _corners(points, y)
    x = points.levels
    width = np.diff(np.append(x, 1.0))
    step = x[0] + (1 - ceiling) @ width
    intercept, slope, single = _lines(x, top, rises * count)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.clip(-intercept / slope, 0, 1)
        high = np.clip((1 - intercept) / slope, 0, 1)
        line = low + (1 - intercept) * (high - low) - slope * (high**2 - low**2) / 2
    return np.stack([step, np.where(single, 0.0, line)])


def _corners(
    points: Points, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Highest outcome at each level (B, k), the ceiling up to it, whether it rises there, and how
    many rows stand on the corner (they count each in the line, as in R NCA).
    """
    top = np.maximum.reduceat(y, points.starts, axis=1)
    ceiling = np.maximum.accumulate(top, axis=1)
    rises = np.ones(top.shape, dtype=bool)
    rises[:, 1:] = top[:, 1:] > ceiling[:, :-1]
    if len(points.starts) == len(points.x):
        return top, ceiling, rises, np.ones_like(top)
    equal = y == np.repeat(top, points.sizes, axis=1)
    return top, ceiling, rises, np.add.reduceat(equal, points.starts, axis=1, dtype=float)


def _lines(
    x: np.ndarray, top: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Intercepts and slopes (B,) of the least-squares lines through corners, and which have one."""
    total = weight.sum(axis=1)
    mean_x = weight @ x / total
    mean_y = (weight * top).sum(axis=1) / total
    away = x - mean_x[:, None]
    spread = (weight * away**2).sum(axis=1)
    single = (weight > 0).sum(axis=1) < 2
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (weight * away * (top - mean_y[:, None])).sum(axis=1) / spread
    slope = np.where(single, np.nan, slope)
    return mean_y - slope * mean_x, slope, single


@lru_cache(maxsize=8)
def ceilings_of(points: Points) -> Ceilings:
    """Corners, line and inefficiencies of the rows as they are."""
    top, _, rises, count = _corners(points, points.y[None, :])
    x = points.levels
    intercept, slope, single = _lines(x, top, rises * count)
    peers = np.column_stack([x, top[0]])[rises[0]]
    if single[0]:
        return Ceilings(peers, None, None, 0, (None, None), (None, None))
    a, b = float(intercept[0]), float(slope[0])
    return Ceilings(
        peers,
        b,
        a,
        int((points.y > a + b * points.x + 1e-7).sum()),
        (float(1 - peers[-1, 0]), float(peers[0, 1])),
        (float(1 - min(1.0, (1 - a) / b)), float(max(0.0, a))),
    )


def required(ceilings: Ceilings, level: float, *, line: bool) -> float | None:
    """The share of the condition's scope that a share of the outcome's needs.

    0 where none is needed, None where no value of the condition within the scope allows it.
    """
    if not line:
        reached = ceilings.peers[ceilings.peers[:, 1] > level - _NEAR]
        need = float(reached[0, 0]) if len(reached) else np.inf
    elif ceilings.slope is None or ceilings.intercept is None:
        need = 0.0
    else:
        need = (level - ceilings.intercept) / ceilings.slope
    if need < _NEAR:
        return 0.0
    return None if need > 1 + _NEAR else need
