"""Bootstrap of a fitted model: percentile and BCa intervals, and Bollen and Stine's test of fit."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.covariance.bootstrap_intervals import intervals, resampled_values
from analysis.covariance.composites.composites import require_no_composites
from analysis.covariance.data import GroupData, Prepared, limited_group
from analysis.covariance.estimation import NormalDiscrepancy
from analysis.covariance.exploratory.efa_blocks import require_no_blocks
from analysis.covariance.matrices import Array
from analysis.covariance.missing.missing_patterns import em_moments, patterns_of
from analysis.covariance.ordinal.pairwise import pairwise_polychoric
from analysis.covariance.ordinal.polychoric import polychoric_of
from analysis.covariance.sem import SemFit, threads_for
from analysis.covariance.simulation.batch_estimation import BatchSample, fit_batch
from analysis.covariance.solution import Solution, solve
from analysis.errors import AnalysisError, DataError, ModelError

Progress = Callable[[int, int], None]
CHUNK = 512


@dataclass(frozen=True)
class Bootstrap:
    """Resampled estimates with intervals for every parameter and defined quantity.

    ``intervals``: lhs, op, rhs, group, label, est, mean, bias, se, ci_lower, ci_upper, bca_lower,
    bca_upper, and the same for the fully standardised value with ``std_`` before the name.
    ``samples`` and ``standardised`` hold the admissible resamples (reps, rows); ``inadmissible``
    counts those left out because the fit did not converge, ``heywood`` those kept although a
    variance was negative.
    """

    intervals: pd.DataFrame
    samples: Array
    standardised: Array
    reps: int
    inadmissible: int
    heywood: int
    level: float
    seed: int | None
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Intervals and counts as JSON-able values."""
        rows = [
            {
                str(k): None if isinstance(v, float) and not np.isfinite(v) else v
                for k, v in row.items()
            }
            for row in self.intervals.to_dict(orient="records")
        ]
        return {
            "intervals": rows,
            "reps": self.reps,
            "inadmissible": self.inadmissible,
            "heywood": self.heywood,
            "level": self.level,
            "seed": self.seed,
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class BollenStine:
    """Test of exact fit by resampling data in which the model is true (Bollen & Stine 1992)."""

    chisq: float
    pvalue: float
    statistics: Array
    reps: int
    inadmissible: int
    seed: int | None


def bootstrap(
    fit: SemFit,
    *,
    reps: int = 1000,
    level: float = 0.95,
    seed: int | None = None,
    indices: Sequence[Array] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Bootstrap:
    """Nonparametric bootstrap within groups of the rows that the model was fitted to.

    ``indices`` gives explicit resamples instead of ``reps`` and ``seed``: for each group an array
    (reps, n) of positions among its analysed rows. ``workers``: processes or threads, None for one
    per core. ``progress`` is called with resamples done and in all. BCa intervals (Efron 1987)
    take their acceleration from the estimates' influence functions; complete-data likelihood only,
    NaN elsewhere.

    Raises DataError when the fit was made from moments, or when fewer than 10 resamples converge.
    """
    require_no_composites(fit.table.composites, "resamples")
    require_no_blocks(fit.model, "resamples")
    _require_simple(fit)
    rows_of = [group.required_rows for group in fit.solution.data.groups]
    draws = _draws([len(rows) for rows in rows_of], reps, seed, indices)
    total = len(draws[0])
    cores = os.cpu_count() or 1 if workers is None else workers
    with threads_for(len(fit.table.observed)):
        likelihood = isinstance(fit.solution.discrepancy, NormalDiscrepancy)
        if likelihood and not fit.table.restrictions:
            thetas, converged, _ = _batched(fit.solution, rows_of, draws, cores, progress)
        else:
            thetas, converged = _one_by_one(fit.solution, rows_of, draws, cores, progress)
    kept = thetas[converged]
    if len(kept) < 10:
        raise DataError(
            f"only {len(kept)} of {total} resamples converged; the model asks too much of these data"
        )
    samples, standard, heywood = resampled_values(fit.solution, kept)
    failed = total - len(kept)
    told = []
    if failed:
        told.append(f"{failed} of {total} resamples did not converge and were left out")
    if heywood:
        told.append(f"{heywood} of {total} resamples have a negative variance and were kept")
    frame = intervals(fit, samples, standard, level)
    return Bootstrap(frame, samples, standard, total, failed, heywood, level, seed, tuple(told))


def _require_simple(fit: SemFit) -> None:
    """Refuse weighted and clustered rows, whose resamples are not drawn row by row."""
    if not all(group.design.simple for group in fit.solution.data.groups):
        raise ModelError(
            "resamples are not drawn with sampling weights or clusters; use the standard errors of MLR"
        )


def bollen_stine(
    fit: SemFit,
    *,
    reps: int = 1000,
    seed: int | None = None,
    indices: Sequence[Array] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> BollenStine:
    """p value of the chi-square from resamples of rows turned so that the model holds in them.

    Complete-data maximum likelihood only (DataError otherwise).
    """
    require_no_composites(fit.table.composites, "resamples")
    require_no_blocks(fit.model, "resamples")
    _require_simple(fit)
    solution = fit.solution
    if not isinstance(solution.discrepancy, NormalDiscrepancy):
        raise DataError("Bollen and Stine's bootstrap is for complete-data maximum likelihood")
    turned = []
    for group, implied in zip(solution.data.groups, solution.implied, strict=True):
        rows = group.required_rows
        from_sample = np.linalg.inv(_root(group.cov))
        about = implied.mu if fit.table.mean_structure else group.mean
        turned.append((rows - rows.mean(axis=0)) @ from_sample @ _root(implied.sigma) + about)
    draws = _draws([len(rows) for rows in turned], reps, seed, indices)
    cores = os.cpu_count() or 1 if workers is None else workers
    with threads_for(len(fit.table.observed)):
        _, converged, values = _batched(solution, turned, draws, cores, progress)
    statistics = solution.multiplier * values[converged]
    observed = fit.tests.chisq
    exceed = float(np.mean(statistics >= observed)) if len(statistics) else float("nan")
    return BollenStine(observed, exceed, statistics, len(converged), int((~converged).sum()), seed)


def _root(cov: Array) -> Array:
    values, vectors = np.linalg.eigh(cov)
    return np.asarray(vectors * np.sqrt(values) @ vectors.T)


def _draws(
    sizes: list[int], reps: int, seed: int | None, indices: Sequence[Array] | None
) -> list[Array]:
    if indices is None:
        if reps < 1:
            raise DataError(f"at least 1 resample is needed; found {reps}")
        rng = np.random.default_rng(seed)
        return [rng.integers(0, n, size=(reps, n)) for n in sizes]
    given = [np.atleast_2d(np.asarray(index)) for index in indices]
    if len(given) != len(sizes):
        raise DataError(
            f"indices for {len(given)} groups were given, the model has {len(sizes)}; pass one array a group"
        )
    for index, n in zip(given, sizes, strict=True):
        if len(index) != len(given[0]):
            raise DataError("every group needs the same number of resamples")
        if index.size and (index.min() < 0 or index.max() >= n):
            raise DataError(f"resample indices must lie between 0 and {n - 1}")
    return given


def _batched(
    solution: Solution,
    rows_of: list[Array],
    draws: list[Array],
    workers: int,
    progress: Progress | None,
) -> tuple[Array, Array, Array]:
    """Estimates (reps, q), convergence and discrepancies of complete-data likelihood fits."""
    total = len(draws[0])
    thetas, flags, values = [], [], []
    for start in range(0, total, CHUNK):
        part = slice(start, min(start + CHUNK, total))
        samples = []
        for structure, group, rows, draw in zip(
            solution.structures, solution.data.groups, rows_of, draws, strict=True
        ):
            mean, cov = resampled_moments(rows, draw[part])
            weight = group.n / solution.data.n
            if solution.settings.unbiased:
                cov = cov * (group.n / (group.n - 1))
                weight = (group.n - 1) / solution.multiplier
            samples.append(BatchSample(structure, weight, cov, mean))
        found = fit_batch(
            solution.table, samples, solution.theta, 2 * solution.observed, workers=workers
        )
        thetas.append(found.theta)
        flags.append(found.converged)
        values.append(found.value)
        if progress is not None:
            progress(part.stop, total)
    return np.concatenate(thetas), np.concatenate(flags), np.concatenate(values)


def resampled_moments(rows: Array, draw: Array) -> tuple[Array, Array]:
    """Means (reps, p) and covariances (reps, p, p), divisor n, of resamples given as positions.

    Counts times centred products: one matrix product for all resamples.
    """
    n, p = rows.shape
    size = draw.shape[1]
    reps = len(draw)
    counts = np.zeros((reps, n))
    np.add.at(counts, (np.arange(reps)[:, None], draw), 1.0)
    centre = rows.mean(axis=0)
    centred = rows - centre
    i, j = np.tril_indices(p)
    mean = counts @ centred / size
    products = counts @ (centred[:, i] * centred[:, j]) / size - mean[:, i] * mean[:, j]
    cov = np.empty((reps, p, p))
    cov[:, i, j] = products
    cov[:, j, i] = products
    return mean + centre, cov


def _one_by_one(
    solution: Solution,
    rows_of: list[Array],
    draws: list[Array],
    workers: int,
    progress: Progress | None,
) -> tuple[Array, Array]:
    """Estimates of fits that need the rows themselves, each its own, over processes."""
    total = len(draws[0])
    jobs = [
        (solution, rows_of, [draw[at : at + 25] for draw in draws]) for at in range(0, total, 25)
    ]
    thetas, done = [], 0
    if workers > 1 and len(jobs) > 1:
        with ProcessPoolExecutor(min(workers, len(jobs))) as pool:
            for found in pool.map(_refit, jobs):
                thetas.append(found)
                done += len(found)
                if progress is not None:
                    progress(done, total)
    else:
        for job in jobs:
            thetas.append(_refit(job))
            done += len(thetas[-1])
            if progress is not None:
                progress(done, total)
    stacked = np.concatenate(thetas)
    return stacked, np.isfinite(stacked).all(axis=1)


def _refit(job: tuple[Solution, list[Array], list[Array]]) -> Array:
    """Estimates of some resamples; NaN where a resample cannot be fitted."""
    with threads_for(len(job[0].data.names)):  # again: this may be another process
        return _refit_each(*job)


def _refit_each(solution: Solution, rows_of: list[Array], draws: list[Array]) -> Array:
    result = np.full((len(draws[0]), len(solution.theta)), np.nan)
    for r in range(len(draws[0])):
        try:
            groups = tuple(
                _resampled_group(group, rows[draw[r]], solution)
                for group, rows, draw in zip(solution.data.groups, rows_of, draws, strict=True)
            )
            data = Prepared(solution.data.names, groups, ())
            again = solve(solution.table, data, solution.settings)
        except (AnalysisError, FloatingPointError, np.linalg.LinAlgError):
            continue
        if again.optimum.converged:
            result[r] = again.theta
    return result


def _resampled_group(group: GroupData, rows: Array, solution: Solution) -> GroupData:
    if group.limited is not None:
        names, exogenous = solution.data.names, solution.table.exogenous
        return limited_group(rows, names, exogenous, solution.settings.answers, group.design)
    if group.polychoric is not None:
        if np.isnan(rows).any():
            found = pairwise_polychoric(rows, solution.data.names, group.design)
        else:
            found = polychoric_of(rows, solution.data.names, covariance=True)
        return replace(group, rows=rows, cov=found.correlation, polychoric=found)
    if group.patterns is not None:
        patterns = patterns_of(rows)
        mean, cov = em_moments(patterns, solution.data.names)
        return replace(group, rows=rows, patterns=patterns, mean=mean, cov=cov)
    cov = np.cov(rows, rowvar=False, bias=not solution.settings.unbiased)
    return replace(group, rows=rows, mean=rows.mean(axis=0), cov=np.atleast_2d(cov))
