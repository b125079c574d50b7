"""Rows turned into moments once, so that any resample's moments are one matrix product.

Resampling rows is weighing them by counts. All that PLS needs of a resample is the covariance
matrix of its items, and that is linear in the products of the columns: with the products computed
once, thousands of resamples cost one product of matrices, whatever the number of rows. Products of
constructs (moderation) need the products of their items besides; mean replacement, redone within
each resample, needs the columns that say what is observed. Both stay exact by writing a centred
resample column as a combination of fixed columns with the resample's means as coefficients.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import DataError, NoVariance, TooFewCases
from analysis.moments import Moments, numeric

Missing = Literal["mean", "listwise"]

# Items whose variance in a resample is below this share of that in the sample do not vary.
_FLAT = 1e-10
# Doubles held at a time by a block of column products: 64 MB.
_BLOCK = 8_000_000


@dataclass(frozen=True)
class Batch:
    """Moments of B samples of the same q variables: p items, then products of items.

    ``cov`` (B, q, q) is the covariance (divisor n) of the items standardised within each sample
    and of the products of these standardised items; ``mean`` and ``sd`` (B, p) are those of the
    items in their own units. ``kept`` (B,) are the numbers of the samples that were asked for:
    samples in which an item does not vary are absent.
    """

    cov: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    kept: np.ndarray
    n: float

    def take(self, rows: np.ndarray) -> Batch:
        """Some of the samples."""
        return Batch(self.cov[rows], self.mean[rows], self.sd[rows], self.kept[rows], self.n)


@dataclass(frozen=True)
class Cases:
    """Rows ready for resampling: item columns in standard units, what is missing, products.

    ``values`` (n, p) are the answers with NaN where missing; ``pairs`` the item products wanted;
    ``index`` names the rows as the data does. ``weights`` (n,) are the rows' sampling weights, of
    mean 1; ``clusters`` (n,) the numbers from 0 of the clusters that rows were drawn in. What is
    resampled are the *units*: clusters where there are any, else rows.
    """

    items: tuple[str, ...]
    values: np.ndarray
    pairs: tuple[tuple[int, int], ...]
    index: pd.Index
    weights: np.ndarray | None = None
    clusters: np.ndarray | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.values)

    @cached_property
    def units(self) -> int:
        """Number of units."""
        return self.n if self.clusters is None else int(self.clusters.max()) + 1

    @property
    def effective_n(self) -> float:
        """Kish's effective number of rows under the weights; n without."""
        w = self.weights
        return float(self.n) if w is None else float(w.sum() ** 2 / (w @ w))

    @cached_property
    def centre(self) -> np.ndarray:
        """Means (p,) of the observed answers."""
        return np.asarray(np.nanmean(self.values, axis=0))

    @cached_property
    def spread(self) -> np.ndarray:
        """Standard deviations (p,) of the observed answers, divisor the number observed."""
        return np.asarray(np.nanstd(self.values, axis=0))

    @cached_property
    def incomplete(self) -> np.ndarray:
        """Whether an item has missing answers (p,)."""
        return np.asarray(np.isnan(self.values).any(axis=0))

    @cached_property
    def _basis(self) -> _Basis:
        return _Basis.of(self)

    @cached_property
    def _products(self) -> np.ndarray | None:
        """Weighted column products (units, f(f+1)/2); None if they would not fit."""
        f = self._basis.columns.shape[1]
        if self.units * f * (f + 1) // 2 > 2 * _BLOCK:
            return None
        if self.clusters is None:
            return self._block(slice(0, self.n))
        sums = np.zeros((self.units, f * (f + 1) // 2))
        for rows in self._steps():
            np.add.at(sums, self.clusters[rows], self._block(rows))
        return sums

    def _block(self, rows: slice) -> np.ndarray:
        columns = self._basis.columns[rows]
        first, second = np.triu_indices(columns.shape[1])
        products = columns[:, first] * columns[:, second]
        if self.weights is not None:
            products *= self.weights[rows, None]
        return np.asarray(products)

    def _steps(self) -> Iterator[slice]:
        f = self._basis.columns.shape[1]
        step = max(1, _BLOCK // (f * (f + 1) // 2))
        for start in range(0, self.n, step):
            yield slice(start, min(start + step, self.n))

    def _raw(self, counts: np.ndarray) -> np.ndarray:
        """Raw second moments (B, f, f) of the basis columns under the counts of units (B, u)."""
        f = self._basis.columns.shape[1]
        first, second = np.triu_indices(f)
        if self._products is not None:
            sums = counts @ self._products
        else:
            own = counts if self.clusters is None else counts[:, self.clusters]
            sums = np.zeros((len(counts), len(first)))
            for rows in self._steps():
                sums += own[:, rows] @ self._block(rows)
        sums /= sums[:, [0]]  # the ones' own product: the sum of the weights
        place = np.empty((f, f), dtype=np.intp)
        place[first, second] = place[second, first] = np.arange(len(first))
        return np.asarray(sums[:, place])

    def batch(self, counts: np.ndarray) -> Batch:
        """Moments of the samples in which unit i stands ``counts[b, i]`` times (B, units).

        Of unequal clusters ``n`` is the sample's number of rows, about which that of the resamples
        scatters; it only enters adjusted R-squared and the size of products.
        """
        raw = self._raw(np.asarray(counts, dtype=float))
        cov, shift, usable = self._basis.centred(raw)
        p = len(self.items)
        variance = np.einsum("bii->bi", cov)[:, :p]
        usable = usable & (variance > _FLAT).all(axis=1)
        if not usable.all():
            cov, shift, variance = cov[usable], shift[usable], variance[usable]
        sd = np.sqrt(variance)
        scale = np.concatenate([sd] + [(sd[:, i] * sd[:, j])[:, None] for i, j in self.pairs], 1)
        cov /= scale[:, :, None]
        cov /= scale[:, None, :]
        diagonal = np.arange(p)
        cov[:, diagonal, diagonal] = 1.0
        return Batch(
            cov,
            self.centre + shift * self.spread,
            sd * self.spread,
            np.flatnonzero(usable),
            float(counts[0].sum()) if self.clusters is None else float(self.n),
        )

    def whole(self) -> Batch:
        """Moments of the rows as they are: a batch of one."""
        return self.batch(np.ones((1, self.units)))

    def standardised(self, rows: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
        """Rows (m, p) of answers in units of a sample, missing at its mean, products added (m, q)."""
        z = (rows - mean) / sd
        z = np.where(np.isnan(z), 0.0, z)
        if not self.pairs:
            return z
        at = np.array(self.pairs)
        return np.hstack([z, z[:, at[:, 0]] * z[:, at[:, 1]]])


@dataclass(frozen=True)
class _Basis:
    """Fixed columns (n, f), and how a resample's centred columns are made of them.

    Each term (target, column, means, factor) adds ``factor * prod(mean of the items in means)``
    times a column to a target; a centred item is a - mean * observed, and a product of two such
    is written out.
    """

    columns: np.ndarray
    terms: tuple[tuple[int, int, tuple[int, ...], float], ...]
    answer: np.ndarray  # (p,) column of each item's answers
    observed: np.ndarray  # (p,) column that says where the item is observed; 0 (always) if complete
    targets: int

    @staticmethod
    def of(cases: Cases) -> _Basis:
        p = len(cases.items)
        z = (cases.values - cases.centre) / cases.spread
        seen = ~np.isnan(z)
        z = np.where(seen, z, 0.0)
        made: dict[tuple[tuple[str, int], ...], int] = {(): 0}
        columns: list[np.ndarray] = [np.ones(cases.n)]

        def column(*factors: tuple[str, int]) -> int:
            answers = [f for f in factors if f[0] == "a"]
            marks = {f for f in factors if f[0] == "m" and cases.incomplete[f[1]]}
            key = tuple(sorted([*answers, *(m for m in marks if ("a", m[1]) not in answers)]))
            if key not in made:
                made[key] = len(columns)
                parts = [z[:, i] if kind == "a" else seen[:, i].astype(float) for kind, i in key]
                columns.append(np.prod(parts, axis=0))
            return made[key]

        answer = np.array([column(("a", i)) for i in range(p)])
        observed = np.array([column(("m", i)) for i in range(p)])
        terms: list[tuple[int, int, tuple[int, ...], float]] = []
        for i in range(p):
            terms += [(i, int(answer[i]), (), 1.0), (i, int(observed[i]), (i,), -1.0)]
        for t, (i, j) in enumerate(cases.pairs, start=p):
            terms += [
                (t, column(("a", i), ("a", j)), (), 1.0),
                (t, column(("m", i), ("a", j)), (i,), -1.0),
                (t, column(("a", i), ("m", j)), (j,), -1.0),
                (t, column(("m", i), ("m", j)), (i, j), 1.0),
            ]
        return _Basis(
            np.column_stack(columns), tuple(terms), answer, observed, p + len(cases.pairs)
        )

    def centred(self, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Covariances (B, q, q) and means (B, p) in the basis' units, and which samples are usable."""
        share = raw[:, 0, self.observed]
        usable = np.asarray((share > 0).all(axis=1))
        mean = raw[:, 0, self.answer] / np.where(share > 0, share, 1.0)
        if len(self.terms) == 2 * len(self.answer) and not self.observed.any():
            at = self.answer[0]  # complete items alone: the columns stand together, after the ones
            inner = raw[:, at:, at:]
            return inner - mean[:, :, None] * mean[:, None, :], mean, usable
        mixing = np.zeros((len(raw), raw.shape[1], self.targets))
        for target, column, means, factor in self.terms:
            mixing[:, column, target] += factor * np.prod(mean[:, list(means)], axis=1)
        second = np.swapaxes(mixing, 1, 2) @ raw @ mixing
        first = (raw[:, 0, None, :] @ mixing)[:, 0]
        return second - first[:, :, None] * first[:, None, :], mean, usable


def read_cases(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    missing: Missing = "mean",
    pairs: Sequence[tuple[int, int]] = (),
    need: int = 2,
    weights: np.ndarray | None = None,
    clusters: np.ndarray | None = None,
) -> Cases:
    """The items' columns ready for resampling.

    ``missing`` "mean" puts the item's (weighted) mean in place of a missing answer (within each
    resample anew), "listwise" leaves out rows with any. ``weights`` (positive, of any scale) and
    ``clusters`` (any labels without gaps) are one a row. Raises MissingItem, DataError (text, infinity, an
    item without answers), TooFewCases below ``need`` rows, NoVariance naming item and value.
    """
    if missing not in ("mean", "listwise"):
        raise DataError(f"missing={missing!r} is not known; use 'mean' or 'listwise'")
    values = numeric(data, items)
    empty = np.isnan(values).all(axis=1)
    gone = np.isnan(values).any(axis=1) if missing == "listwise" else empty
    kept = values[~gone]
    if len(kept) < need:
        raise TooFewCases(need, len(kept), what="rows (more rows than items)")
    for j, name in enumerate(items):
        answers = kept[:, j][~np.isnan(kept[:, j])]
        if not answers.size:
            raise DataError(f"{name} has no answer in any row; leave the item out of the model")
        if (answers == answers[0]).all():
            raise NoVariance(
                f"{name}: all {answers.size} answers are {answers[0] + 0.0:g}; leave the item out"
            )
    if weights is not None:
        weights = weights[~gone] * (len(kept) / weights[~gone].sum())
    if clusters is not None:
        clusters = pd.factorize(clusters[~gone])[0]
    return Cases(tuple(items), kept, tuple(pairs), data.index[~gone], weights, clusters)


def batch_of(moments: Moments) -> Batch:
    """Moments given as such, as a batch of one sample without products."""
    return Batch(
        moments.correlation[None], moments.mean[None], moments.sd[None], np.arange(1), moments.n
    )
