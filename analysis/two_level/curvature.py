"""Second derivatives of the clusters' part of the likelihood, for the moments of both levels.

Summed over sizes first, and only then multiplied by the moments' derivatives for the parameters: what a
parameter costs does not depend on how many different sizes clusters have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.covariance.matrices import Array, Factors, jacobian, vech_index


@dataclass(frozen=True)
class Curvature:
    """The parts of a Hessian over the parameters of the level between (b) and within (w)."""

    bb: Array
    bw: Array
    ww: Array

    def whole(self) -> Array:
        """Those between first."""
        return np.block([[self.bb, self.bw], [self.bw.T, self.ww]])


def curvature(
    weights: Array,
    root: Array,
    left: tuple[Array, Array, Array],
    right: tuple[Array, Array, Array],
    score: tuple[Array, Array] | None,
    factors: tuple[Factors, Factors],
) -> Curvature:
    """Sum over sizes of weight (tr(L dV P dV) + 2 dmu' P dmu) and, with ``score`` g = P d, of
    2 (dmu' P dV g + g' dV P dmu).

    ``left`` L and ``right`` P are (S, ., .) between, from between to within, and within; ``root`` (S,)
    multiplies the means within; ``factors`` are of the level between and the one within.
    """
    outer, inner = factors
    d_b, d_w = jacobian(outer, means=False), jacobian(inner, means=False)
    m_b, m_w = outer.m, inner.m
    weighted = [weights[:, None, None] * part for part in right]
    flip = right[1].swapaxes(1, 2)
    bb = d_b.T @ pairs(left[0], weighted[0]) @ d_b
    bw = d_b.T @ pairs(left[1].swapaxes(1, 2), weighted[1]) @ d_w
    ww = d_w.T @ pairs(left[2], weighted[2]) @ d_w
    roots = root[:, None, None]
    bb += 2 * m_b.T @ weighted[0].sum(axis=0) @ m_b
    bw += 2 * m_b.T @ (roots * weighted[1]).sum(axis=0) @ m_w
    ww += 2 * m_w.T @ (roots**2 * weighted[2]).sum(axis=0) @ m_w
    if score is not None:
        g_b, g_w = (weights[:, None] * own for own in score)
        mixed = m_b.T @ _triples(right[0], g_b) @ d_b
        bb += 2 * (mixed + mixed.T)
        bw += 2 * m_b.T @ _triples(right[1], g_w) @ d_w
        bw += 2 * (m_w.T @ _triples(roots * flip, g_b) @ d_b).T
        mixed = m_w.T @ _triples(roots * right[2], g_w) @ d_w
        ww += 2 * (mixed + mixed.T)
    return Curvature(bb, bw, ww)


def pairs(left: Array, right: Array) -> Array:
    """Sum over sizes of tr(left A right B) for symmetric A and B, over their lower triangles: ``left``
    (S, b, a) and ``right`` (S, a, b), A of size a and B of size b.
    """
    count, b, a = left.shape
    sums = left.reshape(count, -1).T @ right.reshape(count, -1)
    sums = sums.reshape(b, a, a, b)
    (r, c), (row, column) = vech_index(a), vech_index(b)
    r, c = r[:, None], c[:, None]
    found = sums[row, r, c, column] + sums[row, c, r, column]
    found += sums[column, r, c, row] + sums[column, c, r, row]
    # A variance stands once in its matrix, and was counted twice.
    return np.asarray(found * np.where(r == c, 0.5, 1.0) * np.where(row == column, 0.5, 1.0))


def _triples(right: Array, score: Array) -> Array:
    """Sum over sizes of right A score for a symmetric A, over its lower triangle: (i, pairs)."""
    count, i, a = right.shape
    sums = (right.reshape(count, -1).T @ score).reshape(i, a, a)
    rows, columns = vech_index(a)
    found = sums[:, rows, columns] + sums[:, columns, rows]
    return np.asarray(found * np.where(rows == columns, 0.5, 1.0))
