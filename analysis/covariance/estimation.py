"""Discrepancies between sample and implied moments, over groups: value, gradient and Hessian in
closed form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from analysis.covariance.matrices import (
    Array,
    Factors,
    GroupStructure,
    Implied,
    jacobian,
    log_determinant,
    vech_index,
)
from analysis.covariance.missing.missing_patterns import Pieces


@dataclass(frozen=True)
class Point:
    """A place in parameter space with the discrepancy there and each group's implied moments."""

    theta: Array
    value: float  # infinite where the discrepancy does not exist
    implied: tuple[Implied, ...]
    pieces: tuple[Pieces, ...] = ()  # by group, where rows are incomplete
    # The size of the terms that the value is the difference of: at a perfect fit nothing is left of
    # them but their rounding.
    terms: float = 0.0

    @property
    def rounding(self) -> float:
        """How far the value may be off: 1e-14 of itself or 1, or a few units in its terms' last place."""
        return max(1e-14 * max(1.0, abs(self.value)), 2.0**-49 * self.terms)


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
    """Maximum likelihood for multivariate normal data (Jöreskog 1969), weighted over groups.

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
        total, terms = -self.constant, abs(self.constant)
        implied = tuple(group.structure.implied(theta) for group in self.groups)
        for group, moments in zip(self.groups, implied, strict=True):
            if moments.inverse is None:
                return Point(theta, np.inf, implied)
            inverse, log_sigma = moments.inverse
            trace = float(np.vdot(inverse, self._about_mean(group, moments)))
            total += group.weight * (log_sigma + trace)
            terms += group.weight * (abs(log_sigma) + abs(trace))
        return Point(theta, total, implied, terms=terms)

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
                curve = normal_curvature(f, inverse, q, shift, means=self.means)
                curve += structure.second_order(implied, q, -2 * (inverse @ shift))
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


def normal_curvature(f: Factors, inverse: Array, q: Array, shift: Array, *, means: bool) -> Array:
    """Second derivatives of F but for those of the moments: with R = S + dd', P = Sigma^-1, K = P R P
    and Q = P - K, tr((2K - P) dSb P dSa) + 2 (dmb' P dSa P d + dma' P dSb P d) + 2 dmb' P dma.

    The moments' own second derivatives count with weights Q and -2 P d (``GroupStructure.second_order``).
    """
    uu, uw, ww = products(f, inverse)
    left_uu, left_uw, left_ww = products(f, inverse - 2 * q)
    cross = uw.T * left_uw
    hessian = uu * left_ww + ww * left_uu + cross + cross.T
    if means:
        score = inverse @ shift
        pm = inverse @ f.m
        mixed = (pm.T @ f.u) * (score @ f.w) + (pm.T @ f.w) * (score @ f.u)
        hessian += 2 * (mixed + mixed.T + f.m.T @ pm)
    return np.asarray(hessian)


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
