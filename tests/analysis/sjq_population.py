"""A population in which SJQ drives service quality and loyalty, built on the published loadings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.composite.sjq_study import JOURNEY, LOYALTY, MARKER, SERVICE
from analysis.moments import Moments
from tests.analysis.pls_models import composite_block, factor_block

# Jaakkola & Terho 2021, study 2: loadings of the 16 items.
LOADINGS = {
    "seamlessness": (0.91, 0.89, 0.94, 0.90, 0.95, 0.95),
    "coherence": (0.83, 0.86, 0.89, 0.84, 0.88, 0.92),
    "personalization": (0.88, 0.87, 0.86, 0.89),
}
SJQ_WEIGHTS = {"seamlessness": 0.29, "coherence": 0.38, "personalization": 0.40}
QUALITY_WEIGHTS = {
    "tangibles": 0.20,
    "reliability": 0.35,
    "responsiveness": 0.15,
    "assurance": 0.25,
    "empathy": 0.20,
}
TO_QUALITY, DIRECT, FROM_QUALITY = 0.73, 0.26, 0.58


def structure() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Correlations of the dimensions and loyalty, and the true weights of both composites."""
    blocks = []
    for weights, r in ((SJQ_WEIGHTS, 0.6), (QUALITY_WEIGHTS, 0.5)):
        k = len(weights)
        blocks.append(
            composite_block(np.full((k, k), r) + (1 - r) * np.eye(k), [*weights.values()])
        )
    (a, la, wa), (b, lb, wb) = blocks
    names = [*SJQ_WEIGHTS, *QUALITY_WEIGHTS, "loyalty"]
    sjq_loyalty = DIRECT + FROM_QUALITY * TO_QUALITY
    quality_loyalty = FROM_QUALITY + DIRECT * TO_QUALITY
    C = np.eye(9)
    C[:3, :3], C[3:8, 3:8] = a, b
    C[:3, 3:8] = np.outer(la, lb) * TO_QUALITY
    C[:3, 8], C[3:8, 8] = la * sjq_loyalty, lb * quality_loyalty
    C = np.triu(C) + np.triu(C, 1).T
    return pd.DataFrame(C, index=names, columns=names), wa, wb


def population() -> Moments:
    """Item correlations of the study's model, with four marker items apart from all."""
    C, _, _ = structure()
    measures = {**JOURNEY, **SERVICE, "loyalty": LOYALTY}
    lam = {name: LOADINGS.get(name, (0.85,) * len(items)) for name, items in measures.items()}
    names = [item for items in measures.values() for item in items]
    L = np.zeros((len(names), len(measures)))
    start = 0
    for j, name in enumerate(measures):
        L[start : start + len(lam[name]), j] = lam[name]
        start += len(lam[name])
    sigma = L @ C.loc[list(measures), list(measures)].to_numpy() @ L.T
    np.fill_diagonal(sigma, 1.0)
    marker, _ = factor_block((0.7,) * len(MARKER))
    k = len(names)
    whole = np.zeros((k + len(MARKER), k + len(MARKER)))
    whole[:k, :k], whole[k:, k:] = sigma, marker
    return Moments((*names, *MARKER), 1_000_000, np.zeros(len(whole)), whole)


def answers(n: int, *, seed: int, points: bool = True) -> pd.DataFrame:
    """Rows drawn from the population; on 1..7 when ``points``."""
    found = population()
    rows = np.random.default_rng(seed).multivariate_normal(found.mean, found.cov, size=n)
    data = pd.DataFrame(rows, columns=list(found.names))
    return (data * 1.2 + 4.5).round().clip(1, 7) if points else data
