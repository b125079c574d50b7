"""Vanishing tetrads of a common factor: which differences of products of correlations are zero."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations

import numpy as np

MOST_ITEMS = 25  # 275 independent tetrads; choosing more among 12,650 quadruples takes seconds

# (g, h, i, j): the tetrad s_gh s_ij - s_gi s_hj
Tetrad = tuple[int, int, int, int]


@lru_cache(maxsize=64)
def independent_tetrads(p: int) -> tuple[Tetrad, ...]:
    """p(p - 3)/2 tetrads that vanish under one factor of p items and imply all others.

    Of every four items three tetrads vanish, two of them independent; from five items on, more are
    implied by others. A tetrad is kept if its gradient at a one-factor correlation matrix is
    linearly independent of those before it (Bollen & Ting 1993, Sociological Methodology 23).
    """
    loadings = 0.45 + 0.4 * np.modf(np.arange(1, p + 1) * 0.6180339887498949)[0]
    place = {pair: k for k, pair in enumerate(combinations(range(p), 2))}
    wanted = p * (p - 3) // 2
    basis = np.zeros((wanted, len(place)))
    chosen: list[Tetrad] = []
    for a, b, c, d in combinations(range(p), 4):
        for tetrad in ((a, b, c, d), (a, b, d, c)):
            gradient = _gradient(tetrad, loadings, place)
            left = gradient - basis[: len(chosen)].T @ (basis[: len(chosen)] @ gradient)
            size = float(np.linalg.norm(left))
            if size > 1e-6 * float(np.linalg.norm(gradient)):
                basis[len(chosen)] = left / size
                chosen.append(tetrad)
            if len(chosen) == wanted:
                return tuple(chosen)
    return tuple(chosen)


def _gradient(
    tetrad: Tetrad, loadings: np.ndarray, place: dict[tuple[int, int], int]
) -> np.ndarray:
    g, h, i, j = tetrad
    out = np.zeros(len(place))
    for own, other, sign in (
        ((g, h), (i, j), 1.0),
        ((i, j), (g, h), 1.0),
        ((g, i), (h, j), -1.0),
        ((h, j), (g, i), -1.0),
    ):
        first, second = sorted(own)
        out[place[first, second]] += sign * loadings[other[0]] * loadings[other[1]]
    return out


def tetrad_values(R: np.ndarray, tetrads: tuple[Tetrad, ...]) -> np.ndarray:
    """Tetrads (B, t) of correlation matrices R (B, p, p)."""
    g, h, i, j = np.array(tetrads).T
    return np.asarray(R[:, g, h] * R[:, i, j] - R[:, g, i] * R[:, h, j])
