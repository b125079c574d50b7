"""Minimising a discrepancy between sample and implied moments, over groups and under constraints.

Each discrepancy gives value, gradient and Hessian in closed form; the minimiser is Fisher
scoring with a Levenberg-Marquardt step, exact Newton once it is near.
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
    vech_index,
)

MAX_ITERATIONS = 500


@dataclass(frozen=True)
class Point:
    """A place in parameter space with the discrepancy there and each group's implied moments."""

    theta: Array
    value: float  # infinite where the discrepancy does not exist
    implied: tuple[Implied, ...]


class Discrepancy(Protocol):
    """A function of the free parameters of all groups that estimation makes small."""

    def at(self, theta: Array) -> Point:
        """The discrepancy at ``theta``."""
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
        constant = sum(g.weight * (np.linalg.slogdet(g.cov)[1] + len(g.cov)) for g in groups)
        return cls(tuple(groups), means, float(constant))

    def at(self, theta: Array) -> Point:
        """F, or infinity where a Sigma is not positive definite."""
        total = -self.constant
        implied = tuple(group.structure.implied(theta) for group in self.groups)
        for group, moments in zip(self.groups, implied, strict=True):
            if moments.inverse is None:
                return Point(theta, np.inf, implied)
            inverse, log_determinant = moments.inverse
            total += group.weight * (
                log_determinant + float(np.sum(inverse * self._about_mean(group, moments)))
            )
        return Point(theta, total, implied)

    def _about_mean(self, group: Sample, implied: Implied) -> Array:
        if not self.means:
            return group.cov
        shift = group.mean - implied.mu
        return group.cov + np.outer(shift, shift)

    def derivatives(self, point: Point, *, exact: bool) -> tuple[Array, Array]:
        """Gradient, and twice the expected information of one row (or the Hessian itself)."""
        size = len(point.theta)
        gradient, hessian = np.zeros(size), np.zeros((size, size))
        for group, implied in zip(self.groups, point.implied, strict=True):
            structure = group.structure
            inverse = implied.precision
            f = structure.factors(implied)
            r = self._about_mean(group, implied)
            shift = group.mean - implied.mu if self.means else np.zeros(len(r))
            k = inverse @ r @ inverse
            q = inverse - k
            at = structure.positions
            slope = 2 * np.sum(f.u * (q @ f.w), axis=0) - 2 * (inverse @ shift) @ f.m
            gradient[at] += group.weight * slope
            if exact:
                curve = _normal_hessian(structure, implied, f, inverse, k, q, shift)
            else:
                curve = 2 * normal_information(f, inverse, means=self.means)
            hessian[at[:, None], at] += group.weight * curve
        return gradient, hessian


def normal_information(f: Factors, inverse: Array, *, means: bool) -> Array:
    """Expected information of one normal row, 1/2 tr(P dSigma P dSigma) + dmu' P dmu."""
    pu, pw = inverse @ f.u, inverse @ f.w
    cross = f.u.T @ pw
    information = (f.u.T @ pu) * (f.w.T @ pw) + cross * cross.T
    if means:
        information += f.m.T @ inverse @ f.m
    return np.asarray(information)


def _traces(f: Factors, inverse: Array, left: Array) -> Array:
    """tr(L dSb P dSa) for all pairs of parameters (k, k), P the inverse and L symmetric."""
    k = f.u.shape[1]
    both = np.concatenate([f.u, f.w], axis=1)
    p, q = both.T @ inverse @ both, both.T @ left @ both
    uu, uw, ww = p[:k, :k], p[:k, k:], p[k:, k:]
    cross = uw.T * q[:k, k:]
    return np.asarray(uu * q[k:, k:] + ww * q[:k, :k] + cross + cross.T)


def _normal_hessian(
    structure: GroupStructure,
    implied: Implied,
    f: Factors,
    inverse: Array,
    k: Array,
    q: Array,
    shift: Array,
) -> Array:
    """Second derivatives of F: with R = S + dd', P = Sigma^-1, K = P R P and Q = P - K,
    tr((2K - P) dSb P dSa) + 2 (dmb' P dSa P d + dma' P dSb P d) + 2 dmb' P dma
    + tr(Q ddS) - 2 d' P ddm.
    """
    hessian = _traces(f, inverse, 2 * k - inverse)
    score = inverse @ shift
    if np.any(f.m):
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

    def derivatives(self, point: Point, *, exact: bool) -> tuple[Array, Array]:
        """Gradient and Gauss-Newton (or exact) Hessian."""
        size = len(point.theta)
        gradient, hessian = np.zeros(size), np.zeros((size, size))
        for group, v, implied in zip(self.groups, self.weights, point.implied, strict=True):
            structure = group.structure
            delta = self.jacobian(structure.factors(implied))
            e = self._residual(group, implied)
            ve = v * e if v.ndim == 1 else v @ e
            at = structure.positions
            gradient[at] += group.weight * -2 * (ve @ delta)
            weighted = v[:, None] * delta if v.ndim == 1 else v @ delta
            curve = 2 * delta.T @ weighted
            if exact:
                curve = curve + self._second_order(structure, implied, ve)
            hessian[at[:, None], at] += group.weight * curve
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


def minimise(discrepancy: Discrepancy, start: Array, transform: Array, offset: Array) -> Optimum:
    """The minimum of a discrepancy over parameters ``transform @ x + offset``, from ``start``.

    Stops when a Newton step would lower F by less than about 1e-15 of itself; ``converged`` is
    False when that was not reached in 500 iterations or the place is no minimum.
    """
    size, reduced = transform.shape
    free = size == reduced and np.array_equal(transform, np.eye(size))

    def place(x: Array) -> Array:
        return np.asarray(x + offset if free else transform @ x + offset)

    x = (start - offset) if free else np.linalg.lstsq(transform, start - offset, rcond=None)[0]
    point = discrepancy.at(place(x))
    if not np.isfinite(point.value):
        return Optimum(point, np.full(len(x), np.nan), 0, False)
    damping, exact, iterations = 0.0, False, 0
    slope, curve = np.full(len(x), np.inf), np.eye(len(x))
    while iterations < MAX_ITERATIONS:
        iterations += 1
        slope, curve = discrepancy.derivatives(point, exact=exact)
        if not free:
            slope, curve = transform.T @ slope, transform.T @ curve @ transform
        tolerance = max(1.0, abs(point.value))
        improved = False
        for _ in range(60):
            step = _step(curve, slope, damping)
            if step is not None:
                decrement = -float(slope @ step)
                attempt = discrepancy.at(place(x + step))
                if decrement <= 1e-15 * tolerance and damping == 0:
                    # The step is within rounding of the minimum: take it without asking F.
                    final = attempt if np.isfinite(attempt.value) else point
                    return Optimum(final, slope, iterations, True)
                if attempt.value < point.value + 1e-14 * tolerance:
                    improved = True
                    break
            damping = max(damping * 5, 1e-4)
        if not improved:
            break
        x, point = x + step, attempt
        exact = decrement < 1e-2 * tolerance
        damping = 0.0 if damping < 1e-3 else damping / 10
    # In units of each parameter's own curvature.
    size = np.abs(slope) / np.sqrt(np.maximum(np.abs(np.diag(curve)), 1e-300))
    return Optimum(point, slope, iterations, bool(np.max(size, initial=0.0) < 1e-6))


def _step(curve: Array, slope: Array, damping: float) -> Array | None:
    """The damped Newton step, or None when the damped curve is not positive definite."""
    if damping:
        # In proportion to each parameter's own curvature: units must not matter.
        curve = curve + np.diag(damping * np.maximum(np.abs(np.diag(curve)), 1e-300))
    solved, failed = lapack.dposv(curve, slope)[1:]
    return None if failed or not np.all(np.isfinite(solved)) else -solved
