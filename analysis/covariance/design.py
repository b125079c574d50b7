"""How the rows were drawn: sampling weights, and clusters whose rows are not independent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.covariance.matrices import Array

BLOCK = 4096


@dataclass(frozen=True)
class Design:
    """Of n analysed rows: weights (n,) that sum to n, of all groups together, and the number of each
    row's cluster (n,) in rising order; None where every row weighs 1, or is drawn by itself.
    """

    weights: Array | None = None
    clusters: Array | None = None

    @property
    def simple(self) -> bool:
        """Whether every row weighs the same and stands by itself."""
        return self.weights is None and self.clusters is None

    def size_of(self, n: int) -> float:
        """The sum of the rows' weights; n without."""
        return float(n) if self.weights is None else float(self.weights.sum())

    @cached_property
    def starts(self) -> Array:
        """Where each cluster's rows begin (C,)."""
        if self.clusters is None:
            raise ValueError("no clusters")
        return np.flatnonzero(np.diff(self.clusters, prepend=-1))

    @property
    def correction(self) -> float:
        """C / (C - 1) for C clusters, as lavaan; 1 without clusters."""
        if self.clusters is None:
            return 1.0
        return len(self.starts) / (len(self.starts) - 1)

    def blocks(self, n: int) -> Iterator[slice]:
        """The rows in pieces that stay in the processor's cache and split no cluster."""
        if self.clusters is None:
            for start in range(0, n, BLOCK):
                yield slice(start, min(start + BLOCK, n))
            return
        start = 0
        for end in [*self.starts[1:], n]:
            if end - start >= BLOCK or end == n:
                yield slice(start, int(end))
                start = int(end)

    def totals(self, scores: Array, at: slice) -> Array:
        """The scores (rows of ``at``, k) weighted, and summed over each cluster."""
        own = scores if self.weights is None else scores * self.weights[at, None]
        if self.clusters is None:
            return own
        first = np.flatnonzero(np.diff(self.clusters[at], prepend=-1))
        return np.asarray(np.add.reduceat(own, first, axis=0))

    def products(self, scores: Array) -> Array:
        """Sum over clusters (rows without) of the outer products of their scores (k, k)."""
        if self.simple:
            return np.asarray(scores.T @ scores)
        total = np.zeros((scores.shape[1],) * 2)
        for at in self.blocks(len(scores)):
            own = self.totals(scores[at], at)
            total += own.T @ own
        return total * self.correction

    def mean(self, values: Array) -> Array:
        """Weighted mean of the values (n, ...) that are not NaN, by column."""
        seen = ~np.isnan(values)
        if self.weights is None:
            return np.asarray(np.nanmean(values, axis=0))
        weights = self.weights[:, None] * seen
        return np.asarray(
            np.sum(np.where(seen, values, 0.0) * weights, axis=0) / weights.sum(axis=0)
        )

    def moments(self, rows: Array) -> tuple[Array, Array]:
        """Weighted mean (p,) and covariance (p, p) of complete rows, divisor the sum of weights."""
        mean = self.mean(rows)
        away = rows - mean
        weighed = away if self.weights is None else away * self.weights[:, None]
        return mean, np.asarray(weighed.T @ away / self.size_of(len(rows)))

    def size(self, values: Array) -> Array:
        """Sum of the weights of the values (n, p) that are not NaN, by column."""
        seen = ~np.isnan(values)
        return np.asarray(seen.sum(axis=0) if self.weights is None else self.weights @ seen)


def joined(designs: Sequence[Design]) -> Design:
    """How the rows of several groups were drawn, whose clusters are not the same ones."""
    if len(designs) == 1:
        return designs[0]
    weights, clusters, before = [], [], 0
    for one in designs:
        if one.weights is not None:
            weights.append(one.weights)
        if one.clusters is not None:
            clusters.append(one.clusters + before)
            before += int(one.clusters.max()) + 1
    return Design(
        np.concatenate(weights) if weights else None,
        np.concatenate(clusters) if clusters else None,
    )


def saturated_trace(centred: Array, inverse: Array, design: Design, *, means: bool) -> float:
    """tr(A^-1 B) of the unrestricted model, ``inverse`` that of the sample's covariance.

    In whitened rows y a cluster's scores are sum w (y y' - I), of which half the squared length
    counts, and sum w y for the means.
    """
    n, p = centred.shape
    white = np.linalg.cholesky(inverse)
    i, j = np.tril_indices(p)
    unit = (i == j).astype(float)
    once = np.where(i == j, 0.5, 1.0)
    total = 0.0
    for at in design.blocks(n):
        y = centred[at] @ white
        moments = design.totals(y[:, i] * y[:, j] - unit, at)
        total += float(np.sum(moments**2, axis=0) @ once)
        if means:
            total += float(np.sum(design.totals(y, at) ** 2))
    return float(total * design.correction / design.size_of(n))


def independent_trace(centred: Array, design: Design, *, means: bool) -> float:
    """tr(A^-1 B) of the independence model: over items, each by its own answers (n, p), NaN where
    there is none.
    """
    seen = ~np.isnan(centred)
    size = design.size(centred)
    squares = centred**2
    variances = design.mean(squares)
    second = np.where(seen, squares / variances - 1, 0.0)
    first = np.where(seen, centred / np.sqrt(variances), 0.0)
    total = np.zeros(centred.shape[1])
    for at in design.blocks(len(centred)):
        total += 0.5 * np.sum(design.totals(second[at], at) ** 2, axis=0)
        if means:
            total += np.sum(design.totals(first[at], at) ** 2, axis=0)
    return float(np.sum(total / size) * design.correction)
