"""What answers the samples of dynamic cut-offs consist of, and how the model is fitted to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from scipy import special

from analysis.covariance.matrices import Array
from analysis.covariance.ordinal.ordinal_fits import ordinal_fits, ordinal_model
from analysis.covariance.ordinal.ordinal_samples import OrdinalPopulation, require_few_rows
from analysis.covariance.ordinal.polychoric import MAX_CATEGORIES
from analysis.covariance.sem import SemFit
from analysis.covariance.simulation.row_fits import RowEstimation, row_fits
from analysis.covariance.simulation.simulated_fits import (
    Progress,
    SimulatedFits,
    population_fit,
    simulated_fits,
)
from analysis.covariance.simulation.transformed_rows import transformed_rows
from analysis.covariance.text.model import Model
from analysis.errors import DataError, ModelError
from analysis.moments import Moments

# How the answers of samples come about; ordinal ones belong to WLSMV.
ANSWERS = ("normal", "likert", "bootstrap")
ORDINAL = "ordinal"
POOLED = 64  # samples whose moments together stand for the population
LARGEST = 4_000_000  # answers that are held at once


@dataclass(frozen=True)
class Draws:
    """How many samples are drawn, with what, on how many threads, and who hears of it."""

    reps: int
    rng: np.random.Generator
    workers: int | None
    progress: Progress | None


class CutoffSamples(Protocol):
    """Samples from a population of standardised items, with the model fitted to each."""

    @property
    def fitted(self) -> Fitted:
        """The model, and the samples' number of rows."""
        ...

    def fits(self, correlation: Array, draws: Draws) -> SimulatedFits:
        """From the population of this correlation (p, p)."""
        ...


@dataclass(frozen=True)
class Fitted:
    """The model as it is fitted to samples of n rows of its items."""

    items: tuple[str, ...]
    model: Model
    n: int
    std_lv: bool = False
    orthogonal: bool = False

    def to_population(self, cov: Array) -> SemFit:
        """Its fit to these covariances (p, p) by maximum likelihood.

        Raises ModelError without degrees of freedom, and as ``population_fit``.
        """
        moments = Moments(self.items, self.n, np.zeros(len(self.items)), cov)
        fit = population_fit(moments, self.model, std_lv=self.std_lv, orthogonal=self.orthogonal)
        if fit.tests.df < 1:
            raise ModelError("a model without degrees of freedom always fits and has no cut-offs")
        return fit


@dataclass(frozen=True)
class NormalSamples:
    """Normal answers with these standard deviations (p,), by maximum likelihood."""

    fitted: Fitted
    sd: Array

    def fits(self, correlation: Array, draws: Draws) -> SimulatedFits:
        """As ``simulated_fits``."""
        fit = self.fitted.to_population(correlation * np.outer(self.sd, self.sd))
        return simulated_fits(
            fit, reps=draws.reps, rng=draws.rng, workers=draws.workers, progress=draws.progress
        )


@dataclass(frozen=True)
class OrdinalSamples:
    """Normal answers cut at thresholds, by WLSMV (McNeish 2023)."""

    fitted: Fitted
    thresholds: tuple[Array, ...]

    def fits(self, correlation: Array, draws: Draws) -> SimulatedFits:
        """As ``ordinal_fits``."""
        own = self.fitted
        own.to_population(correlation)
        population = OrdinalPopulation(own.items, correlation, self.thresholds)
        model = ordinal_model(
            population, own.n, own.model, std_lv=own.std_lv, orthogonal=own.orthogonal
        )
        found = ordinal_fits(
            model,
            population,
            own.n,
            reps=draws.reps,
            rng=draws.rng,
            workers=draws.workers,
            progress=draws.progress,
        )
        return found.fits


@dataclass(frozen=True)
class LikertSamples:
    """Normal answers cut at the thresholds of the items' shares, which stay numbers: their ``values`` by
    item, by ML or MLR (McNeish 2023).
    """

    fitted: Fitted
    thresholds: tuple[Array, ...]
    values: tuple[Array, ...]
    estimator: str

    def fits(self, correlation: Array, draws: Draws) -> SimulatedFits:
        """As ``simulated_fits`` from rows; by MLR each sample is a fit of its own."""
        require_few_rows(self.fitted.n, len(self.fitted.items))
        self.fitted.to_population(correlation)
        population = OrdinalPopulation(self.fitted.items, correlation, self.thresholds)
        return _of_rows(self.fitted, self.estimator, draws, partial(self._rows, population))

    def _rows(self, population: OrdinalPopulation, reps: int, rng: np.random.Generator) -> Array:
        codes = population.drawn(self.fitted.n, reps, rng)
        rows = np.empty((len(self.values), reps, self.fitted.n))
        for item, own in enumerate(self.values):
            own.astype(float).take(codes[:, :, item], out=rows[item])
        return rows.transpose(1, 2, 0)


@dataclass(frozen=True)
class BootstrapSamples:
    """Rows drawn again, with their distribution and their missing answers, turned to the population's
    correlations; by ML or MLR, listwise or by FIML.
    """

    fitted: Fitted
    rows: Array
    estimator: str
    missing: str

    def fits(self, correlation: Array, draws: Draws) -> SimulatedFits:
        """As ``simulated_fits`` from complete rows by ML; else each sample is a fit of its own."""
        require_few_rows(self.fitted.n, len(self.fitted.items))
        self.fitted.to_population(correlation)
        turned = transformed_rows(self.rows, correlation)
        if np.isnan(turned).any():
            return _one_by_one(
                self.fitted, self.estimator, self.missing, draws, partial(_again, turned)
            )
        return _of_rows(self.fitted, self.estimator, draws, partial(_resampled, turned))


def _again(rows: Array, rng: np.random.Generator) -> Array:
    return np.asarray(rows[rng.integers(len(rows), size=len(rows))])


def _resampled(rows: Array, reps: int, rng: np.random.Generator) -> Array:
    return np.asarray(rows[rng.integers(len(rows), size=(reps, len(rows)))])


class _OneSample(Protocol):
    def __call__(self, rng: np.random.Generator) -> Array: ...


class _Rows(Protocol):
    def __call__(self, reps: int, rng: np.random.Generator) -> Array: ...


def _of_rows(fitted: Fitted, estimator: str, draws: Draws, rows: _Rows) -> SimulatedFits:
    """Fits to samples of complete rows (reps, n, p)."""
    if estimator == "MLR":
        return _one_by_one(
            fitted, estimator, "listwise", draws, lambda rng: np.asarray(rows(1, rng)[0])
        )
    few = max(2, min(POOLED, LARGEST // (fitted.n * len(fitted.items))))
    _, pooled = _moments_of(rows(few, draws.rng).reshape(1, -1, len(fitted.items)))
    fit = fitted.to_population(pooled[0])

    chunk = max(1, LARGEST // (fitted.n * len(fitted.items)))

    def drawn(reps: int, rng: np.random.Generator) -> tuple[Array, Array]:
        parts = [_moments_of(rows(min(chunk, reps - at), rng)) for at in range(0, reps, chunk)]
        mean, cov = zip(*parts, strict=True)
        return np.concatenate(mean), np.concatenate(cov)

    return simulated_fits(
        fit,
        reps=draws.reps,
        rng=draws.rng,
        workers=draws.workers,
        progress=draws.progress,
        draw=drawn,
    )


def _moments_of(rows: Array) -> tuple[Array, Array]:
    by_item = np.ascontiguousarray(rows.transpose(0, 2, 1))
    mean = by_item.mean(axis=2)
    by_item -= mean[:, :, None]
    return mean, by_item @ by_item.transpose(0, 2, 1) / rows.shape[1]


def _one_by_one(
    fitted: Fitted, estimator: str, missing: str, draws: Draws, draw: _OneSample
) -> SimulatedFits:
    estimation = RowEstimation(
        fitted.model, fitted.items, estimator, missing, fitted.std_lv, fitted.orthogonal
    )
    return row_fits(estimation, draw, reps=draws.reps, rng=draws.rng, progress=draws.progress).fits


def categories_of(
    rows: Array, items: tuple[str, ...]
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Thresholds and values of each item's answers in rows (n, p) with NaN, by their shares.

    Raises DataError for an item with more than 20 different answers.
    """
    thresholds, values = [], []
    for name, column in zip(items, rows.T, strict=True):
        found, counts = np.unique(column[~np.isnan(column)], return_counts=True)
        if len(found) > MAX_CATEGORIES:
            raise DataError(
                f"{name} has {len(found)} different answers, too many to be a Likert item's (at most "
                f"{MAX_CATEGORIES}); simulate normal answers, or draw the rows again (bootstrap)"
            )
        thresholds.append(np.asarray(special.ndtri(counts.cumsum()[:-1] / counts.sum())))
        values.append(found)
    return tuple(thresholds), tuple(values)
