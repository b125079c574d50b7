"""Scores of latent variables from ordinal answers: the mode of what the answers make likely."""

from __future__ import annotations

import numpy as np
from scipy import special

from analysis.covariance.matrices import Array
from analysis.covariance.ordinal.polychoric import Polychoric
from analysis.errors import ModelError

METHODS = ("regression", "bartlett")
MAX_STEPS = 100
FARTHEST = 10.0  # standard deviations within which scores are searched


def ordinal_scores(
    rows: Array,
    items: Polychoric,
    loadings: Array,
    residuals: Array,
    mean: Array,
    covariance: Array,
    *,
    method: str = "regression",
) -> Array:
    """Scores (n, factors) of rows (n, p) of answers with NaN for missing.

    ``regression`` is the mode of the posterior (empirical Bayes) given the factors' ``mean`` and
    ``covariance``; ``bartlett`` the maximum of the likelihood alone, NaN where only lowest or only
    highest answers put it at infinity. ``loadings`` (p, factors) and ``residuals`` (p,) belong to
    the responses behind the answers. An answer that the fit never saw counts as missing. Raises
    ModelError for an unknown method.
    """
    if method not in METHODS:
        raise ModelError(f"method {method!r} is not known; choose among {', '.join(METHODS)}")
    lower, upper, seen = _bounds(rows, items)
    spread = np.sqrt(np.maximum(residuals, 1e-8))
    prior = np.linalg.inv(covariance) if method == "regression" else np.zeros_like(covariance)
    scores = np.repeat(mean[None], len(rows), axis=0)
    limit = FARTHEST * np.sqrt(np.diag(covariance))
    for _ in range(MAX_STEPS):
        predicted = scores @ loadings.T
        slope, curve = _derivatives(lower, upper, predicted, spread, seen)
        gradient = (slope / spread) @ loadings - (scores - mean) @ prior
        weight = curve / spread**2
        information = np.einsum("nj,jf,jg->nfg", weight, loadings, loadings) + prior
        information += 1e-10 * np.eye(len(mean))
        step = np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
        step = np.clip(step, -limit / 4, limit / 4)
        scores = np.clip(scores + step, mean - 2 * limit, mean + 2 * limit)
        if np.max(np.abs(step), initial=0.0) < 1e-10:
            break
    scores[~seen.any(axis=1)] = np.nan
    if method == "bartlett":
        scores[_unbounded(lower, upper, seen, loadings)] = np.nan
    return np.asarray(scores)


def _bounds(rows: Array, items: Polychoric) -> tuple[Array, Array, Array]:
    """Thresholds around each answer (n, p), and which answers count."""
    n, p = rows.shape
    lower, upper = np.full((n, p), -np.inf), np.full((n, p), np.inf)
    seen = np.zeros((n, p), dtype=bool)
    for j, (categories, thresholds) in enumerate(
        zip(items.categories, items.thresholds, strict=True)
    ):
        code = np.searchsorted(categories, rows[:, j])
        code = np.minimum(code, len(categories) - 1)
        seen[:, j] = categories[code] == rows[:, j]
        edges = np.concatenate([[-np.inf], thresholds, [np.inf]])
        lower[:, j], upper[:, j] = edges[code], edges[code + 1]
    return lower, upper, seen


def _unbounded(lower: Array, upper: Array, seen: Array, loadings: Array) -> Array:
    """Rows by factors (n, factors) whose every answer pulls the same way without end, or that have
    none.
    """
    up = np.where(loadings > 0, 1, 0), np.where(loadings < 0, 1, 0)
    top, bottom = seen & np.isposinf(upper), seen & np.isneginf(lower)
    count = seen.astype(int) @ (loadings != 0)
    rising = top.astype(int) @ up[0] + bottom.astype(int) @ up[1]
    falling = bottom.astype(int) @ up[0] + top.astype(int) @ up[1]
    return np.asarray((rising == count) | (falling == count))


def _derivatives(
    lower: Array, upper: Array, predicted: Array, spread: Array, seen: Array
) -> tuple[Array, Array]:
    """First derivative of each answer's log-probability for its standardised response, and minus
    the second.
    """
    a, b = (lower - predicted) / spread, (upper - predicted) / spread
    # Probabilities in the nearer tail keep their digits.
    flip = a > 0
    low, high = np.where(flip, -b, a), np.where(flip, -a, b)
    probability = np.maximum(special.ndtr(high) - special.ndtr(low), 1e-300)
    finite_a, finite_b = np.where(np.isfinite(a), a, 0.0), np.where(np.isfinite(b), b, 0.0)
    at_a = np.where(np.isfinite(a), np.exp(-(finite_a**2) / 2), 0.0) / np.sqrt(2 * np.pi)
    at_b = np.where(np.isfinite(b), np.exp(-(finite_b**2) / 2), 0.0) / np.sqrt(2 * np.pi)
    slope = (at_a - at_b) / probability
    curve = slope**2 - (finite_a * at_a - finite_b * at_b) / probability
    return np.where(seen, slope, 0.0), np.where(seen, np.maximum(curve, 1e-12), 0.0)
