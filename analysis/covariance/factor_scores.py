"""Scores of latent variables for rows of data, complete or not."""

from __future__ import annotations

import numpy as np

from analysis.covariance.matrices import Array, GroupStructure, Implied
from analysis.covariance.missing.missing_patterns import patterns_of
from analysis.errors import ModelError

METHODS = ("regression", "bartlett")


def factor_scores(
    rows: Array,
    structure: GroupStructure,
    implied: Implied,
    theta: Array,
    mean: Array,
    *,
    method: str = "regression",
) -> Array:
    """Scores (n, factors) of rows (n, p) with NaN for missing, about the observed ``mean``.

    ``regression`` (Thurstone 1935) is the conditional mean given the answers; ``bartlett`` (1937)
    is unbiased given the factor, and NaN where too few items were answered. Raises ModelError for
    an unknown method, or for Bartlett scores of a factor without observed indicators.
    """
    if method not in METHODS:
        raise ModelError(f"method {method!r} is not known; choose among {', '.join(METHODS)}")
    p = structure.p
    factors = implied.mean[p:]
    answered = ~np.isnan(rows).all(axis=1)
    scores = np.full((len(rows), len(factors)), np.nan)
    if not answered.any():
        return scores
    loadings = _loadings(structure, theta) if method == "bartlett" else implied.covariance[:p, p:]
    kept = rows[answered]
    patterns = patterns_of(kept)
    result = np.full((len(kept), len(factors)), np.nan)
    for k, seen in enumerate(patterns.seen):
        at = patterns.of_row == k
        part = loadings[seen]
        # Bartlett with Sigma in place of Theta: the same weights, and no trouble with a residual of 0.
        weights = np.linalg.solve(implied.sigma[np.ix_(seen, seen)], part)
        if method == "bartlett":
            square = part.T @ weights
            if np.linalg.matrix_rank(square, tol=1e-10) < len(square):
                continue
            weights = weights @ np.linalg.inv(square)
        result[at] = factors + (kept[at][:, seen] - mean[seen]) @ weights
    scores[answered] = result
    return scores


def _loadings(structure: GroupStructure, theta: Array) -> Array:
    """Effect of each factor on the items other than through other factors (p, factors)."""
    directed = structure.matrices(theta)[0]
    p = structure.p
    among = np.linalg.inv(np.eye(p) - directed[:p, :p])
    loadings = among @ directed[:p, p:]
    empty = [
        name for name, column in zip(structure.latent, loadings.T, strict=True) if not column.any()
    ]
    if empty:
        raise ModelError(
            f"{', '.join(empty)} has no observed indicators, so Bartlett scores do not exist; use 'regression'"
        )
    return np.asarray(loadings)
