"""Minimising a discrepancy under linear constraints.

Fisher scoring with a Levenberg-Marquardt step, exact Newton once it is near, and the last exact Hessian
again once it is so near that gradients suffice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from analysis.covariance.estimation import Discrepancy, Point
from analysis.covariance.matrices import Array

MAX_ITERATIONS = 500
MAX_TRIES = 60  # of one step, each more damped
# Decrements of F by one step, below which: the exact Hessian is taken; it serves for further steps.
EXACT = 1e-2
NEAR = 1e-5
# It serves while each step's decrement is this small a part of the last one's.
SLOW = 1e-3
# The decrement that a further step would bring, below which there is none; and after Newton's own step
# the share of its decrement that one would bring at most.
NOTHING = 1e-19
LEFT = 1e-4


@dataclass(frozen=True)
class Optimum:
    """Where the minimiser stopped, and whether that is a minimum."""

    point: Point
    gradient: Array  # of the parameters that remain under the constraints
    iterations: int
    converged: bool


@dataclass(frozen=True)
class DescentStep:
    """A step with the decrement of F that it promises, where it leads, and the triangle of the Hessian
    it was found with.
    """

    decrement: float
    x: Array
    point: Point
    triangle: Array

    def improves(self, point: Point) -> bool:
        """Whether F is lower than at another place, but for rounding."""
        return self.point.value < point.value + point.rounding


@dataclass(frozen=True)
class Problem:
    """A discrepancy over parameters ``transform @ x + offset``."""

    discrepancy: Discrepancy
    transform: Array
    offset: Array
    free: bool  # without constraints, ``transform`` being the identity

    def at(self, x: Array) -> Point:
        """The discrepancy at reduced parameters."""
        return self.discrepancy.at((x if self.free else self.transform @ x) + self.offset)

    def nearest(self, theta: Array) -> Array:
        """The reduced parameters nearest to full ones."""
        if self.free:
            return np.asarray(theta - self.offset)
        return np.asarray(np.linalg.lstsq(self.transform, theta - self.offset, rcond=None)[0])

    def gradient(self, point: Point) -> Array:
        """Of the reduced parameters."""
        slope = self.discrepancy.gradient(point)
        return slope if self.free else self.transform.T @ slope

    def derivatives(self, point: Point, *, exact: bool) -> tuple[Array, Array]:
        """Gradient and Hessian of the reduced parameters."""
        slope, curve = self.discrepancy.derivatives(point, exact=exact)
        if self.free:
            return slope, curve
        return self.transform.T @ slope, self.transform.T @ curve @ self.transform

    def step(self, x: Array, slope: Array, curve: Array, damping: float) -> DescentStep | None:
        """The damped Newton step from ``x``, None when the damped curve is not positive definite."""
        if damping:
            # In proportion to each parameter's own curvature: units must not matter.
            curve = curve + np.diag(damping * np.maximum(np.abs(np.diag(curve)), 1e-300))
        triangle, move, failed = lapack.dposv(curve, slope)
        if failed or not np.isfinite(move).all():
            return None
        return DescentStep(float(slope @ move), x - move, self.at(x - move), triangle)

    def again(self, x: Array, slope: Array, triangle: Array) -> DescentStep:
        """The Newton step by a Hessian whose triangle is known."""
        move = lapack.dpotrs(triangle, slope)[0]
        return DescentStep(float(slope @ move), x - move, self.at(x - move), triangle)


def minimise(
    discrepancy: Discrepancy,
    start: Array,
    transform: Array,
    offset: Array,
    *,
    near: bool = False,
    most: int = MAX_ITERATIONS,
) -> Optimum:
    """The minimum of a discrepancy over parameters ``transform @ x + offset``, from ``start``.

    ``near`` says that the start is close enough for exact Newton steps. Stops when a Newton step would
    lower F by less than about 1e-15 of itself; ``converged`` is False when that was not reached in
    ``most`` iterations or the place is no minimum.
    """
    size, reduced = transform.shape
    free = size == reduced and np.array_equal(transform, np.eye(size))
    problem = Problem(discrepancy, transform, offset, free)
    x = problem.nearest(start)
    point = problem.at(x)
    if not math.isfinite(point.value):
        return Optimum(point, np.full(len(x), np.nan), 0, False)
    damping, exact, iterations = 0.0, near, 0
    slope, curve = np.full(len(x), np.inf), np.eye(len(x))
    last: DescentStep | None = None  # by an exact Hessian, while that serves for further steps
    while iterations < most:
        iterations += 1
        tolerance = max(1.0, abs(point.value))
        if last is None:
            slope, curve = problem.derivatives(point, exact=exact)
            found, damping = _improving(problem, x, point, slope, curve, damping)
            if found is None:
                break
            step, improved = found, True
            left = LEFT * step.decrement if damping == 0 else math.inf
        else:
            slope = problem.gradient(point)
            step = problem.again(x, slope, last.triangle)
            # As much of its decrement as the last step left of its own.
            left = step.decrement**2 / last.decrement
            improved = step.improves(point)
        if left <= NOTHING * tolerance:
            # Within rounding of the minimum: the step is taken, unless it leads along a valley that has no
            # lowest place and up its side, where an unidentified model would look like an identified one.
            return Optimum(step.point if step.improves(point) else point, slope, iterations, True)
        if improved:
            x, point = step.x, step.point
        bound = NEAR * tolerance if last is None else SLOW * last.decrement
        serves = exact and damping == 0 and improved and step.decrement < bound
        last = step if serves else None
        exact = step.decrement < EXACT * tolerance
        damping = 0.0 if damping < 1e-3 else damping / 10
    # In units of each parameter's own curvature.
    steepness = np.abs(slope) / np.sqrt(np.maximum(np.abs(np.diag(curve)), 1e-300))
    return Optimum(point, slope, iterations, bool(np.max(steepness, initial=0.0) < 1e-6))


def _improving(
    problem: Problem, x: Array, point: Point, slope: Array, curve: Array, damping: float
) -> tuple[DescentStep | None, float]:
    """A step that lowers F or is within rounding of the minimum, damped as much as it takes; None when
    there is none.
    """
    nothing = NOTHING / LEFT * max(1.0, abs(point.value))
    for _ in range(MAX_TRIES):
        step = problem.step(x, slope, curve, damping)
        settled = step is not None and damping == 0 and step.decrement <= nothing
        if step is not None and (settled or step.improves(point)):
            return step, damping
        damping = max(damping * 5, 1e-4)
    return None, damping
