"""Rows turned so that their covariances are a population's, while their distribution and their missing
answers stay (Bollen and Stine 1992; Savalei and Yuan 2009)."""

from __future__ import annotations

import numpy as np

from analysis.covariance.matrices import Array, vech_index
from analysis.errors import ModelError, NotPositiveDefinite

MOST_INCOMPLETE = 20  # items, whose symmetric transformation is solved for as a whole
STEPS = 50


def transformed_rows(rows: Array, correlation: Array) -> Array:
    """The rows (n, p), standardised, times the symmetric matrix A that gives them the ``correlation``.

    Complete rows have A R A = P exactly. Of incomplete ones, each centred about the means of its pattern,
    A is that of Savalei and Yuan's second transformation: with P_j and S_j of what pattern j has seen,
    the sum of n_j P_j^-1 (A S_j A - P_j) P_j^-1 is 0.

    Raises NotPositiveDefinite for rows without a positive definite correlation, ModelError for more than
    20 incomplete items and where no such matrix is found.

    Validated against: semTools 0.5-6, ``bsBootMiss(transDataOnly = TRUE)``.
    """
    seen = ~np.isnan(rows)
    standard = (rows - np.nanmean(rows, axis=0)) / np.nanstd(rows, axis=0)
    if seen.all():
        own = standard.T @ standard / len(rows)
        return np.asarray(standard @ _between(own, correlation))
    p = rows.shape[1]
    if p > MOST_INCOMPLETE:
        raise ModelError(
            f"incomplete rows are turned for at most {MOST_INCOMPLETE} items; found {p}: resample complete "
            "rows (listwise)"
        )
    patterns, of_row, counts = np.unique(seen, axis=0, return_inverse=True, return_counts=True)
    centred = np.zeros_like(standard)
    spread = np.zeros((len(patterns), p, p))
    precision = np.zeros_like(spread)
    for j, own in enumerate(patterns):
        at = of_row == j
        part = standard[np.ix_(at, own)]
        part = part - part.mean(axis=0)
        centred[np.ix_(at, own)] = part
        block = np.ix_(own, own)
        spread[j][block] = part.T @ part / counts[j]
        precision[j][block] = np.linalg.inv(correlation[block])
    turn = _balanced(counts.astype(float), spread, precision)
    # Of a row only what it has seen takes part, and what it has not stays unseen.
    return np.asarray(np.where(seen, centred @ turn, np.nan))


def _between(own: Array, wanted: Array) -> Array:
    """The symmetric A with A own A = wanted."""
    root, back = _roots(own)
    middle, _ = _roots(root @ wanted @ root)
    return np.asarray(back @ middle @ back)


def _roots(matrix: Array) -> tuple[Array, Array]:
    values, vectors = np.linalg.eigh(matrix)
    if values[0] <= 1e-10 * values[-1]:
        raise NotPositiveDefinite(
            "the answers' correlations are not positive definite, so that the rows cannot be turned; leave "
            "out items that others determine"
        )
    root = vectors * np.sqrt(values) @ vectors.T
    return root, vectors / np.sqrt(values) @ vectors.T


def _balanced(n: Array, spread: Array, precision: Array) -> Array:
    """Newton's steps for A from the identity; the equation is that of the patterns' weighted sum."""
    p = spread.shape[1]
    rows, columns = vech_index(p)
    apart = rows != columns
    turn = np.eye(p)
    target = np.einsum("j,jab->ab", n, precision)
    for _ in range(STEPS):
        left = precision @ turn @ spread  # (j, p, p): M A H
        misfit = np.einsum("j,jab->ab", n, left @ turn @ precision) - target
        if np.abs(misfit).max() < 1e-9 * np.abs(target).max():
            return turn
        # d f = sum n (M dA H A M + M A H dA M), for each unit of vech(A), symmetric.
        slope = np.einsum(
            "j,jab,jcd->acbd", n, precision, (spread @ turn @ precision), optimize=True
        )
        # slope[a, c, b, d] dA[b?] is contracted below: dF[a, d'] = M[a, b] dA[b, c] (H A M)[c, d'].
        full = slope.transpose(0, 3, 2, 1)  # (a, d, b, c)
        full = full + full.transpose(1, 0, 2, 3)
        own = full[rows, columns]
        jacobian = own[:, rows, columns] + np.where(apart, own[:, columns, rows], 0.0)
        step = np.linalg.lstsq(jacobian, -misfit[rows, columns], rcond=None)[0]
        change = np.zeros((p, p))
        change[rows, columns] = change[columns, rows] = step
        turn = turn + change
        if not np.isfinite(turn).all():
            break
    raise ModelError(
        "the incomplete rows cannot be turned to the model's correlations; resample complete rows (listwise)"
    )
