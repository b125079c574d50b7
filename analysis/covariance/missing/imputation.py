"""Multiple imputation of incomplete rows under the normal model, by data augmentation.

Of numbers as Schafer (1997) has it: from the EM moments, missing cells are drawn given the moments and the row's other answers,
then the moments given the completed rows (an inverse Wishart covariance, a normal mean), many times over.
Every so many rounds the completed rows are kept. Ordinal answers are completed by ``latent_chain``. Used as a check on full information maximum
likelihood: both are right where cells are missing at random, and imputation can know further variables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.linalg import solve_triangular

from analysis.covariance.data import require_group_column
from analysis.covariance.matrices import Array
from analysis.covariance.missing.latent_chain import LatentChain
from analysis.covariance.missing.missing_patterns import em_moments, patterns_of
from analysis.errors import DataError, NoVariance, TooFewCases
from analysis.moments import numeric

BURN_IN = 100  # rounds before the first imputation
BETWEEN = 20  # rounds between two
MOST = 1_000


def imputations(
    data: pd.DataFrame,
    names: tuple[str, ...],
    *,
    count: int = 20,
    seed: int = 1,
    group: str | None = None,
    ordered: Sequence[str] = (),
) -> Iterator[pd.DataFrame]:
    """``count`` copies of the data with the missing cells of the columns ``names`` drawn, within each group
    where ``group`` names their column; rows without any of these answers, or a group, are left out.

    The model is a joint normal of all the columns: answers on few categories are drawn as numbers and
    not rounded, because rounding would bias. Those of ``ordered`` columns are drawn as categories, of a joint
    normal of the variables behind them; only categories that the group gave are drawn.

    Raises DataError for a ``count`` outside 2 to 1,000, no missing cell or an ordered column of more than
    20 answers, TooFewCases for fewer rows than columns, NoVariance for a column without answers or of one answer,
    NotPositiveDefinite for columns that determine one another.
    """
    if not 2 <= count <= MOST:
        raise DataError(f"{count} imputations; choose 2 to {MOST}")
    values = numeric(data, names)
    known = ~np.isnan(values).all(axis=1)
    labels = np.zeros(len(data), dtype=object)
    if group is not None:
        column = require_group_column(data, group)
        known &= column.notna().to_numpy()
        labels = column.astype(str).to_numpy()
    if not np.isnan(values[known]).any():
        raise DataError("no answer is missing, so there is nothing to impute")
    rng = np.random.default_rng(seed)
    kept, values, labels = data[known], values[known], labels[known]
    places = [np.flatnonzero(labels == label) for label in pd.unique(labels)]
    ordinal = tuple(names.index(name) for name in ordered)
    chains: list[_Chain | LatentChain] = []
    for at in places:
        # As messages name them.
        called = names if group is None else tuple(f"{n} in group {labels[at[0]]}" for n in names)
        _require_variance(values[at], called, ordinal)
        chains.append(
            LatentChain(values[at], called, ordinal, rng)
            if ordinal
            else _Chain(values[at], called, rng)
        )
    for number in range(count):
        completed = values.copy()
        for at, chain in zip(places, chains, strict=True):
            completed[at] = chain.settled(BURN_IN) if number == 0 else chain.after(BETWEEN)
        yield kept.assign(**dict(zip(names, completed.T, strict=True)))


def _require_variance(values: Array, names: Sequence[str], ordinal: Sequence[int]) -> None:
    """Of the columns that are numbers; the chain of ordinal ones says it of those."""
    for j, name in enumerate(names):
        known = values[~np.isnan(values[:, j]), j]
        if j in ordinal or (len(known) and known.min() < known.max()):
            continue
        given = f"all {len(known)} answers are {known[0]:g}" if len(known) else "no answers"
        raise NoVariance(f"{name}: {given}; leave the item out")


class _Chain:
    """The Markov chain of completed rows and moments."""

    def __init__(self, values: Array, names: tuple[str, ...], rng: np.random.Generator) -> None:
        n, p = values.shape
        if n <= p + 1:
            raise TooFewCases(p + 2, n, what="rows to impute from")
        # About the columns' means and in their standard deviations, whatever their units.
        self.centre, spread = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
        self.scale = np.where(spread > 0, spread, 1.0)
        rows = (values - self.centre) / self.scale
        self.rows, self.rng = rows.copy(), rng
        holes = np.isnan(rows)
        patterns, of_row = np.unique(holes, axis=0, return_inverse=True)
        self.parts = [
            (pattern, np.flatnonzero(of_row.reshape(-1) == k))
            for k, pattern in enumerate(patterns)
            if pattern.any()
        ]
        self.mean, self.cov = em_moments(patterns_of(rows), names)

    def settled(self, rounds: int) -> Array:
        """The rows completed for the first time."""
        return self.after(rounds)

    def after(self, rounds: int) -> Array:
        """The rows (n, p) completed, after as many rounds."""
        for _ in range(rounds):
            self._draw_cells()
            self._draw_moments()
        self._draw_cells()
        return np.asarray(self.rows * self.scale + self.centre)

    def _draw_cells(self) -> None:
        for holes, at in self.parts:
            seen = ~holes
            slopes = np.linalg.solve(self.cov[np.ix_(seen, seen)], self.cov[np.ix_(seen, holes)])
            left = self.cov[np.ix_(holes, holes)] - self.cov[np.ix_(holes, seen)] @ slopes
            root = np.linalg.cholesky((left + left.T) / 2 + 1e-12 * np.eye(len(left)))
            about = (self.rows[np.ix_(at, seen)] - self.mean[seen]) @ slopes + self.mean[holes]
            noise = self.rng.normal(size=(len(at), len(left)))
            self.rows[np.ix_(at, holes)] = about + noise @ root.T

    def _draw_moments(self) -> None:
        """From the posterior under the noninformative prior (Schafer 1997, 5.3)."""
        n, p = self.rows.shape
        mean = self.rows.mean(axis=0)
        away = self.rows - mean
        root = np.linalg.cholesky(away.T @ away)
        # Bartlett's decomposition of a Wishart with n - 1 degrees of freedom, inverted.
        triangle = np.tril(self.rng.normal(size=(p, p)), -1)
        degrees = n - 1 - np.arange(p)
        triangle[np.diag_indices(p)] = np.sqrt(self.rng.chisquare(degrees))
        half = solve_triangular(triangle, root.T, lower=True)
        self.cov = half.T @ half
        self.mean = mean + np.linalg.cholesky(self.cov / n) @ self.rng.normal(size=p)
