"""Minimising a discrepancy between sample and implied moments, over groups and under constraints.

Each discrepancy gives value, gradient and Hessian in closed form; the minimiser is Fisher
scoring with a Levenberg-Marquardt step, exact Newton once it is near, and the last exact Hessian again
once it is so near that gradients suffice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.linalg import lapack

from analysis.covariance.matrices import (
    Array,
    Factors,
    GroupStructure,
    Implied,
    jacobian,
    log_determinant,
    vech_index,
)
from analysis.covariance.missing_patterns import Pieces

MAX_ITERATIONS = 500
# Decrements of F by one step, below which: the exact Hessian is taken; it serves for further steps.
EXACT = 1e-2
NEAR = 1e-5
# It serves while each step's decrement is this small a part of the last one's.
SLOW = 1e-3


@dataclass(frozen=True)
class Point:
    """A place in parameter space with the discrepancy there and each group's implied moments."""

    theta: Array
    value: float  # infinite where the discrepancy does not exist
    implied: tuple[Implied, ...]
    pieces: tuple[Pieces, ...] = ()  # by group, where rows are incomplete


class Discrepancy(Protocol):
    """A function of the free parameters of all groups that estimation makes small."""

    def at(self, theta: Array) -> Point:
        """The discrepancy at ``theta``."""
        ...

    def gradient(self, point: Point) -> Array:
        """(q,)"""
        ...

    def derivatives(self, point: Point, *, exact: bool) -> tuple[Array, Array]:
        """Gradient (q,) and Hessian (q, q), the latter approximate unless ``exact``."""
        ...


@dataclass(frozen=True)
class Sample:
    """What maximum likelihood and least squares need of one group."""

    structure: GroupStructure
    cov: Array
    mean: Array
    weight: float  # the group's share of the rows
    n: int = 0


@dataclass(frozen=True)
class NormalDiscrepancy:
    """Maximum likelihood for multivariate normal data (Joreskog 1969), weighted over groups.

    F = log|Sigma| + tr(S Sigma^-1) - log|S| - p + (m - mu)' Sigma^-1 (m - mu), the mean part only
    with a mean structure.
    """

    groups: tuple[Sample, ...]
    means: bool
    constant: float  # sum of weight * (log|S| + p)

    @classmethod
    def of(cls, groups: Sequence[Sample], *, means: bool) -> NormalDiscrepancy:
        """The discrepancy of the groups' samples, whose covariances must be positive definite."""
        constant = sum(g.weight * (log_determinant(g.cov) + len(g.cov)) for g in groups)
        return cls(tuple(groups), means, constant)

    def at(self, theta: Array) -> Point:
        """F, or infinity where a Sigma is not positive definite."""
        total = -self.constant
        implied = tuple(group.structure.implied(theta) for group in self.groups)
        for group, moments in zip(self.groups, implied, strict=True):
            if moments.inverse is None:
                return Point(theta, np.inf, implied)
            inverse, log_sigma = moments.inverse
            total += group.weight * (
                log_sigma + float(np.vdot(inverse, self._about_mean(group, moments)))
            )
        return Point(theta, total, implied)

    def _about_mean(self, group: Sample, implied: Implied) -> Array:
        if not self.means:
            return group.cov
        shift = group.mean - implied.mu
        return group.cov + np.outer(shift, shift)

    def _slope(self, group: Sample, implied: Implied, f: Factors) -> tuple[Array, Array, Array]:
        """The group's gradient, with Q = P - P R P and the mean's residual d."""
        inverse = implied.precision
        q = inverse - inverse @ self._about_mean(group, implied) @ inverse
        slope = 2 * (f.u * (q @ f.w)).sum(axis=0)
        if not self.means:
            return slope, q, np.zeros(len(q))
        shift = group.mean - implied.mu
        return slope - 2 * (inverse @ shift) @ f.m, q, shift

    def gradient(self, point: Point) -> Array:
        """Of all free parameters."""
        gradient = np.zeros(len(point.theta))
        for group, implied in zip(self.groups, point.implied, strict=True):
            structure = group.structure
            slope = self._slope(group, implied, structure.factors(implied))[0]
            gradient[structure.place] += group.weight * slope
        return gradient

    def derivatives(self, point: Point, *, exact: bool) -> tuple[Array, Array]:
        """Gradient, and twice the expected information of one row (or the Hessian itself)."""
        size = len(point.theta)
        gradient, hessian = np.zeros(size), np.zeros((size, size))
        for group, implied in zip(self.groups, point.implied, strict=True):
            structure, inverse = group.structure, implied.precision
            f = structure.factors(implied)
            slope, q, shift = self._slope(group, implied, f)
            if exact:
                curve = _normal_hessian(structure, implied, f, q, shift, means=self.means)
            else:
                curve = 2 * normal_information(f, inverse, means=self.means)
            gradient[structure.place] += group.weight * slope
            hessian[structure.block] += group.weight * curve
        return gradient, hessian


def normal_information(f: Factors, inverse: Array, *, means: bool) -> Array:
    """Expected information of one normal row, 1/2 tr(P dSigma P dSigma) + dmu' P dmu."""
    uu, uw, ww = products(f, inverse)
    information = uu * ww + uw * uw.T
    if means:
        information += f.m.T @ inverse @ f.m
    return np.asarray(information)


def products(f: Factors, matrix: Array) -> tuple[Array, Array, Array]:
    """u' M u, u' M w and w' M w for a symmetric M, (k, k) each."""
    k = f.size
    products = f.both.T @ (matrix @ f.both)
    return products[:k, :k], products[:k, k:], products[k:, k:]


def _normal_hessian(
    structure: GroupStructure,
    implied: Implied,
    f: Factors,
    q: Array,
    shift: Array,
    *,
    means: bool,
) -> Array:
    """Second derivatives of F: with R = S + dd', P = Sigma^-1, K = P R P and Q = P - K,
    tr((2K - P) dSb P dSa) + 2 (dmb' P dSa P d + dma' P dSb P d) + 2 dmb' P dma
    + tr(Q ddS) - 2 d' P ddm.
    """
    inverse = implied.precision
    uu, uw, ww = products(f, inverse)
    left_uu, left_uw, left_ww = products(f, inverse - 2 * q)
    cross = uw.T * left_uw
    hessian = uu * left_ww + ww * left_uu + cross + cross.T
    score = inverse @ shift
    if means:
        pm = inverse @ f.m
        mixed = (pm.T @ f.u) * (score @ f.w) + (pm.T @ f.w) * (score @ f.u)
        hessian += 2 * (mixed + mixed.T + f.m.T @ pm)
    return np.asarray(hessian + structure.second_order(implied, q, -2 * score))


@dataclass(frozen=True)
class LeastSquares:
    """Weighted least squares between stacked sample and implied moments, weighted over groups.

    F = (s - sigma)' V (s - sigma) with s the means (with a mean structure) and vech(S); a
    one-dimensional V is diagonal (ULS: ones; DWLS), a square one full (GLS, WLS). ``keep`` selects
    moments, for correlation structures whose diagonal carries nothing.
    """

    groups: tuple[Sample, ...]
    weights: tuple[Array, ...]
    means: bool
    keep: Array | None = None

    def _residual(self, group: Sample, implied: Implied) -> Array:
        rows, columns = vech_index(len(group.cov))
        residual = (group.cov - implied.sigma)[rows, columns]
        if self.means:
            residual = np.concatenate([group.mean - implied.mu, residual])
        return np.asarray(residual if self.keep is None else residual[self.keep])

    def at(self, theta: Array) -> Point:
        """F; always finite."""
        total = 0.0
        implied = tuple(group.structure.implied(theta) for group in self.groups)
        for group, v, moments in zip(self.groups, self.weights, implied, strict=True):
            e = self._residual(group, moments)
            total += group.weight * float(e @ (v * e if v.ndim == 1 else v @ e))
        return Point(theta, total, implied)

    def gradient(self, point: Point) -> Array:
        """Of all free parameters."""
        gradient = np.zeros(len(point.theta))
        for group, v, implied in zip(self.groups, self.weights, point.implied, strict=True):
            structure = group.structure
            e = self._residual(group, implied)
            ve = v * e if v.ndim == 1 else v @ e
            slope = -2 * (ve @ self.jacobian(structure.factors(implied)))
            gradient[structure.place] += group.weight * slope
        return gradient

    def derivatives(self, point: Point, *, exact: bool) -> tuple[Array, Array]:
        """Gradient and Gauss-Newton (or exact) Hessian."""
        size = len(point.theta)
        gradient, hessian = np.zeros(size), np.zeros((size, size))
        for group, v, implied in zip(self.groups, self.weights, point.implied, strict=True):
            structure = group.structure
            delta = self.jacobian(structure.factors(implied))
            e = self._residual(group, implied)
            ve = v * e if v.ndim == 1 else v @ e
            gradient[structure.place] += group.weight * -2 * (ve @ delta)
            weighted = v[:, None] * delta if v.ndim == 1 else v @ delta
            curve = 2 * delta.T @ weighted
            if exact:
                curve = curve + self._second_order(structure, implied, ve)
            hessian[structure.block] += group.weight * curve
        return gradient, hessian

    def jacobian(self, factors: Factors) -> Array:
        """Derivatives of the fitted moments."""
        delta = jacobian(factors, means=self.means)
        return delta if self.keep is None else delta[self.keep]

    def _second_order(self, structure: GroupStructure, implied: Implied, ve: Array) -> Array:
        p = structure.p
        rows, columns = vech_index(p)
        full = np.zeros(len(rows) + (p if self.means else 0))
        full[slice(None) if self.keep is None else self.keep] = -2 * ve
        r = full[:p] if self.means else np.zeros(p)
        q = np.zeros((p, p))
        q[rows, columns] = full[-len(rows) :] / 2
        return structure.second_order(implied, q + q.T, r)


@dataclass(frozen=True)
class Optimum:
    """Where the minimiser stopped, and whether that is a minimum."""

    point: Point
    gradient: Array  # of the parameters that remain under the constraints
    iterations: int
    converged: bool


def minimise(
    discrepancy: Discrepancy,
    start: Array,
    transform: Array,
    offset: Array,
    *,
    near: bool = False,
) -> Optimum:
    """The minimum of a discrepancy over parameters ``transform @ x + offset``, from ``start``.

    ``near`` says that the start is close enough for exact Newton steps. Stops when a Newton step would
    lower F by less than about 1e-15 of itself; ``converged`` is False when that was not reached in 500
    iterations or the place is no minimum.
    """
    size, reduced = transform.shape
    free = size == reduced and np.array_equal(transform, np.eye(size))

    def place(x: Array) -> Array:
        return np.asarray(x + offset if free else transform @ x + offset)

    x = (start - offset) if free else np.linalg.lstsq(transform, start - offset, rcond=None)[0]
    point = discrepancy.at(place(x))
    if not np.isfinite(point.value):
        return Optimum(point, np.full(len(x), np.nan), 0, False)
    damping, exact, iterations, last = 0.0, near, 0, np.inf
    slope, curve = np.full(len(x), np.inf), np.eye(len(x))
    root: Array | None = None  # the exact Hessian's triangle, while it serves for further steps
    while iterations < MAX_ITERATIONS:
        iterations += 1
        if root is None:
            slope, curve = discrepancy.derivatives(point, exact=exact)
            curve = curve if free else transform.T @ curve @ transform
        else:
            slope = discrepancy.gradient(point)
        slope = slope if free else transform.T @ slope
        tolerance = max(1.0, abs(point.value))
        improved = False
        for _ in range(60):
            step, triangle = _step(curve, slope, damping) if root is None else _again(root, slope)
            if step is not None:
                decrement = -float(slope @ step)
                attempt = discrepancy.at(place(x + step))
                # What the step will leave: nothing to speak of after Newton's own, and after one by
                # an older Hessian the part that the last one left.
                left = decrement**2 / last if root is not None else 1e-4 * decrement
                if left <= 1e-19 * tolerance and damping == 0:
                    # Within rounding of the minimum: take the step without asking F.
                    final = attempt if np.isfinite(attempt.value) else point
                    return Optimum(final, slope, iterations, True)
                improved = attempt.value < point.value + 1e-14 * tolerance
            if improved or root is not None:
                break
            damping = max(damping * 5, 1e-4)
        if improved:
            x, point = x + step, attempt
        elif root is None:
            break
        # A Hessian serves again while each step is a small part of the one before.
        serves = (
            exact and damping == 0 and improved and decrement < min(NEAR * tolerance, SLOW * last)
        )
        root, last = (triangle, decrement) if serves else (None, np.inf)
        exact = decrement < EXACT * tolerance
        damping = 0.0 if damping < 1e-3 else damping / 10
    # In units of each parameter's own curvature.
    size = np.abs(slope) / np.sqrt(np.maximum(np.abs(np.diag(curve)), 1e-300))
    return Optimum(point, slope, iterations, bool(np.max(size, initial=0.0) < 1e-6))


def _step(curve: Array, slope: Array, damping: float) -> tuple[Array | None, Array]:
    """The damped Newton step, None when the damped curve is not positive definite, and the curve's
    triangle.
    """
    if damping:
        # In proportion to each parameter's own curvature: units must not matter.
        curve = curve + np.diag(damping * np.maximum(np.abs(np.diag(curve)), 1e-300))
    root, solved, failed = lapack.dposv(curve, slope)
    return (None if failed or not np.isfinite(solved).all() else -solved), root


def _again(root: Array, slope: Array) -> tuple[Array, Array]:
    """The Newton step by a curve whose triangle is known."""
    return -lapack.dpotrs(root, slope)[0], root
