"""The likelihood of pairs of ordinal items over their polychoric correlations, for many pairs at once."""

from __future__ import annotations

import numpy as np
from scipy import special

from analysis.covariance.matrices import Array
from analysis.covariance.ordinal.bivariate_normal import rise

MAX_ITERATIONS = 100


def _cells(corner: Array) -> Array:
    """Rectangle differences of a function at the grid's corners."""
    return np.asarray(
        corner[:, 1:, 1:] - corner[:, :-1, 1:] - corner[:, 1:, :-1] + corner[:, :-1, :-1]
    )


class PairLikelihood:
    """Cell probabilities of all pairs between thresholds a (pairs, k + 1) and b, followed from one
    correlation to the next: a small step of the distribution function is a short integral.
    """

    def __init__(self, a: Array, b: Array) -> None:
        h, g = a[:, 1:-1, None], b[:, None, 1:-1]
        self.inside = np.isfinite(h) & np.isfinite(g)
        first, second = np.where(np.isfinite(h), h, 0.0), np.where(np.isfinite(g), g, 0.0)
        self.square, self.product = (first**2 + second**2) / 2, first * second
        # Uncorrelated at first; beyond the last threshold the other item's own distribution.
        lower, upper = special.ndtr(a), special.ndtr(b)
        self.corner = lower[:, :, None] * upper[:, None, :]
        self.angle = np.zeros(len(a))

    def move(self, rho: Array) -> None:
        """To other correlations (pairs,)."""
        angle = np.arcsin(rho)
        self.corner[:, 1:-1, 1:-1] += np.where(
            self.inside, rise(self.product, self.square, self.angle, angle), 0.0
        )
        self.angle = angle

    def probabilities(self) -> Array:
        """Of each cell (pairs, k, k)."""
        return np.asarray(np.maximum(_cells(self.corner), 1e-14))

    def slopes(self) -> Array:
        """Their derivatives for the correlation (pairs, k, k)."""
        cosine = np.cos(self.angle)[:, None, None]
        power = (np.sin(self.angle)[:, None, None] * self.product - self.square) / cosine**2
        density = np.zeros_like(self.corner)
        inner = np.exp(power) / (2 * np.pi * cosine)
        density[:, 1:-1, 1:-1] = np.where(self.inside, inner, 0.0)
        return _cells(density)


def pair_correlations(tables: Array, joint: PairLikelihood) -> Array:
    """Maximum-likelihood correlations, by Fisher scoring on their inverse hyperbolic tangent; ``joint``
    is left there.
    """
    if not len(tables):
        return np.zeros(0)
    n = tables.sum(axis=(1, 2))
    z = np.arctanh(np.clip(_pearson(tables), -0.95, 0.95))
    for _ in range(MAX_ITERATIONS):
        rho = np.tanh(z)
        joint.move(rho)
        probability, slope = joint.probabilities(), joint.slopes()
        slope *= (1 - rho**2)[:, None, None]
        ratio = slope / probability
        score = np.sum(tables * ratio, axis=(1, 2))
        information = n * np.sum(slope * ratio, axis=(1, 2))
        step = np.clip(score / np.maximum(information, 1e-12), -0.5, 0.5)
        z = np.clip(z + step, -4.0, 4.0)
        if np.max(np.abs(step)) < 1e-10:
            break
    rho = np.asarray(np.tanh(z))
    joint.move(rho)
    return rho


def _pearson(tables: Array) -> Array:
    k = tables.shape[1]
    score = np.arange(k, dtype=float)
    n = tables.sum(axis=(1, 2))
    rows, columns = tables.sum(axis=2), tables.sum(axis=1)
    mean_r, mean_c = rows @ score / n, columns @ score / n
    covariance = np.einsum("mij,i,j->m", tables, score, score) / n - mean_r * mean_c
    spread = (rows @ score**2 / n - mean_r**2) * (columns @ score**2 / n - mean_c**2)
    return np.asarray(covariance / np.sqrt(spread))


def without_empty_binary_cells(tables: Array, binary: Array) -> Array:
    """Tables (pairs, k, k) with half an answer in the empty cell of two ``binary`` items, margins kept."""
    for at in np.flatnonzero(binary):
        cells = tables[at, :2, :2]
        if cells.min() == 0:
            diagonal = 0.5 if min(cells[0, 0], cells[1, 1]) == 0 else -0.5
            tables[at, :2, :2] = cells + diagonal * np.array([[1, -1], [-1, 1]])
    return tables


def threshold_scores(bounds: Array) -> Array:
    """d log P(category) / d threshold for each item: (p, k, k - 1)."""
    p, k = bounds.shape[0], bounds.shape[1] - 1
    density = np.where(
        np.isfinite(bounds), np.exp(-(np.where(np.isfinite(bounds), bounds, 0.0) ** 2) / 2), 0.0
    ) / np.sqrt(2 * np.pi)
    probability = np.maximum(np.diff(special.ndtr(bounds), axis=1), 1e-300)
    scores = np.zeros((p, k, k - 1))
    for t in range(1, k):  # threshold t bounds category t - 1 above and category t below
        scores[:, t - 1, t - 1] = density[:, t] / probability[:, t - 1]
        scores[:, t, t - 1] = -density[:, t] / probability[:, t]
    return scores


def pair_threshold_scores(a: Array, b: Array, rho: Array, probability: Array) -> Array:
    """d log P(cell) / d threshold of the item with bounds ``a``: (pairs, k, k, k - 1)."""
    m, k = a.shape[0], a.shape[1] - 1
    safe = np.where(np.isfinite(a), a, 0.0)
    density = np.where(np.isfinite(a), np.exp(-(safe**2) / 2) / np.sqrt(2 * np.pi), 0.0)
    spread = np.sqrt(1 - rho**2)[:, None, None]
    conditional = special.ndtr((b[:, None, :] - rho[:, None, None] * safe[:, :, None]) / spread)
    band = density[:, :, None] * np.diff(conditional, axis=2)  # (pairs, threshold, category of b)
    scores = np.zeros((m, k, k, k - 1))
    for t in range(1, k):
        scores[:, t - 1, :, t - 1] = band[:, t] / probability[:, t - 1]
        scores[:, t, :, t - 1] = -band[:, t] / probability[:, t]
    return scores
