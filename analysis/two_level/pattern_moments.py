"""What the likelihood over patterns of answers keeps of a place in parameter space."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from analysis.covariance.estimation import Point
from analysis.covariance.matrices import Array


@dataclass(frozen=True)
class PatternMoments:
    """At one place in parameter space, by pattern the inverses within (R, p, p) and by cluster what the
    derivatives need.
    """

    inverse: Array  # (R, p, p)
    spread: Array  # (J, v, v) M, of the random part given the rows
    middle: Array  # (J, v) u = M c, its expected value
    left: Array  # (J, p) of the rows' residuals e: their sum, weighted
    residuals: Array  # (N, p) e = S_i^-1 (r - u)
    precision: Array  # (J, b, b) P = H'V^-1 H
    score: Array  # (J, b) g = H'V^-1 r
    carried: Array  # (J, b, v) F, from sums over rows to the level between


@dataclass(frozen=True)
class PatternPoint(Point):
    """A place with both levels' implied moments (within first) and what the clusters' rows make of them."""

    moments: PatternMoments | None = field(default=None)

    @property
    def known(self) -> PatternMoments:
        """The moments; FloatingPointError where the likelihood does not exist."""
        if self.moments is None:
            raise FloatingPointError("implied covariance is not positive definite")
        return self.moments


def pattern_point(point: Point) -> PatternPoint:
    """A point of a pattern discrepancy, which makes no other."""
    if not isinstance(point, PatternPoint):
        raise TypeError("the point belongs to another discrepancy")
    return point


def random_part(a: Array, given: Array) -> tuple[Array, Array] | None:
    """M = S (I + A S)^-1 and log|I + A S| of each cluster; None where the rows' covariance is not positive
    definite.

    A is positive definite but for variables that nobody in a cluster answered.
    """
    count, v = a.shape[:2]
    if v == 0:
        return np.zeros((count, 0, 0)), np.zeros(count)
    diagonal = np.arange(v)
    unseen = a[:, diagonal, diagonal] <= 0
    filled = a.copy()
    filled[:, diagonal, diagonal] += unseen
    try:
        root = np.linalg.cholesky(filled) * ~unseen[:, :, None]
        inside = root.swapaxes(1, 2) @ given @ root
        inside[:, diagonal, diagonal] += 1.0
        triangle = np.linalg.cholesky(inside)
    except np.linalg.LinAlgError:
        return None
    logs = 2 * np.log(np.diagonal(triangle, axis1=1, axis2=2)).sum(axis=1)
    half = np.linalg.solve(triangle, root.swapaxes(1, 2) @ given)
    spread = given - half.swapaxes(1, 2) @ half
    return (spread + spread.swapaxes(1, 2)) / 2, logs
