"""Customers grouped by what they answered: proposed segments, and how stable they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.errors import DataError, NoVariance, TooFewCases

Floats = NDArray[np.float64]

MOST_SAMPLED = 2000  # customers by whom the number of clusters and their stability are found
LEAST_SIZE = 30  # customers for each cluster that is asked for
STABLE, DOUBTFUL = 0.75, 0.6  # Hennig (2007)
# Of a mixture's component, of standardised values: without it, a component closes in on customers with the
# same answers, 10 of 10 say, and its likelihood has no end.
_LEAST_VARIANCE = 0.05


@dataclass(frozen=True)
class Cluster:
    """``means`` in the variables' own units; ``jaccard``: mean likeness to the most alike cluster of
    resampled customers, 1 for the same customers each time.
    """

    size: int
    means: Mapping[str, float]
    jaccard: float

    @property
    def is_stable(self) -> bool:
        return self.jaccard >= STABLE


@dataclass(frozen=True)
class Clusters:
    """Clusters by falling size; ``labels`` have each customer's place among them.

    ``sampled``: of how many customers, drawn by ``seed``, ``bic``, ``silhouette`` and the stability are.
    """

    clusters: tuple[Cluster, ...]
    labels: tuple[int, ...]
    silhouette: float
    bic: Mapping[int, float]
    n: int
    sampled: int
    resamples: int
    seed: int
    method: str = "k-means on standardised values, bootstrap Jaccard (Hennig 2007)"


def customer_clusters(
    variables: Mapping[str, Sequence[float]],
    *,
    count: int | None = None,
    most: int = 6,
    resamples: int = 100,
    seed: int = 1,
) -> Clusters:
    """Clusters of customers by these variables, with their stability under resampling.

    ``count``: how many; left out, the number from 2 to ``most`` with the lowest BIC of normal mixtures.
    Raises TooFewCases below ``LEAST_SIZE`` customers a cluster, NoVariance for a variable that is the
    same for all, DataError for values that are not finite.

    Notes: a cluster is stable from a mean Jaccard likeness of .75 on; below .6 it should not be read
    as a group at all. Of more than ``MOST_SAMPLED`` customers, a sample decides the number and the
    stability; all are grouped. k-means finds clusters in any data; that it found some says nothing.

    References: Hennig, C. (2007). Cluster-wise assessment of cluster stability. Computational Statistics
    & Data Analysis, 52, 258-271. Fraley, C., & Raftery, A. E. (2002). Model-based clustering,
    discriminant analysis, and density estimation. Journal of the American Statistical Association, 97.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    raw = np.column_stack([np.asarray(each, dtype=float) for each in variables.values()])
    if not np.isfinite(raw).all():
        raise DataError("Every customer needs a finite value of each variable.")
    needed = LEAST_SIZE * (count or 2)
    if len(raw) < needed:
        raise TooFewCases(needed, len(raw), what="customers")
    for name, column in zip(variables, raw.T, strict=True):
        if np.ptp(column) == 0:
            raise NoVariance(f"{name} is {column[0]:g} for every customer.")
    x = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    rows = np.random.default_rng(seed).permutation(len(x))[:MOST_SAMPLED]
    bic = {} if count else _bic(x[rows], min(most, len(x) // LEAST_SIZE), seed)
    k = count or min(bic, key=bic.__getitem__)
    labels = _by_size(KMeans(k, n_init=10, random_state=seed).fit_predict(x), k)
    likeness = _likeness(x[rows], labels[rows], k, resamples, seed)
    clusters = tuple(
        Cluster(
            int((labels == at).sum()),
            {
                name: float(raw[labels == at, column].mean())
                for column, name in enumerate(variables)
            },
            float(likeness[at]),
        )
        for at in range(k)
    )
    return Clusters(
        clusters,
        tuple(int(label) for label in labels),
        float(silhouette_score(x[rows], labels[rows])) if len(set(labels[rows])) > 1 else 0.0,
        bic,
        len(x),
        len(rows),
        resamples,
        seed,
    )


def _bic(x: Floats, most: int, seed: int) -> dict[int, float]:
    from sklearn.mixture import GaussianMixture

    return {
        k: float(
            GaussianMixture(k, random_state=seed, n_init=3, reg_covar=_LEAST_VARIANCE).fit(x).bic(x)
        )
        for k in range(2, most + 1)
    }


def _by_size(labels: NDArray[np.int32], k: int) -> NDArray[np.intp]:
    order = np.argsort(-np.bincount(labels, minlength=k), kind="stable")
    places = np.empty(k, dtype=np.intp)
    places[order] = np.arange(k)
    return places[labels]


def _likeness(x: Floats, labels: NDArray[np.intp], k: int, resamples: int, seed: int) -> Floats:
    """The mean Jaccard likeness of each cluster, among the customers that a resample drew."""
    from sklearn.cluster import KMeans

    rng = np.random.default_rng(seed)
    total, seen = np.zeros(k), np.zeros(k)
    for draw in range(resamples):
        rows = np.unique(rng.integers(0, len(x), len(x)), return_counts=True)
        fitted = KMeans(k, n_init=3, random_state=seed + draw).fit(
            x[rows[0]], sample_weight=rows[1]
        )
        mine = labels[rows[0]][:, None] == np.arange(k)
        theirs = fitted.labels_[:, None] == np.arange(k)
        both = mine.T.astype(float) @ theirs
        union = mine.sum(axis=0)[:, None] + theirs.sum(axis=0)[None, :] - both
        there = mine.any(axis=0)
        best = (both / np.maximum(union, 1)).max(axis=1)
        total[there] += best[there]
        seen[there] += 1
    return total / np.maximum(seen, 1)
