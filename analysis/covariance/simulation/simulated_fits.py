"""A model fitted to many samples that are drawn from one normal population."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.covariance.exploratory.efa_blocks import require_no_blocks
from analysis.covariance.matrices import Array
from analysis.covariance.sem import SemFit, fit_sem, threads_for
from analysis.covariance.simulation.batch_estimation import BatchSample, fit_batch
from analysis.covariance.simulation.simulated_moments import simulated_moments
from analysis.covariance.text.model import Model
from analysis.covariance.text.syntax import as_model
from analysis.errors import ModelError
from analysis.moments import Moments

Progress = Callable[[int, int], None]
# Means (r, p) and covariances (r, p, p), divisor n, of r samples.
Draw = Callable[[int, np.random.Generator], tuple[Array, Array]]
CHUNK = 1024
LARGEST = 25_000_000  # numbers in the Hessians of a chunk
# Of a sample that is hard to fit. One that has not converged by then hardly ever does, and of a weak
# population hundreds would each take five times as long.
MOST = 60
INDICES = ("srmr", "rmsea", "cfi")


@dataclass(frozen=True)
class SimulatedFits:
    """Of the r samples that converged, estimates (r, q), chi-squares and indices (r,); of how many
    samples of the model on ``df`` degrees of freedom.
    """

    theta: Array
    chisq: Array
    srmr: Array
    rmsea: Array
    cfi: Array
    df: int
    reps: int

    @property
    def converged(self) -> float:
        """Share of the samples."""
        return len(self.theta) / self.reps


def population_fit(
    population: Moments,
    model: Model | str,
    *,
    std_lv: bool = False,
    orthogonal: bool = False,
    fixed_x: bool | None = None,
) -> SemFit:
    """The model fitted by maximum likelihood to the population itself, whose estimates are what
    samples scatter about.

    Raises ModelError where it does not converge, beside what ``fit_sem`` raises.
    """
    require_no_blocks(as_model(model), "simulated samples")
    fit = fit_sem(population, model, std_lv=std_lv, orthogonal=orthogonal, fixed_x=fixed_x)
    if not fit.converged:
        raise ModelError(
            "the model cannot be fitted to the population itself, so it is not simulated"
        )
    return fit


def simulated_fits(
    fit: SemFit,
    *,
    reps: int,
    rng: np.random.Generator,
    workers: int | None = None,
    progress: Progress | None = None,
    draw: Draw | None = None,
) -> SimulatedFits:
    """Draw samples from the population that ``fit`` was fitted to, and fit its model to each.

    ``fit`` comes from ``population_fit``. ``draw`` gives the moments of samples of its n rows; those of
    normal rows without it. SRMR is Bentler's, without means. ``workers``: threads, None
    for one per core. ``progress`` is called with samples done and in all.
    """
    solution = fit.solution
    (structure,), (group,) = solution.structures, solution.data.groups
    population = Moments(fit.table.observed, group.n, group.mean, group.cov)
    threads = threads_of(workers)
    # Each sample has an inverse Hessian of its own.
    chunk = int(np.clip(LARGEST // max(fit.table.n_parameters, 1) ** 2, 16, CHUNK))
    parts: list[tuple[Array, ...]] = []
    with threads_for(len(population.names)):
        for start in range(0, reps, chunk):
            count = min(chunk, reps - start)
            mean, cov = (
                simulated_moments(population, count, rng) if draw is None else draw(count, rng)
            )
            found = fit_batch(
                solution.table,
                [BatchSample(structure, 1.0, cov, mean)],
                solution.theta,
                2 * solution.observed,
                workers=threads,
                most=MOST,
            )
            at = found.converged
            parts.append(
                (found.theta[at], *_measured(fit, found.theta[at], found.value[at], cov[at]))
            )
            if progress is not None:
                progress(min(start + chunk, reps), reps)
    theta, chisq, srmr, rmsea, cfi = (np.concatenate(part) for part in zip(*parts, strict=True))
    return SimulatedFits(theta, chisq, srmr, rmsea, cfi, fit.tests.df, reps)


def threads_of(workers: int | None) -> int:
    """That many, None for one per core."""
    return (os.cpu_count() or 1) if workers is None else workers


def _measured(fit: SemFit, theta: Array, value: Array, cov: Array) -> tuple[Array, ...]:
    """Chi-square, SRMR, RMSEA and CFI of each sample (r,), as ``fit_measures`` of one."""
    size, df, baseline_df = fit.solution.multiplier, fit.tests.df, fit.tests.baseline_df
    chisq = np.maximum(size * value, 0.0)
    variances = np.diagonal(cov, axis1=1, axis2=2)
    baseline = size * (np.log(variances).sum(axis=1) - np.linalg.slogdet(cov)[1])
    misfit = np.maximum(chisq - df, 0.0)
    most = np.maximum(baseline - baseline_df, misfit)
    cfi = 1 - np.divide(misfit, most, out=np.zeros_like(misfit), where=most > 0)
    rmsea = np.sqrt(misfit / (df * size)) if df else np.zeros_like(misfit)
    sd = np.sqrt(variances)
    residual = cov - fit.solution.structures[0].implied(theta).sigma
    residual /= sd[:, :, None] * sd[:, None, :]
    rows, columns = np.tril_indices(cov.shape[1])
    srmr = np.sqrt((residual[:, rows, columns] ** 2).mean(axis=1))
    return chisq, srmr, rmsea, cfi
