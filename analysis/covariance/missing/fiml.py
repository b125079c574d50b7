"""Full-information maximum likelihood for incomplete normal rows (Arbuckle 1996), by pattern."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from analysis.covariance.design import Design
from analysis.covariance.estimation import Point, products
from analysis.covariance.matrices import (
    Array,
    Factors,
    GroupStructure,
    jacobian,
    vech_index,
)
from analysis.covariance.missing.missing_patterns import Patterns, Pieces, pieces

# Up to this many items all patterns' curvature is one product of (k, p (p + 1) / 2) matrices.
MAX_TENSOR_ITEMS = 48


@dataclass(frozen=True)
class IncompleteSample:
    """One group's structure, patterns and weight among the groups."""

    structure: GroupStructure
    patterns: Patterns
    weight: float


@dataclass(frozen=True)
class FimlDiscrepancy:
    """-2/N times the log-likelihood of the observed cells, without its constant."""

    groups: tuple[IncompleteSample, ...]

    def at(self, theta: Array) -> Point:
        """The discrepancy; infinite where a pattern's Sigma is not positive definite."""
        implied = tuple(group.structure.implied(theta) for group in self.groups)
        found = []
        for group, moments in zip(self.groups, implied, strict=True):
            own = pieces(group.patterns, moments.mu, moments.sigma)
            if own is None:
                return Point(theta, np.inf, implied)
            found.append(own)
        total = sum(group.weight * own.value for group, own in zip(self.groups, found, strict=True))
        # A log-determinant and a trace, which is about the number of items.
        terms = abs(total) + 2 * max(group.structure.p for group in self.groups)
        return Point(theta, total, implied, tuple(found), terms)

    def _slope(self, found: Pieces, f: Factors) -> Array:
        slope = 2 * (f.u * (found.sigma_gradient @ f.w)).sum(axis=0)
        return np.asarray(slope + found.mu_gradient @ f.m)

    def gradient(self, point: Point) -> Array:
        """Of all free parameters."""
        gradient = np.zeros(len(point.theta))
        for group, implied, found in zip(self.groups, point.implied, point.pieces, strict=True):
            structure = group.structure
            slope = self._slope(found, structure.factors(implied))
            gradient[structure.place] += group.weight * slope
        return gradient

    def derivatives(self, point: Point, *, exact: bool) -> tuple[Array, Array]:
        """Gradient and Hessian; without ``exact`` twice the expected information of the patterns."""
        size = len(point.theta)
        gradient, hessian = np.zeros(size), np.zeros((size, size))
        for group, implied, found in zip(self.groups, point.implied, point.pieces, strict=True):
            structure = group.structure
            f = structure.factors(implied)
            curve = curvature(found, f, exact=exact)
            if exact:
                q, r = found.sigma_gradient, found.mu_gradient
                curve = curve + structure.second_order(implied, q, r)
            gradient[structure.place] += group.weight * self._slope(found, f)
            hessian[structure.block] += group.weight * curve
        return gradient, hessian


def curvature(found: Pieces, f: Factors, *, exact: bool) -> Array:
    """The part of the Hessian that products of first derivatives make, over all patterns.

    Exact: sum over patterns of tr((2K - P) dSb P dSa) + 2 dmb' P dSa s + 2 dma' P dSb s
    + 2 dmb' P dma; expected: tr(P dSb P dSa) + 2 dmb' P dma.
    """
    if len(f.both) > MAX_TENSOR_ITEMS:
        return _curvature_one_by_one(found, f, exact=exact)
    delta = jacobian(f, means=True)
    return np.asarray(delta.T @ moment_curvature(found, exact=exact) @ delta)


def moment_curvature(found: Pieces, *, exact: bool) -> Array:
    """The same for the unrestricted model, whose parameters are the means and then vech(Sigma)."""
    k, p = found.shift.shape
    rows, columns = vech_index(p)
    direct, crossed = _pair_cells(p)
    once = np.where(rows == columns, 0.5, 1.0)
    cells = rows * p + columns
    left = (2 * found.kernel - found.inverse) if exact else found.inverse
    half = found.inverse.reshape(k, -1).take(cells, axis=1)
    # sum over patterns of L[i, j] P[m, l], each pair of cells once.
    joined = (left.reshape(k, -1).take(cells, axis=1) * found.share[:, None]).T @ half
    joined += joined.T
    result = np.zeros((p + len(rows),) * 2)
    both = joined.take(direct) + joined.take(crossed)
    result[p:, p:] = both * once * once[:, None]
    result[:p, :p] = 2 * found.mean_inverse
    if exact:
        # sum over patterns of P[m, i] s[l] + P[m, l] s[i].
        mixed = (found.inverse.reshape(k, -1) * found.share[:, None]).T @ found.score
        mixed = mixed.reshape(p, p, p)
        result[:p, p:] = 2 * once * (mixed[:, rows, columns] + mixed[:, columns, rows])
        result[p:, :p] = result[:p, p:].T
    return result


@lru_cache(maxsize=1)
def _pair_cells(p: int) -> tuple[Array, Array]:
    """For cells a = (i, l) and b = (j, m) of a symmetric matrix, where the pairs (i, j) with (l, m), and
    (l, j) with (i, m), stand in a matrix over pairs of cells.
    """
    rows, columns = vech_index(p)
    cell = np.empty((p, p), dtype=int)
    cell[rows, columns] = cell[columns, rows] = np.arange(len(rows))
    upper, left = cell[rows[:, None], rows], cell[columns[:, None], columns]
    across = cell[columns[:, None], rows]
    return upper * len(rows) + left, across * len(rows) + across.T


def _curvature_one_by_one(found: Pieces, f: Factors, *, exact: bool) -> Array:
    """The same, pattern after pattern, where the pairs of cells would not fit in memory."""
    result = np.zeros((f.size,) * 2)
    for share, inverse, kernel, score in zip(
        found.share, found.inverse, found.kernel, found.score, strict=True
    ):
        left = 2 * kernel - inverse if exact else inverse
        uu, uw, ww = products(f, inverse)
        luu, luw, lww = products(f, left)
        result += share * (uw.T * luw + uw * luw.T + lww * uu + luu * ww)
        pm = inverse @ f.m
        result += 2 * share * (f.m.T @ pm)
        if exact:
            cross = (pm.T @ f.u) * (score @ f.w) + (pm.T @ f.w) * (score @ f.u)
            result += 2 * share * (cross + cross.T)
    return result


def expected_distance(found: Pieces, mean: Array, cov: Array) -> float:
    """e' V e of differences e in (means, vech), V half the expected ``moment_curvature``."""
    k, p = found.shift.shape
    product = (found.inverse.reshape(k * p, p) @ cov).reshape(k, p, p)
    traces = (product * product.transpose(0, 2, 1)).sum(axis=(1, 2))
    return float(found.share @ traces / 2 + mean @ found.mean_inverse @ mean)


def casewise_scores(rows: Array, found: Pieces, mu: Array, f: Factors) -> Array:
    """Gradient of each row's log-likelihood for the group's parameters (n, k)."""
    s = standardised_rows(rows, found, mu)
    expected = np.einsum("ak,nab,bk->nk", f.u, found.inverse, f.w, optimize=True)
    return np.asarray((s @ f.u) * (s @ f.w) - expected[found.patterns.of_row] + s @ f.m)


def standardised_rows(rows: Array, found: Pieces, mu: Array) -> Array:
    """Each row's Sigma_k^-1 (y - mu) on what is seen, zero elsewhere (n, p)."""
    patterns = found.patterns
    shift = np.where(np.isnan(rows), 0.0, rows - mu)
    out = np.empty_like(shift)
    order = np.argsort(patterns.of_row, kind="stable")
    ends = np.cumsum(patterns.count).astype(int)
    for k, (start, end) in enumerate(zip(ends - patterns.count.astype(int), ends, strict=True)):
        at = order[start:end]
        out[at] = shift[at] @ found.inverse[k]
    return out


def saturated_factors(p: int) -> Factors:
    """Factors of the unrestricted model: p means, then vech(Sigma), each its own parameter."""
    rows, columns = vech_index(p)
    k, own = len(rows), np.arange(len(rows))
    u, w = np.zeros((p, p + k)), np.zeros((p, p + k))
    u[:, :p] = np.eye(p)
    u[rows, p + own] = 1.0
    w[columns, p + own] = np.where(rows == columns, 0.5, 1.0)
    return Factors(np.hstack([u, w]), np.repeat([1.0, 0.0], [p, k]))


def saturated_trace(rows: Array, found: Pieces, mean: Array, design: Design) -> float:
    """tr(B A^-1) of the unrestricted model: its scores' products over its observed information."""
    f = saturated_factors(len(mean))
    information = curvature(found, f, exact=True) / 2
    scores = casewise_scores(rows, found, mean, f)
    return float(
        np.trace(np.linalg.solve(information, design.products(scores) / design.size_of(len(rows))))
    )
