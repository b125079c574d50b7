"""Rows within clusters, made ready: checked, and summarised by what the likelihood needs.

The within-cluster covariance, and for each size that clusters have the means and covariances of their
vectors (z, sqrt(n) ybar): level-2 variables and scaled means (McDonald & Goldstein 1989; Muthén 1989).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.linalg import lapack

from analysis.covariance.data import numeric_rows
from analysis.covariance.matrices import Array
from analysis.errors import DataError, NotPositiveDefinite, NoVariance, TooFewCases
from analysis.two_level.model import TwoLevelModel

ALMOST_NOTHING = 1e-10  # of a variance, what is rounding alone
FEW_CLUSTERS = 50  # below which level-2 standard errors are too small (Maas & Hox 2005)
ALIKE = 0.05  # intraclass correlation of a variable said to be within clusters only, that is worth a word


@dataclass(frozen=True)
class SizeGroup:
    """The clusters of all different sizes: by size their number (S,), and of their vectors
    (z, sqrt(n) ybar) the means (S, v) and the covariances (S, v, v), divisor the number of clusters.
    """

    sizes: Array
    counts: Array
    means: Array
    covariances: Array


@dataclass(frozen=True)
class ClusterData:
    """N rows in J clusters: ``rows`` (N, p) of the variables within, each cluster's together, and
    ``between`` (J, z) of those that only clusters have.
    """

    model: TwoLevelModel
    cluster: str  # the column's name
    rows: Array
    between: Array
    starts: Array  # (J,) where each cluster's rows begin
    labels: tuple[object, ...] = ()  # of the clusters (J,)
    losses: tuple[str, ...] = ()  # sentences on rows that were left out
    row_weights: Array | None = None  # (N,) that add up to each cluster's size
    cluster_weights: Array | None = None  # (J,) that keep the sum of all rows' weights N
    group: object = None  # its value, where there are several

    @cached_property
    def complete(self) -> bool:
        """Whether no answer is missing."""
        return not (np.isnan(self.rows).any() or np.isnan(self.between).any())

    @property
    def plain(self) -> bool:
        """Whether no answer is missing and all rows and clusters weigh the same."""
        return self.row_weights is None and self.cluster_weights is None and self.complete

    @cached_property
    def filled(self) -> tuple[Array, Array]:
        """Rows and clusters' own variables with the cluster's mean, or else the variable's, for what is
        missing: to describe and to start from.
        """
        if self.complete:
            return self.rows, self.between
        known = ~np.isnan(self.rows)
        count = np.add.reduceat(known, self.starts, axis=0, dtype=float)
        total = np.add.reduceat(np.where(known, self.rows, 0.0), self.starts, axis=0)
        every = total.sum(axis=0) / np.maximum(count.sum(axis=0), 1.0)
        means = np.where(count > 0, total / np.maximum(count, 1.0), every)
        own = np.isnan(self.between)
        usual = np.where(own, 0.0, self.between).sum(axis=0) / np.maximum((~own).sum(axis=0), 1)
        return (
            np.where(known, self.rows, np.repeat(means, self.sizes, axis=0)),
            np.where(own, usual, self.between),
        )

    @property
    def cells(self) -> float:
        """Answers seen, weighted: of both levels."""
        rows, own = (~np.isnan(part) for part in (self.rows, self.between))
        by_row = rows.sum(axis=1).astype(float)
        if self.row_weights is not None:
            by_row = by_row * self.row_weights
        by_cluster = np.add.reduceat(by_row, self.starts) + own.sum(axis=1)
        if self.cluster_weights is not None:
            by_cluster = by_cluster * self.cluster_weights
        return float(by_cluster.sum())

    @property
    def n(self) -> int:
        """Rows analysed."""
        return len(self.rows)

    @property
    def n_clusters(self) -> int:
        """Clusters analysed."""
        return len(self.starts)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know of the rows and their clusters."""
        return (*self.losses, *_said(self))

    @cached_property
    def sizes(self) -> Array:
        """Rows of each cluster (J,)."""
        return np.diff(np.append(self.starts, len(self.rows)))

    @cached_property
    def means(self) -> Array:
        """Mean of each variable within, by cluster (J, p)."""
        return np.asarray(
            np.add.reduceat(self.filled[0], self.starts, axis=0) / self.sizes[:, None]
        )

    @cached_property
    def away(self) -> Array:
        """Rows from their cluster's mean (N, p)."""
        return np.asarray(self.filled[0] - np.repeat(self.means, self.sizes, axis=0))

    @cached_property
    def pooled(self) -> Array:
        """Pooled covariance within clusters (p, p), divisor N - J."""
        return np.asarray(self.away.T @ self.away / (self.n - self.n_clusters))

    @cached_property
    def vectors(self) -> Array:
        """(J, z + p): each cluster's own variables and scaled means."""
        return np.hstack([self.filled[1], self.means * np.sqrt(self.sizes)[:, None]])

    @cached_property
    def size_of(self) -> Array:
        """For each cluster the place of its size among the different ones (J,)."""
        return np.unique(self.sizes, return_inverse=True)[1]

    @cached_property
    def by_size(self) -> SizeGroup:
        """The vectors summarised for each size."""
        sizes, at = np.unique(self.sizes, return_inverse=True)
        order = np.argsort(at, kind="stable")
        counts = np.bincount(at)
        first = np.concatenate([[0], np.cumsum(counts)[:-1]])
        sorted_vectors = self.vectors[order]
        means = np.add.reduceat(sorted_vectors, first, axis=0) / counts[:, None]
        away = sorted_vectors - np.repeat(means, counts, axis=0)
        v = away.shape[1]
        covariances = np.empty((len(sizes), v, v))
        for s, (start, count) in enumerate(zip(first, counts, strict=True)):
            own = away[start : start + count]
            covariances[s] = own.T @ own / count
        return SizeGroup(sizes.astype(float), counts.astype(float), means, covariances)

    @property
    def mean_size(self) -> float:
        """c of analysis of variance, near the mean size: (N - sum n^2 / N) / (J - 1)."""
        n, j = self.n, self.n_clusters
        return float((n - (self.sizes.astype(float) @ self.sizes) / n) / (j - 1))


def cluster_data(
    data: pd.DataFrame,
    model: TwoLevelModel,
    cluster: str,
    *,
    incomplete: bool = False,
    needed: Sequence[str] = (),
    weights: str | None = None,
    cluster_weights: str | None = None,
    group: object = None,
) -> ClusterData:
    """The rows that have a cluster and every answer, checked, each cluster's together.

    ``incomplete`` keeps rows with a missing answer that have at least one at level 1 and all of those
    ``needed``. ``weights`` is the column of the rows' weights, which are scaled to add up to each
    cluster's size; ``cluster_weights`` that of the clusters', scaled so that all rows' weights add up to
    their number.

    Raises MissingItem, DataError naming a level-2 variable that differs within a cluster, NoVariance,
    NotPositiveDefinite, and TooFewCases for too few clusters or rows.
    """
    losses: list[str] = []
    names = model.observed
    p = len(model.within.observed)
    values = numeric_rows(data, names)
    _require_answers(values, names, "" if group is None else f" in group {group}")
    known = data[cluster].notna().to_numpy()
    answered = ~np.isnan(values)
    complete = answered.all(axis=1)
    if incomplete:
        given = answered[:, [k for k, name in enumerate(names) if name in needed]].all(axis=1)
        complete = given & answered[:, :p].any(axis=1)
    weighed = np.ones(len(data), dtype=bool)
    columns = [column for column in (weights, cluster_weights) if column is not None]
    weighing = numeric_rows(data, tuple(columns)) if columns else np.zeros((len(data), 0))
    if columns:
        weighed = _weighed(weighing, columns)
    missing = "no answer, or none of a fixed predictor," if incomplete else "a missing answer"
    for why, lost in (
        (f"no value of {cluster}", ~known),
        (missing, known & ~complete),
        (f"no weight above 0 in {' or '.join(columns)}", known & complete & ~weighed),
    ):
        count = int(lost.sum())
        if count:
            verb = "has" if count == 1 else "have"
            left = "was left out" if count == 1 else "were left out"
            losses.append(f"{count} of {len(data)} rows {verb} {why} and {left}")
    keep = known & complete & weighed
    codes, labels = pd.factorize(data.loc[keep, cluster])
    order = np.argsort(codes, kind="stable")
    codes, values = codes[order], values[keep][order]
    weighing = weighing[keep][order]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    own = _between(values[:, p:], starts, names[p:], cluster)
    by_row = by_cluster = None
    if len(starts):
        sizes = np.diff(np.append(starts, len(values)))
        if weights is not None:
            by_row = weighing[:, 0]
            by_row = by_row * np.repeat(sizes / np.add.reduceat(by_row, starts), sizes)
        if cluster_weights is not None:
            by_cluster = _between(weighing[:, -1:], starts, [cluster_weights], cluster)[:, 0]
            by_cluster = by_cluster * (len(values) / float(by_cluster @ sizes))
    found = ClusterData(
        model,
        cluster,
        values[:, :p],
        own,
        starts,
        tuple(labels),
        tuple(losses),
        by_row,
        by_cluster,
        group,
    )
    _require_enough(found)
    _require_variance(found)
    return found


def _weighed(values: Array, names: Sequence[str]) -> Array:
    """Rows with a weight above 0. Raises DataError for weights below."""
    for name, column in zip(names, values.T, strict=True):
        if (column < 0).any():
            raise DataError(f"{name}: weights below 0 have no meaning; correct them")
    return np.asarray((values > 0).all(axis=1))


def _between(values: Array, starts: Array, names: Sequence[str], cluster: str) -> Array:
    """Each cluster's value (J, z) of the variables that only clusters have."""
    if not len(starts):
        return values
    low, high = (edge.reduceat(values, starts, axis=0) for edge in (np.fmin, np.fmax))
    for j, name in enumerate(names):
        unlike = int((low[:, j] < high[:, j]).sum())
        if unlike:
            where = "one cluster" if unlike == 1 else f"{unlike} clusters"
            raise DataError(
                f"{name} stands at level 2 only, but differs within {where} of {cluster}; give each "
                "cluster one value, such as its mean, or put the variable at level 1, too"
            )
    return low


def _require_enough(data: ClusterData) -> None:
    model, clusters = data.model, data.n_clusters
    needed = len(model.between.observed) + 1
    where = "" if data.group is None else f" in group {data.group}"
    if clusters < needed:
        raise TooFewCases(
            needed,
            clusters,
            what=f"clusters in {data.cluster} for {needed - 1} level-2 variables{where}",
        )
    if data.n == clusters:
        raise DataError(
            f"every cluster of {data.cluster} has one row{where}, so that the levels cannot be told "
            "apart; fit a model without levels"
        )
    degrees, p = data.n - clusters, len(model.within.observed)
    if degrees <= p:
        raise TooFewCases(clusters + p + 1, data.n, what=f"rows in {clusters} clusters{where}")


def _require_answers(values: Array, names: Sequence[str], where: str) -> None:
    for name, unseen in zip(names, np.isnan(values).all(axis=0), strict=True):
        if unseen:
            raise NoVariance(f"{name} has no answer{where}; leave it out")


def _require_variance(data: ClusterData) -> None:
    model = data.model
    where = "" if data.group is None else f" in group {data.group}"
    _require_answers(data.rows, model.within.observed, where)
    _require_answers(data.between, model.between_only, where)
    pooled = data.pooled.diagonal()
    known = np.isfinite(data.rows).sum(axis=0)
    columns = zip(model.within.observed, known, pooled, data.filled[0].T, strict=True)
    for name, count, inside, column in columns:
        spread = float(column.var())
        if spread <= ALMOST_NOTHING * max(float(column.mean()) ** 2, 1e-300):
            raise NoVariance(
                f"{name}: all {count} answers{where} are {column[0]:g}; leave the item out"
            )
        if inside <= ALMOST_NOTHING * spread:
            raise NoVariance(
                f"{name} is the same for all rows of each {data.cluster}{where}; put it at level 2 only"
            )
    for name, column in zip(model.between_only, data.filled[1].T, strict=True):
        if column.min() == column.max():
            raise NoVariance(f"{name}: all clusters{where} have {column[0]:g}; leave it out")
    for matrix, names, what in (
        (data.pooled, model.within.observed, "within clusters"),
        (np.cov(data.filled[1], rowvar=False), model.between_only, "of the level-2 variables"),
    ):
        _require_definite(np.atleast_2d(matrix), names, what)


def _require_definite(matrix: Array, names: Sequence[str], what: str) -> None:
    if not len(names):
        return
    sd = np.sqrt(matrix.diagonal())
    correlation = matrix / (sd[:, None] * sd)
    root, failed = lapack.dpotrf(correlation, lower=1)
    # Each pivot is what the variables before leave of a variance: far from nothing, nothing is wrong.
    if not failed and root.diagonal().min() > 1e-3:
        return
    values, vectors = np.linalg.eigh(correlation)
    if values[0] > 1e-10:
        return
    culprits = [
        names[i] for i in np.argsort(-np.abs(vectors[:, 0]))[:4] if abs(vectors[i, 0]) > 0.1
    ]
    raise NotPositiveDefinite(
        f"the covariance matrix {what} is not positive definite; look for duplicate or exactly "
        f"dependent variables among {', '.join(culprits)}"
    )


def _said(data: ClusterData) -> list[str]:
    """What a reader must know of the clusters."""
    found = []
    single = int((data.sizes == 1).sum())
    if single:
        who = "1 cluster has" if single == 1 else f"{single} clusters have"
        found.append(f"{who} one row, which says nothing about the level within clusters")
    if data.n_clusters < FEW_CLUSTERS:
        found.append(
            f"{data.cluster} has {data.n_clusters} clusters; below {FEW_CLUSTERS} the standard errors "
            "of level 2 tend to be too small, and its estimates to be improper"
        )
    for name, value in zip(data.model.within.observed, analysis_of_variance(data), strict=True):
        if name in data.model.both and value <= 0:
            found.append(
                f"{name} differs no more between clusters than rows do within them (ICC {value:.3f}); "
                "its variance between clusters may be estimated below 0"
            )
        elif name in data.model.within_only and value > ALIKE:
            found.append(
                f"{name} stands at level 1 only, but its values are alike within clusters (ICC "
                f"{value:.2f}); put it at level 2, too, or take its cluster's mean from it"
            )
    return found


def analysis_of_variance(data: ClusterData) -> Array:
    """Intraclass correlation of each variable within (p,), by one-way analysis of variance."""
    inside = data.pooled.diagonal()
    about = data.means - data.filled[0].mean(axis=0)
    between = (data.sizes @ about**2) / (data.n_clusters - 1)
    size = data.mean_size
    return np.asarray((between - inside) / (between + (size - 1) * inside))
