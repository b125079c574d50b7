"""Direct, indirect and total effects of a composite model, for a batch of samples."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from analysis.composite.estimate import Estimates
from analysis.composite.layout import Layout

MAX_CHAINS = 2_000


def path_matrix(e: Estimates) -> np.ndarray:
    """Direct effects (B, J, J) at [source, target]."""
    J = len(e.layout.names)
    out = np.zeros((len(e.paths), J, J))
    sources, targets = np.array(e.layout.arrows).T
    out[:, sources, targets] = e.paths
    return out


def total_matrix(e: Estimates) -> np.ndarray:
    """Total effects (B, J, J): the sum of the powers of the matrix of direct effects."""
    B = path_matrix(e)
    reach = power = e.layout.final.arrows.astype(int)
    total, term = B, B
    while True:
        power = power @ reach
        if not power.any():
            return total
        term = term @ B
        total = total + term


def connected(layout: Layout, *, least: int = 1) -> list[tuple[int, int]]:
    """(source, target) pairs joined by a chain of at least ``least`` arrows."""
    step = layout.final.arrows.astype(int)
    power = np.linalg.matrix_power(step, least)
    found = np.zeros_like(step, dtype=bool)
    while power.any():
        found |= power > 0
        power = power @ step
    return [(int(s), int(t)) for s, t in np.argwhere(found)]


def chains(layout: Layout) -> list[tuple[int, ...]]:
    """All ways of at least two arrows, as places of constructs; at most MAX_CHAINS of them."""
    following = {s: [t for a, t in layout.arrows if a == s] for s in range(len(layout.names))}
    found: list[tuple[int, ...]] = []
    ways: list[tuple[int, ...]] = list(layout.arrows)
    while ways and len(found) < MAX_CHAINS:
        longer = [(*way, t) for way in ways for t in following[way[-1]]]
        found += longer
        ways = longer
    return found[:MAX_CHAINS]


def total_effects(e: Estimates) -> np.ndarray:
    """Total effects (B, k) of the pairs of ``connected``."""
    pairs = np.array(connected(e.layout))
    return np.asarray(total_matrix(e)[:, pairs[:, 0], pairs[:, 1]])


def indirect_effects(e: Estimates) -> np.ndarray:
    """Total indirect effects (B, k) of the pairs joined by two arrows or more."""
    pairs = np.array(connected(e.layout, least=2), dtype=np.intp).reshape(-1, 2)
    return np.asarray((total_matrix(e) - path_matrix(e))[:, pairs[:, 0], pairs[:, 1]])


def specific_effects(e: Estimates) -> np.ndarray:
    """Products (B, k) of the paths along each of ``chains``."""
    place = {arrow: k for k, arrow in enumerate(e.layout.arrows)}
    ways = chains(e.layout)
    out = np.ones((len(e.paths), len(ways)))
    for c, way in enumerate(ways):
        for arrow in pairwise(way):
            out[:, c] *= e.paths[:, place[arrow]]
    return out
