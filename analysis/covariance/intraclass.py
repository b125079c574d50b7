"""How alike the answers within clusters are, and what weights and clusters cost in precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.covariance.design import Design
from analysis.covariance.matrices import Array


@dataclass(frozen=True)
class ItemClusters:
    """One item's intraclass correlation and design effect; None where it has no variance within."""

    item: str
    icc: float | None
    design_effect: float | None


@dataclass(frozen=True)
class Clusters:
    """Number of clusters, their mean size, and each item's intraclass correlation."""

    n: int
    mean_size: float
    items: tuple[ItemClusters, ...]


@dataclass(frozen=True)
class Weights:
    """Smallest and largest weight (of mean 1), Kish's effective n and the design effect n / that."""

    smallest: float
    largest: float
    effective_n: float
    design_effect: float


def clusters_of(rows: Array, names: Sequence[str], design: Design) -> Clusters | None:
    """Of unweighted rows (n, p), NaN where unanswered; None without clusters.

    The intraclass correlation is that of one-way analysis of variance for unequal sizes, which can
    be negative; the design effect of a mean is 1 + (mean size - 1) times it (Kish 1965; Muthén &
    Satorra 1995).
    """
    if design.clusters is None:
        return None
    items = []
    for name, answers in zip(names, rows.T, strict=True):
        seen = ~np.isnan(answers)
        codes = np.unique(design.clusters[seen], return_inverse=True)[1]
        icc = _intraclass(answers[seen], codes)
        size = seen.sum() / (codes.max() + 1)
        effect = None if icc is None else float(1 + (size - 1) * icc)
        items.append(ItemClusters(name, icc, effect))
    count = len(design.starts)
    return Clusters(count, len(rows) / count, tuple(items))


def _intraclass(answers: Array, codes: Array) -> float | None:
    sizes = np.bincount(codes).astype(float)
    n, k = len(answers), len(sizes)
    if k < 2 or n <= k:
        return None
    means = np.bincount(codes, answers) / sizes
    between = float(sizes @ (means - answers.mean()) ** 2) / (k - 1)
    within = float(np.sum((answers - means[codes]) ** 2)) / (n - k)
    size = (n - float(sizes @ sizes) / n) / (k - 1)
    total = between + (size - 1) * within
    return None if total <= 0 else (between - within) / total


def weights_of(design: Design) -> Weights | None:
    """What the weights are and cost; None without weights."""
    weights = design.weights
    if weights is None:
        return None
    effective = float(weights.sum() ** 2 / (weights @ weights))
    return Weights(float(weights.min()), float(weights.max()), effective, len(weights) / effective)
