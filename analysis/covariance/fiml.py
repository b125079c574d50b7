"""Full-information maximum likelihood for incomplete normal rows (Arbuckle 1996), by pattern."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.covariance.estimation import Point
from analysis.covariance.matrices import Array, Factors, GroupStructure, Implied, vech_index
from analysis.covariance.missing_patterns import Patterns, observed_inverses

# Up to this many items all patterns' curvature is one product of (k, p*p) matrices.
MAX_TENSOR_ITEMS = 48


@dataclass(frozen=True)
class IncompleteSample:
    """One group's structure, patterns and weight among the groups."""

    structure: GroupStructure
    patterns: Patterns
    weight: float


@dataclass(frozen=True)
class Pieces:
    """What derivatives of one group's likelihood need, at one place (k patterns).

    P = Sigma_k^-1, d = mean residual, K = P (S_k + d d') P, s = P d; zeros where nothing is seen.
    """

    share: Array  # (k,) of the group's rows
    inverse: Array  # P (k, p, p)
    kernel: Array  # K (k, p, p)
    score: Array  # s (k, p)

    @property
    def sigma_gradient(self) -> Array:
        """dF/dSigma as a symmetric matrix."""
        return np.tensordot(self.share, self.inverse - self.kernel, axes=1)

    @property
    def mu_gradient(self) -> Array:
        """dF/dmu."""
        return np.asarray(-2 * self.share @ self.score)


@dataclass(frozen=True)
class FimlDiscrepancy:
    """-2/N times the log-likelihood of the observed cells, without its constant."""

    groups: tuple[IncompleteSample, ...]

    def at(self, theta: Array) -> Point:
        """The discrepancy; infinite where a pattern's Sigma is not positive definite."""
        implied = tuple(group.structure.implied(theta) for group in self.groups)
        total = 0.0
        for group, moments in zip(self.groups, implied, strict=True):
            found = pattern_value(group.patterns, moments)
            if found is None:
                return Point(theta, np.inf, implied)
            total += group.weight * found
        return Point(theta, total, implied)

    def derivatives(self, point: Point, *, exact: bool) -> tuple[Array, Array]:
        """Gradient and Hessian; without ``exact`` twice the expected information of the patterns."""
        size = len(point.theta)
        gradient, hessian = np.zeros(size), np.zeros((size, size))
        for group, implied in zip(self.groups, point.implied, strict=True):
            structure = group.structure
            found = pieces(group.patterns, implied.mu, implied.sigma)
            f = structure.factors(implied)
            q, r = found.sigma_gradient, found.mu_gradient
            at = structure.positions
            gradient[at] += group.weight * (2 * np.sum(f.u * (q @ f.w), axis=0) + r @ f.m)
            curve = curvature(found, f, exact=exact)
            if exact:
                curve = curve + structure.second_order(implied, q, r)
            hessian[np.ix_(at, at)] += group.weight * curve
        return gradient, hessian


def pattern_value(patterns: Patterns, implied: Implied) -> float | None:
    """Mean over rows of log|Sigma_k| + tr(Sigma_k^-1 (S_k + d d')), None when undefined."""
    found = observed_inverses(implied.sigma, patterns.seen)
    if found is None:
        return None
    inverse, log_determinant = found
    shift = np.where(patterns.seen, patterns.mean - implied.mu, 0.0)
    quadratic = np.sum(inverse * patterns.cov, axis=(1, 2))
    quadratic += np.sum((inverse @ shift[:, :, None])[:, :, 0] * shift, axis=1)
    return float(patterns.n @ (log_determinant + quadratic) / patterns.rows)


def pieces(patterns: Patterns, mu: Array, sigma: Array) -> Pieces:
    """The parts of the derivatives at given moments. Raises FloatingPointError when undefined."""
    found = observed_inverses(sigma, patterns.seen)
    if found is None:
        raise FloatingPointError("implied covariance is not positive definite")
    inverse, _ = found
    shift = np.where(patterns.seen, patterns.mean - mu, 0.0)
    about = patterns.cov + shift[:, :, None] * shift[:, None, :]
    kernel = inverse @ about @ inverse
    score = (inverse @ shift[:, :, None])[:, :, 0]
    return Pieces(patterns.n / patterns.rows, inverse, kernel, score)


def curvature(found: Pieces, f: Factors, *, exact: bool) -> Array:
    """The part of the Hessian that products of first derivatives make, over all patterns.

    Exact: sum over patterns of tr((2K - P) dSb P dSa) + 2 dmb' P dSa s + 2 dma' P dSb s
    + 2 dmb' P dma; expected: tr(P dSb P dSa) + 2 dmb' P dma.
    """
    p = len(f.u)
    if p > MAX_TENSOR_ITEMS:
        return _curvature_one_by_one(found, f, exact=exact)
    k = len(found.share)
    left = (2 * found.kernel - found.inverse) if exact else found.inverse
    flat = found.inverse.reshape(k, p * p)
    weighted = (left * found.share[:, None, None]).reshape(k, p * p)
    # sum_k left[i, j] P[k, l], rearranged so that it joins dSb[j, k] with dSa[l, i].
    joined = (weighted.T @ flat).reshape(p, p, p, p).transpose(1, 2, 3, 0).reshape(p * p, p * p)
    d_sigma = (f.u[:, None, :] * f.w[None, :, :] + f.w[:, None, :] * f.u[None, :, :]).reshape(
        p * p, -1
    )
    result = d_sigma.T @ (joined @ d_sigma)
    if np.any(f.m):
        mean_inverse = np.tensordot(found.share, found.inverse, axes=1)
        result = result + 2 * f.m.T @ mean_inverse @ f.m
        if exact:
            # sum_k share P[m, i] s[l], joined to dmu[m] and dSigma[i, l].
            mixed = flat.T @ (found.score * found.share[:, None])
            cross = f.m.T @ mixed.reshape(p, p * p) @ d_sigma
            result = result + 2 * (cross + cross.T)
    return np.asarray((result + result.T) / 2)


def _curvature_one_by_one(found: Pieces, f: Factors, *, exact: bool) -> Array:
    """The same, pattern after pattern, where (p * p)^2 numbers would not fit in memory."""
    result = np.zeros((f.u.shape[1],) * 2)
    for share, inverse, kernel, score in zip(
        found.share, found.inverse, found.kernel, found.score, strict=True
    ):
        left = 2 * kernel - inverse if exact else inverse
        pu, pw, lu, lw = inverse @ f.u, inverse @ f.w, left @ f.u, left @ f.w
        uu, ww, uw = f.u.T @ pu, f.w.T @ pw, f.u.T @ pw
        luu, lww, luw = f.u.T @ lu, f.w.T @ lw, f.u.T @ lw
        result += share * (uw.T * luw + uw * luw.T + lww * uu + luu * ww)
        pm = inverse @ f.m
        result += 2 * share * (f.m.T @ pm)
        if exact:
            cross = (pm.T @ f.u) * (score @ f.w) + (pm.T @ f.w) * (score @ f.u)
            result += 2 * share * (cross + cross.T)
    return result


def casewise_scores(rows: Array, patterns: Patterns, implied: Implied, f: Factors) -> Array:
    """Gradient of each row's log-likelihood for the group's parameters (n, k)."""
    found = observed_inverses(implied.sigma, patterns.seen)
    if found is None:
        raise FloatingPointError("implied covariance is not positive definite")
    inverse, _ = found
    s = standardised_rows(rows, patterns, implied.mu, inverse)
    expected = np.einsum("ak,nab,bk->nk", f.u, inverse, f.w, optimize=True)
    return np.asarray((s @ f.u) * (s @ f.w) - expected[patterns.of_row] + s @ f.m)


def standardised_rows(rows: Array, patterns: Patterns, mu: Array, inverse: Array) -> Array:
    """Each row's Sigma_k^-1 (y - mu) on what is seen, zero elsewhere (n, p)."""
    shift = np.where(np.isnan(rows), 0.0, rows - mu)
    out = np.empty_like(shift)
    order = np.argsort(patterns.of_row, kind="stable")
    ends = np.cumsum(patterns.n).astype(int)
    for k, (start, end) in enumerate(zip(ends - patterns.n.astype(int), ends, strict=True)):
        at = order[start:end]
        out[at] = shift[at] @ inverse[k]
    return out


def saturated_factors(p: int) -> Factors:
    """Factors of the unrestricted model: p means, then vech(Sigma), each its own parameter."""
    rows, columns = vech_index(p)
    u, w = np.zeros((p, len(rows))), np.zeros((p, len(rows)))
    u[rows, np.arange(len(rows))] = 1.0
    w[columns, np.arange(len(rows))] = np.where(rows == columns, 0.5, 1.0)
    blank = np.zeros((p, p))
    means = np.hstack([np.eye(p), np.zeros((p, len(rows)))])
    return Factors(np.hstack([blank, u]), np.hstack([blank, w]), means)


def saturated_trace(rows: Array, patterns: Patterns, mean: Array, cov: Array) -> float:
    """tr(B A^-1) of the unrestricted model: its casewise over its observed information."""
    p = len(mean)
    f = saturated_factors(p)
    found = pieces(patterns, mean, cov)
    information = curvature(found, f, exact=True) / 2
    implied = Implied(cov, mean, np.eye(p), cov, mean, p)
    scores = casewise_scores(rows, patterns, implied, f)
    return float(np.trace(np.linalg.solve(information, scores.T @ scores / len(rows))))
