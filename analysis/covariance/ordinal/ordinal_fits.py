"""A model of ordinal answers fitted by WLSMV to many samples that are drawn from one population."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace

import numpy as np

from analysis.covariance.completion import complete
from analysis.covariance.estimation import LeastSquares, Sample
from analysis.covariance.exploratory.efa_blocks import require_no_blocks
from analysis.covariance.matrices import Array, GroupStructure, structures
from analysis.covariance.minimiser import minimise
from analysis.covariance.ordinal.ordinal_samples import (
    OrdinalPopulation,
    pair_precisions,
    pairs_of,
    polychoric_samples,
    require_few_rows,
)
from analysis.covariance.parameter_table import ParameterTable
from analysis.covariance.sem import threads_for
from analysis.covariance.simulation.batch_errors import moment_slopes
from analysis.covariance.simulation.simulated_fits import (
    MOST,
    Progress,
    SimulatedFits,
    population_fit,
    threads_of,
)
from analysis.covariance.text.model import Model
from analysis.covariance.text.syntax import as_model
from analysis.errors import DataError, ModelError
from analysis.moments import Moments

MOST_ITEMS = 40  # whose correlations' sampling covariance is held for many samples at once
CHUNK = 64
LARGEST = 4_000_000  # pairs of answers of a chunk
STEPS = 30
SMALLEST = 1e-13  # curvature in units of the largest, below which a step has no direction


@dataclass(frozen=True)
class OrdinalModel:
    """A model of ordinal answers in the delta parametrisation, and its estimates ``theta`` where it is
    fitted to the population itself.
    """

    table: ParameterTable
    structure: GroupStructure
    theta: Array
    df: int


@dataclass(frozen=True)
class OrdinalFits:
    """``fits``, whose chi-square is scaled and shifted, with the sampling covariance of the estimates of
    each (r, q, q).
    """

    fits: SimulatedFits
    vcov: Array


@dataclass(frozen=True)
class _Chunk:
    """Of the samples that converged."""

    theta: Array
    chisq: Array
    srmr: Array
    rmsea: Array
    cfi: Array
    vcov: Array


def ordinal_model(
    population: OrdinalPopulation,
    n: int,
    model: Model | str,
    *,
    std_lv: bool = False,
    orthogonal: bool = False,
) -> OrdinalModel:
    """The model's table, and its estimates from the population's correlations.

    Raises ModelError for thresholds and response scales in the text, for more than 40 items and where
    the model cannot be fitted to the population, beside what ``population_fit`` raises.
    """
    described = as_model(model)
    require_no_blocks(described, "simulated samples")
    p = len(population.names)
    if p > MOST_ITEMS:
        raise ModelError(
            f"ordinal answers are simulated for at most {MOST_ITEMS} items; the model has {p}: simulate its "
            "factors in parts"
        )
    if described.observed != population.names:
        raise DataError("the population's items are not those of the model, in its order")
    moments = Moments(population.names, n, np.zeros(p), population.correlation)
    numbers = population_fit(
        moments, described, std_lv=std_lv, orthogonal=orthogonal, fixed_x=False
    )
    table = complete(
        described,
        mean_structure=False,
        std_lv=std_lv,
        orthogonal=orthogonal,
        fixed_x=False,
        ordered=True,
    )
    table.require_linear("many fits at once")
    (structure,) = structures(table)
    known = {row.name: numbers.solution.theta[row.free] for row in numbers.table.free_rows()}
    start = np.array([known[row.name] for row in table.free_rows()])
    df = p * (p - 1) // 2 - table.n_parameters
    rows, columns = pairs_of(p)
    model_there = OrdinalModel(table, structure, start, df)
    rho = population.correlation[rows, columns][None]
    theta, converged = _least_squares(model_there, p, rho, pair_precisions(population))
    if not converged.all():
        raise ModelError(
            "the model cannot be fitted to the population itself, so it is not simulated"
        )
    return replace(model_there, theta=theta[0])


def ordinal_fits(
    model: OrdinalModel,
    population: OrdinalPopulation,
    n: int,
    *,
    reps: int,
    rng: np.random.Generator,
    workers: int | None = None,
    progress: Progress | None = None,
) -> OrdinalFits:
    """Draw samples of n rows from the population and fit the model to each by diagonally weighted least
    squares, with the test scaled and shifted (WLSMV).

    RMSEA and CFI are those of the scaled and shifted test, as ``rmsea_scaled`` and ``cfi_scaled`` of one
    fit. Samples with an item that all answered alike do not count as converged. ``progress`` is called
    with samples done and in all.
    """
    p = len(population.names)
    require_few_rows(n, p)
    pairs = p * (p - 1) // 2
    chunk = int(np.clip(LARGEST // (n * pairs), 1, CHUNK))
    sizes = [min(chunk, reps - at) for at in range(0, reps, chunk)]
    streams = rng.spawn(len(sizes))

    def one(at: int) -> _Chunk:
        codes = population.drawn(n, sizes[at], streams[at])
        return _fitted(model, codes, population.categories)

    parts: list[_Chunk] = []
    with threads_for(p):
        for found in _in_order(one, len(sizes), threads_of(workers)):
            parts.append(found)
            if progress is not None:
                progress(sum(sizes[: len(parts)]), reps)
    theta, chisq, srmr, rmsea, cfi, vcov = (
        np.concatenate([getattr(part, name.name) for part in parts]) for name in fields(_Chunk)
    )
    return OrdinalFits(SimulatedFits(theta, chisq, srmr, rmsea, cfi, model.df, reps), vcov)


def _in_order(one: Callable[[int], _Chunk], count: int, threads: int) -> Iterator[_Chunk]:
    if threads < 2:
        yield from map(one, range(count))
        return
    with ThreadPoolExecutor(threads) as pool:  # linear algebra lets other threads run
        yield from pool.map(one, range(count))


def _fitted(model: OrdinalModel, codes: Array, categories: int) -> _Chunk:
    n, p = codes.shape[1:]
    with np.errstate(all="ignore"):
        samples = polychoric_samples(codes, categories)
        variances = np.diagonal(samples.gamma, axis1=1, axis2=2)
        usable = np.isfinite(samples.correlations).all(axis=1) & (variances > 0).all(axis=1)
        rho, gamma, weight = (
            samples.correlations[usable],
            samples.gamma[usable],
            1 / variances[usable],
        )
        theta, converged = _least_squares(model, p, rho, weight)
        rho, gamma, weight, theta = (own[converged] for own in (rho, gamma, weight, theta))
        return _measured(model, n, p, rho, gamma, weight, theta)


def _moments(model: OrdinalModel, p: int, theta: Array) -> tuple[Array, Array]:
    """Implied correlations (r, m) and their slopes by the parameters that are free of each other."""
    rows, columns = pairs_of(p)
    sigma, slopes = moment_slopes(model.structure, theta, rows, columns)
    return sigma, slopes @ model.table.transform


def _least_squares(model: OrdinalModel, p: int, rho: Array, weight: Array) -> tuple[Array, Array]:
    """Estimates (r, q) by Gauss-Newton steps, and which of them are a minimum; what does not settle
    is tried by itself with damped steps.
    """
    transform, offset = model.table.transform, model.table.offset
    theta = np.repeat(model.theta[None], len(rho), axis=0)
    converged = np.zeros(len(rho), dtype=bool)
    x = np.linalg.lstsq(transform, model.theta - offset, rcond=None)[0][None].repeat(len(rho), 0)
    active = np.arange(len(rho))
    for _ in range(STEPS):
        if not len(active):
            break
        sigma, slopes = _moments(model, p, x @ transform.T + offset)
        weighted = slopes * weight[active][:, :, None]
        bread = slopes.transpose(0, 2, 1) @ weighted
        score = weighted.transpose(0, 2, 1) @ (rho[active] - sigma)[:, :, None]
        definite = np.isfinite(bread).all(axis=(1, 2))
        bread[~definite] = np.eye(bread.shape[1])
        spread = np.linalg.eigvalsh(bread)
        definite &= spread[:, 0] > SMALLEST * spread[:, -1]
        bread[~definite] = np.eye(bread.shape[1])
        step = np.linalg.solve(bread, score)[:, :, 0]
        decrement = np.abs(np.sum(step * score[:, :, 0], axis=1))
        usable = definite & np.isfinite(decrement)
        x = x + step
        done = usable & (decrement < 1e-12)
        ended = active[done]
        theta[ended], converged[ended] = x[done] @ transform.T + offset, True
        moving = usable & ~done
        active, x = active[moving], x[moving]
    for at in np.flatnonzero(~converged):
        theta[at], converged[at] = _alone(model, p, rho[at], weight[at])
    return theta, converged


def _alone(model: OrdinalModel, p: int, rho: Array, weight: Array) -> tuple[Array, bool]:
    rows, columns = pairs_of(p)
    cov = np.eye(p)
    cov[rows, columns] = cov[columns, rows] = rho
    below, beside = np.triu_indices(p)
    keep = np.flatnonzero(below != beside)
    sample = Sample(model.structure, cov, np.zeros(p), 1.0)
    discrepancy = LeastSquares((sample,), (weight,), False, keep)
    found = minimise(discrepancy, model.theta, model.table.transform, model.table.offset, most=MOST)
    return found.point.theta, found.converged


def _measured(
    model: OrdinalModel,
    n: int,
    p: int,
    rho: Array,
    gamma: Array,
    weight: Array,
    theta: Array,
) -> _Chunk:
    """Test, indices and sampling covariances of each sample, as ``fit_measures`` of one."""
    sigma, slopes = _moments(model, p, theta)
    weighted = slopes * weight[:, :, None]
    turned = weighted.transpose(0, 2, 1)
    inverse = np.linalg.pinv(slopes.transpose(0, 2, 1) @ weighted, hermitian=True)
    own = weight[:, :, None] * gamma
    left = own - weighted @ (inverse @ (turned @ gamma))
    size, df, baseline_df = n - 1, model.df, rho.shape[1]
    chisq = _shifted(size * np.sum(weight * (rho - sigma) ** 2, axis=1), left, df)
    baseline = _shifted(size * np.sum(weight * rho**2, axis=1), own, baseline_df)
    misfit = np.maximum(chisq - df, 0.0)
    most = np.maximum(np.maximum(baseline - baseline_df, misfit), 0.0)
    cfi = 1 - np.divide(misfit, most, out=np.zeros_like(misfit), where=most > 0)
    rmsea = np.sqrt(misfit / (df * size)) if df else np.zeros_like(misfit)
    srmr = np.sqrt(np.sum((rho - sigma) ** 2, axis=1) / (p * (p + 1) // 2))
    transform = model.table.transform
    vcov = inverse @ (turned @ gamma @ weighted) @ inverse / size
    vcov = transform @ vcov @ transform.T
    tested = np.isfinite(chisq) & np.isfinite(baseline)
    return _Chunk(*(each[tested] for each in (theta, chisq, srmr, rmsea, cfi, vcov)))


def _shifted(plain: Array, product: Array, df: int) -> Array:
    """The statistics scaled and shifted by the traces of U Gamma and its square; NaN where they have no
    variance.
    """
    if not df:
        return np.zeros_like(plain)
    first = np.trace(product, axis1=1, axis2=2)
    second = np.sum(product * product.transpose(0, 2, 1), axis=(1, 2))
    scale = np.sqrt(df / np.where(second > 0, second, np.nan))
    return np.asarray(np.maximum(plain * scale + df - scale * first, 0.0))
