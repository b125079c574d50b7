"""The weights of composites by MAXVAR, a generalised canonical correlation, for many matrices at once."""

from __future__ import annotations

import numpy as np

from analysis.composite.weights import Stage, Weights

_ALIKE = 1e-9  # two largest eigenvalues this near: the weights are not determined


def maxvar_weights(R: np.ndarray, stage: Stage) -> Weights:
    """MAXVAR weights (B, m) of unit-variance composites for correlation matrices R (B, v, v).

    Of all composites, one a block, those whose correlation matrix has the largest possible first
    eigenvalue: they share as much as they can with one common variable, whatever the paths between
    them. For two blocks they are the first canonical variates. Closed form: with L the matrix of
    inverse square roots of the blocks' correlations, the first eigenvector e of L R L, and in each
    block the inverse square root times its part of e, scaled to unit variance. Signs are left as the
    eigenvector has them; see ``weights.oriented``.

    A sample whose block is singular gets NaN; it does not converge, nor does one whose first
    eigenvalue is not single. Validated by its definition: canonical correlation, the criterion's
    maximum, and the population of composites that it finds again.

    Kettenring, J. R. (1971). Canonical analysis of several sets of variables. Biometrika, 58, 433-451.
    """
    S = R[:, stage.slots[:, None], stage.slots]
    size = len(stage.slots)
    whitening = np.zeros((len(S), size, size))
    singular = np.zeros(len(S), dtype=bool)
    for j in range(len(stage.blocks)):
        own = np.flatnonzero(stage.owner == j)
        roots, flat = _inverse_roots(S[:, own[:, None], own])
        whitening[:, own[:, None], own] = roots
        singular |= flat
    values, vectors = np.linalg.eigh(whitening @ S @ whitening)
    first = vectors[:, :, -1]
    alike = values[:, -1] - values[:, -2] < _ALIKE if size > 1 else np.zeros(len(S), dtype=bool)
    lengths = np.sqrt(first**2 @ stage.membership)[:, stage.owner]
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = (whitening @ first[:, :, None])[:, :, 0] / lengths
    weights[singular] = np.nan
    settled = ~singular & ~alike & np.isfinite(weights).all(axis=1)
    return Weights(weights, np.ones(len(S), dtype=int), settled)


def _inverse_roots(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric inverse square roots of the matrices (B, k, k), and which of them are singular."""
    values, vectors = np.linalg.eigh(blocks)
    singular = values[:, 0] <= values[:, -1] * blocks.shape[1] * np.finfo(float).eps
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = vectors / np.sqrt(np.where(singular[:, None], 1.0, values))[:, None, :]
    return scaled @ np.swapaxes(vectors, 1, 2), singular
