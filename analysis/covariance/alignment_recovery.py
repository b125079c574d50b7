"""Does alignment find the means again, with these groups, sizes and differences between items?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.covariance.alignment import Alignment, levels_of
from analysis.covariance.alignment_optimum import Measured, align
from analysis.covariance.batch_estimation import BatchSample, fit_batch
from analysis.covariance.matrices import Array
from analysis.covariance.sem import SemFit, fit_sem, threads_for
from analysis.covariance.simulated_moments import simulated_moments
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
    ordinal = bool(found.fit.settings.answers)
    with threads_for(len(found.fit.table.observed)):
        samples = (_ordinal_samples if ordinal else _normal_samples)(found.fit, reps, rng)
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
    observed, thresholds = fit.table.observed, fit.settings.thresholds or {}
    free = {(row.group, row.name): fit.solution.theta[row.free] for row in fit.table.free_rows()}
    names = _names_of(fit)
    estimates = np.full((len(fit.groups), reps, len(names)), np.nan)
    for number, group in enumerate(fit.solution.data.groups):
        implied = fit.implied[number]
        cuts = {
            item: np.array([free[number + 1, f"{item}|t{k}"] for k in range(1, count + 1)])
            for item, count in thresholds.items()
        }
        for r in range(reps):
            drawn = rng.multivariate_normal(implied.mu, implied.sigma, size=group.n)
            answers = {
                name: np.searchsorted(cuts[name], values) if name in cuts else values
                for name, values in zip(observed, drawn.T, strict=True)
            }
            found = _ordinal_estimates(pd.DataFrame(answers), fit)
            if found is not None:
                estimates[number, r] = [found[name] for name in names]
    converged = np.isfinite(estimates).all(axis=(0, 2))
    return _Samples(estimates, {name: at for at, name in enumerate(names)}, converged)


def _names_of(fit: SemFit) -> list[str]:
    """Of all loadings, intercepts and thresholds that are aligned."""
    loadings = [path.name for path in fit.model.paths if path.op == "=~"]
    levels = levels_of(fit.model.observed, fit.settings.thresholds or {})
    return [*loadings, *(level.name for level in levels)]


def _ordinal_estimates(data: pd.DataFrame, fit: SemFit) -> dict[str, float] | None:
    """Parameters of the configural model of one group's sample; None where it did not converge or lacks a
    category.
    """
    thresholds = fit.settings.thresholds or {}
    if any(data[item].nunique() <= count for item, count in thresholds.items()):
        return None
    plain = len(thresholds) == data.shape[1]
    try:
        # Correlations of ordinal items alone are found much faster, and say the same.
        found = fit_sem(
            data,
            fit.model,
            estimator="DWLS",
            ordered=tuple(thresholds),
            parametrization="delta" if plain else "theta",
            std_lv=True,
        )
    except AnalysisError:
        return None
    if not found.converged:
        return None
    values = {row.name: float(found.solution.theta[row.free]) for row in found.table.free_rows()}
    return _in_theta(found, values) if plain else values


def _in_theta(fit: SemFit, values: dict[str, float]) -> dict[str, float] | None:
    """Loadings and thresholds where residual variances, not variances, are 1; None where one is not
    positive.
    """
    loaded = {path.rhs: path.name for path in fit.model.paths if path.op == "=~"}
    ordinal = fit.solution.data.groups[0].ordinal
    found: dict[str, float] = {}
    for item, cuts in zip(ordinal.names, ordinal.thresholds, strict=True):
        loading = values[loaded[item]]
        if abs(loading) >= 1:
            return None
        unit = (1 - loading**2) ** -0.5
        found[loaded[item]] = loading * unit
        found |= {f"{item}|t{k}": float(cut) * unit for k, cut in enumerate(cuts, start=1)}
    return found


def _recovered(
    found: Alignment,
    names: dict[str, int],
    estimates: Array,
    factor: str,
    progress: Callable[[int, int], None] | None,
) -> FactorRecovery:
    """``estimates`` (g, r, q)."""
    items = found.fit.model.indicators(factor)
    levels = levels_of(items, found.fit.settings.thresholds or {})
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
