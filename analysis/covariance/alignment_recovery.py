"""Does alignment find the means again, with these groups, sizes and differences between items?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.covariance.alignment import Alignment
from analysis.covariance.alignment_optimum import Measured, align
from analysis.covariance.batch_estimation import BatchSample, fit_batch
from analysis.covariance.matrices import Array
from analysis.covariance.sem import SemFit, fit_sem, threads_for
from analysis.covariance.simulated_moments import simulated_moments
from analysis.errors import DataError
from analysis.moments import Moments

REPS = 100
WANTED = 0.98  # mean correlation of found and true means (Muthén & Asparouhov 2018)


@dataclass(frozen=True)
class FactorRecovery:
    """Over the samples: the correlation of a factor's found means (and standard deviations) with the
    true ones, on average and at the least, and the root mean square error of the means, in SDs of
    the reference group.
    """

    factor: str
    mean_correlation: float
    least_correlation: float
    sd_correlation: float
    mean_error: float

    @property
    def trusted(self) -> bool:
        """Whether the ranking of the groups can be trusted."""
        return self.mean_correlation >= WANTED


@dataclass(frozen=True)
class Recovery:
    """What simulated samples of the aligned model give; ``converged`` is the share of ``reps``."""

    reps: int
    converged: float
    seed: int
    factors: tuple[FactorRecovery, ...]


def alignment_recovery(
    found: Alignment,
    *,
    reps: int = REPS,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Recovery:
    """Draw samples of normal answers from the aligned model, and align each anew.

    The population has the means, variances, loadings and intercepts that were found, with all their
    differences between groups, and the groups' sizes (Asparouhov & Muthén 2014). ``progress`` is called
    with samples done and in all.

    Raises DataError where fewer than two samples converged in all groups.
    """
    fit = found.fit
    rng = np.random.default_rng(seed)
    names = fit.table.observed
    theta: list[Array] = []
    converged = np.ones(reps, dtype=bool)
    single = None
    with threads_for(len(names)):
        for number, group in enumerate(fit.solution.data.groups):
            implied = fit.implied[number]
            population = Moments(names, group.n, implied.mu, implied.sigma)
            single = fit_sem(population, fit.model, std_lv=True, mean_structure=True)
            mean, cov = simulated_moments(population, reps, rng)
            (structure,) = single.solution.structures
            fits = fit_batch(
                single.table,
                [BatchSample(structure, 1.0, cov, mean)],
                single.solution.theta,
                2 * single.solution.observed,
            )
            theta.append(fits.theta)
            converged &= fits.converged
        at = np.flatnonzero(converged)
        if single is None or len(at) < 2:
            raise DataError(
                f"{len(at)} of {reps} simulated samples converged in every group: the groups are too"
                " small for this model"
            )
        estimates = np.stack(theta)[:, at]
        factors = tuple(
            _recovered(found, single, estimates, factor.factor, progress)
            for factor in found.factors
        )
    return Recovery(reps, len(at) / reps, seed, factors)


def _recovered(
    found: Alignment,
    single: SemFit,
    estimates: Array,
    factor: str,
    progress: Callable[[int, int], None] | None,
) -> FactorRecovery:
    """``estimates`` (g, r, q)."""
    items = single.model.indicators(factor)
    at = {row.name: row.free for row in single.table.free_rows()}
    loadings = estimates[:, :, [at[f"{factor}=~{item}"] for item in items]]
    intercepts = estimates[:, :, [at[f"{item}~1"] for item in items]]
    sizes = np.array(list(found.groups.values()), dtype=float)
    own = found.factor(factor).means
    true_mean, true_sd = own["mean"].to_numpy(), own["sd"].to_numpy()
    means, sds = [], []
    count = loadings.shape[1]
    for r in range(count):
        sign = np.where(loadings[:, r].sum(axis=1) < 0, -1.0, 1.0)
        measured = Measured(loadings[:, r] * sign[:, None], intercepts[:, r], sizes)
        optimum = align(measured, method=found.method, epsilon=found.epsilon, starts=1)
        means.append(optimum.mean * np.exp(-optimum.log_sd[0]))
        sds.append(np.exp(optimum.log_sd - optimum.log_sd[0]))
        if progress is not None:
            progress(r + 1, count)
    of_means = np.array([_correlation(each, true_mean) for each in means])
    of_sds = np.array([_correlation(each, true_sd) for each in sds])
    error = float(np.sqrt(np.mean((np.array(means) - true_mean) ** 2)))
    return FactorRecovery(
        factor, float(of_means.mean()), float(of_means.min()), float(of_sds.mean()), error
    )


def _correlation(one: Array, other: Array) -> float:
    """NaN where all values of one are the same."""
    first, second = one - one.mean(), other - other.mean()
    size = float(np.sqrt(np.sum(first**2) * np.sum(second**2)))
    return float(first @ second) / size if size > 1e-12 else float("nan")
