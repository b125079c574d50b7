"""Does alignment find the means again, with these groups, sizes and differences between items?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.covariance.matrices import Array
from analysis.covariance.measurement_invariance.alignment import Alignment, levels_of
from analysis.covariance.measurement_invariance.alignment_optimum import Measured, align
from analysis.covariance.ordinal.theta_estimates import (
    Estimates,
    estimates_of,
    theta_estimates,
    thresholds_of,
)
from analysis.covariance.sem import SemFit, fit_sem, threads_for
from analysis.covariance.simulation.batch_estimation import BatchSample, fit_batch
from analysis.covariance.simulation.simulated_moments import simulated_moments
from analysis.errors import AnalysisError, DataError
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
    """Draw samples of answers from the aligned model, normal or cut at the thresholds, and align each anew.

    The population has the means, variances, loadings, intercepts and thresholds that were found, with all
    their differences between groups, and the groups' sizes (Asparouhov & Muthén 2014). ``progress`` is
    called with samples done and in all. A sample in which a group gives some category to nobody counts as
    not converged.

    Raises DataError where fewer than two samples converged in all groups.
    """
    rng = np.random.default_rng(seed)
    with threads_for(len(found.fit.table.observed)):
        samples = (_ordinal_samples if found.ordinal else _normal_samples)(found.fit, reps, rng)
        at = np.flatnonzero(samples.converged)
        if len(at) < 2:
            raise DataError(
                f"{len(at)} of {reps} simulated samples converged in every group: the groups are too"
                " small for this model"
            )
        estimates = samples.estimates[:, at]
        factors = tuple(
            _recovered(found, samples.names, estimates, factor.factor, progress)
            for factor in found.factors
        )
    return Recovery(reps, len(at) / reps, seed, factors)


@dataclass(frozen=True)
class _Samples:
    """Estimates (g, r, q) of the samples' configural models, which parameter each is, and which samples
    converged (r,) in every group.
    """

    estimates: Array
    names: dict[str, int]
    converged: Array


def _normal_samples(fit: SemFit, reps: int, rng: np.random.Generator) -> _Samples:
    names = fit.table.observed
    theta: list[Array] = []
    converged = np.ones(reps, dtype=bool)
    places: dict[str, int] = {}
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
        places = {row.name: row.free for row in single.table.free_rows()}
    return _Samples(np.stack(theta), places, converged)


def _ordinal_samples(fit: SemFit, reps: int, rng: np.random.Generator) -> _Samples:
    observed, thresholds = fit.table.observed, thresholds_of(fit)
    levels = levels_of(observed, thresholds)
    names = [path.name for path in fit.model.paths if path.op == "=~"]
    names += [level.name for level in levels]
    estimates = np.full((len(fit.groups), reps, len(names)), np.nan)
    for number, group in enumerate(fit.solution.data.groups):
        implied, cuts = fit.implied[number], _cuts(fit, number)
        for r in range(reps):
            drawn = rng.multivariate_normal(implied.mu, implied.sigma, size=group.n)
            answers = {
                name: np.searchsorted(cuts[name], values) if name in cuts else values
                for name, values in zip(observed, drawn.T, strict=True)
            }
            found = _ordinal_estimates(pd.DataFrame(answers), fit, thresholds)
            if found is not None:
                estimates[number, r] = [found.values[found.places[name, 1]] for name in names]
    converged = np.isfinite(estimates).all(axis=(0, 2))
    return _Samples(estimates, {name: at for at, name in enumerate(names)}, converged)


def _cuts(fit: SemFit, number: int) -> dict[str, Array]:
    """One group's thresholds by item, in units of the fit's implied moments."""
    if fit.settings.ordered:
        ordinal = fit.solution.data.groups[number].ordinal
        return dict(zip(ordinal.names, ordinal.thresholds, strict=True))
    free = {(row.name, row.group): fit.solution.theta[row.free] for row in fit.table.free_rows()}
    return {
        item: np.array([free[f"{item}|t{k}", number + 1] for k in range(1, count + 1)])
        for item, count in thresholds_of(fit).items()
    }


def _ordinal_estimates(
    data: pd.DataFrame, fit: SemFit, thresholds: Mapping[str, int]
) -> Estimates | None:
    """The configural model of one group's sample; None where it did not converge or lacks a category."""
    if any(data[item].nunique() <= count for item, count in thresholds.items()):
        return None
    try:
        found = fit_sem(
            data,
            fit.model,
            estimator="DWLS",
            ordered=tuple(thresholds),
            parametrization=fit.settings.parametrization,
            std_lv=True,
        )
        if not found.converged:
            return None
        return theta_estimates(found) if found.settings.ordered else estimates_of(found)
    except AnalysisError:
        return None


def _recovered(
    found: Alignment,
    names: dict[str, int],
    estimates: Array,
    factor: str,
    progress: Callable[[int, int], None] | None,
) -> FactorRecovery:
    """``estimates`` (g, r, q)."""
    items = found.fit.model.indicators(factor)
    levels = levels_of(items, thresholds_of(found.fit))
    owners = np.array([level.item for level in levels])
    turned = np.array([level.sign for level in levels])
    loadings = estimates[:, :, [names[f"{factor}=~{item}"] for item in items]]
    intercepts = estimates[:, :, [names[level.name] for level in levels]] * turned
    sizes = np.array(list(found.groups.values()), dtype=float)
    own = found.factor(factor).means
    true_mean, true_sd = own["mean"].to_numpy(), own["sd"].to_numpy()
    means, sds = [], []
    count = loadings.shape[1]
    for r in range(count):
        sign = np.where(loadings[:, r].sum(axis=1) < 0, -1.0, 1.0)
        measured = Measured(loadings[:, r] * sign[:, None], intercepts[:, r], sizes, owners)
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
