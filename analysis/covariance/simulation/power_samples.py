"""Samples of a planned model, with the estimates and standard errors of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from analysis.covariance.estimates_table import definition_values
from analysis.covariance.matrices import Array
from analysis.covariance.ordinal.ordinal_fits import ordinal_fits, ordinal_model
from analysis.covariance.ordinal.ordinal_samples import OrdinalPopulation, require_few_rows
from analysis.covariance.parameter_table import ParameterTable
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.simulation.batch_errors import sampling_covariances
from analysis.covariance.simulation.model_population import ModelPopulation
from analysis.covariance.simulation.rmsea_power import CLOSE
from analysis.covariance.simulation.row_fits import RowEstimation, row_fits
from analysis.covariance.simulation.simulated_fits import (
    Progress,
    SimulatedFits,
    population_fit,
    simulated_fits,
)
from analysis.covariance.text.model import Model
from analysis.errors import DataError, ModelError
from analysis.moments import Moments

CHUNK = 256
MOST_MISSING = 0.9  # of the cells


@dataclass(frozen=True)
class PowerSamples:
    """The samples' ``fits``, the model's ``table``, what its parameters are in the population (q,), the
    sampling covariances of samples of the fits (their numbers as a slice), and what chi-square multiplies.
    """

    fits: SimulatedFits
    table: ParameterTable
    true: Array
    covariances: Callable[[slice], Array]
    multiplier: float
    estimator: str

    @property
    def names(self) -> list[str]:
        """Of the free parameters and the defined quantities."""
        free = [row.name for row in self.table.free_rows()]
        return free + [definition.name for definition in self.table.definitions]

    @property
    def told(self) -> list[int]:
        """Which of these are told: all but means, which a population does not have."""
        means = {row.name for row in self.table.free_rows() if row.op == "~1"}
        return [at for at, name in enumerate(self.names) if name not in means]

    @property
    def truth(self) -> Array:
        """What these are in the population."""
        return np.asarray(self._with_defined(self.true[None], None)[0][0])

    def estimates(self) -> tuple[Array, Array]:
        """Of each sample (r, k), and their standard errors."""
        parts = []
        for start in range(0, len(self.fits.theta), CHUNK):
            part = slice(start, start + CHUNK)
            parts.append(self._with_defined(self.fits.theta[part], self.covariances(part)))
        values, errors = zip(*parts, strict=True)
        return np.concatenate(values), np.concatenate(errors)

    def rejected(self, alpha: float) -> tuple[Array, Array]:
        """Which samples the tests of exact and of close fit reject (r,), with degrees of freedom."""
        df = self.fits.df
        exact = special.chdtri(df, alpha)
        close = special.chndtrix(1 - alpha, df, self.multiplier * df * CLOSE**2)
        return self.fits.chisq > exact, self.fits.chisq > close

    def _with_defined(self, theta: Array, vcov: Array | None) -> tuple[Array, Array]:
        size = theta.shape[1]
        if vcov is None:
            vcov = np.zeros((len(theta), size, size))
        with np.errstate(invalid="ignore"):
            errors = np.sqrt(np.diagonal(vcov, axis1=1, axis2=2))
        if not self.table.definitions:
            return theta, errors
        rows = np.array([np.nan if row.value is None else row.value for row in self.table.rows])
        free = np.array([row.free for row in self.table.rows])
        defined, of_defined = [], []
        for own, covariance in zip(theta, vcov, strict=True):
            rows[free >= 0] = own[free[free >= 0]]
            found = definition_values(self.table, rows, self.table.n_free)
            if found is None:
                raise ModelError("the model defines nothing")
            defined.append(found[0])
            of_defined.append(np.sqrt(np.einsum("ij,jk,ik->i", found[1], covariance, found[1])))
        return np.hstack([theta, defined]), np.hstack([errors, of_defined])


def power_samples(
    population: ModelPopulation,
    n: int,
    model: str | Model,
    *,
    reps: int,
    rng: np.random.Generator,
    missing: float = 0.0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> PowerSamples:
    """Samples of n rows from the population with the model fitted to each: normal answers by maximum
    likelihood, by FIML where a share of the cells is ``missing`` completely at random, or answers cut at
    the population's thresholds by WLSMV.

    Raises DataError for a share outside 0 to .9, ModelError for a model of means, for missing ordinal
    answers, where fewer than two samples converge, and as ``ordinal_model``.
    """
    if not 0 <= missing <= MOST_MISSING:
        raise DataError(
            f"the share of missing answers must lie between 0 and {MOST_MISSING:g}; found {missing:g}"
        )
    if missing and population.thresholds:
        raise ModelError(
            "missing answers are simulated for numbers, by FIML; leave the thresholds out, or the share of "
            "missing answers"
        )
    options: dict[str, Any] = {"reps": reps, "rng": rng, "progress": progress}
    if missing:
        found = _incomplete(population, n, model, missing, **options)
    else:
        make = _ordinal if population.thresholds else _normal
        found = make(population, n, model, workers=workers, **options)
    if len(found.fits.theta) < 2:
        raise ModelError(
            f"the model converges in {len(found.fits.theta)} of {reps} samples; raise n"
        )
    return found


def _require_no_means(fit: SemFit) -> None:
    """Raise ModelError for a model that has means of its own."""
    if fit.table.mean_structure:
        raise ModelError("means are not simulated; leave the lines '~ 1' out")


def _normal(
    population: ModelPopulation, n: int, model: str | Model, **options: Any
) -> PowerSamples:
    moments = Moments(population.items, n, np.zeros(len(population.items)), population.cov)
    fit = population_fit(moments, model, fixed_x=False)
    _require_no_means(fit)
    found = simulated_fits(fit, **options)

    def covariances(part: slice) -> Array:
        return sampling_covariances(fit, found.theta[part])

    return PowerSamples(found, fit.table, fit.solution.theta, covariances, float(n), "ML")


def _ordinal(
    population: ModelPopulation, n: int, model: str | Model, **options: Any
) -> PowerSamples:
    answers = OrdinalPopulation(population.items, population.cov, population.thresholds)
    fitted = ordinal_model(answers, n, model)
    found = ordinal_fits(fitted, answers, n, **options)

    def covariances(part: slice) -> Array:
        return found.vcov[part]

    return PowerSamples(found.fits, fitted.table, fitted.theta, covariances, float(n - 1), "WLSMV")


def _incomplete(
    population: ModelPopulation, n: int, model: str | Model, missing: float, **options: Any
) -> PowerSamples:
    p = len(population.items)
    require_few_rows(n, p)
    moments = Moments(population.items, n, np.zeros(p), population.cov)
    _require_no_means(population_fit(moments, model, fixed_x=False))
    whole = fit_sem(moments, model, fixed_x=False, mean_structure=True)
    root = np.linalg.cholesky(population.cov)

    def drawn(rng: np.random.Generator) -> Array:
        rows = rng.standard_normal((n, p)) @ root.T
        rows[rng.random((n, p)) < missing] = np.nan
        return np.asarray(rows)

    estimation = RowEstimation(model, population.items, "ML", "fiml")
    found = row_fits(estimation, drawn, errors=True, **options)

    def covariances(part: slice) -> Array:
        return found.vcov[part]

    return PowerSamples(
        found.fits, whole.table, whole.solution.theta, covariances, float(n), "FIML"
    )
