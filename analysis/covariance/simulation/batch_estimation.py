"""Many maximum-likelihood fits of one model at once, to many samples' moments.

Quasi-Newton steps (BFGS) on arrays with a leading axis of samples. Resamples lie near the original, so
that its Hessian is a good first guess for each, and a few cheap gradients replace a thousand Hessians.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from analysis.covariance.estimation import NormalDiscrepancy, Sample
from analysis.covariance.matrices import Array, GroupStructure
from analysis.covariance.minimiser import MAX_ITERATIONS, minimise
from analysis.covariance.parameter_table import ParameterTable

BATCH = 256
MAX_STEPS = 30


@dataclass(frozen=True)
class BatchSample:
    """One group's structure, share of the rows, and moments of every sample (r, p, p), (r, p)."""

    structure: GroupStructure
    weight: float
    cov: Array
    mean: Array


@dataclass(frozen=True)
class BatchFit:
    """Estimates (r, q), discrepancies (r,) and which fits reached a minimum (r,)."""

    theta: Array
    value: Array
    converged: Array


def fit_batch(
    table: ParameterTable,
    samples: Sequence[BatchSample],
    start: Array,
    hessian: Array,
    *,
    workers: int = 1,
    most: int = MAX_ITERATIONS,
) -> BatchFit:
    """Fit the model to each sample, from the original's estimates ``start`` (q,) and Hessian (q, q).

    Samples that do not converge in 30 steps are fitted one by one with the damped minimiser, in
    ``most`` iterations. Raises ModelError for a table with restrictions.
    """
    table.require_linear("many fits at once")
    count = len(samples[0].cov)
    slices = [slice(at, min(at + BATCH, count)) for at in range(0, count, BATCH)]
    back = np.linalg.inv(table.transform.T @ hessian @ table.transform)

    def one(part: slice) -> tuple[Array, Array, Array]:
        own = [BatchSample(s.structure, s.weight, s.cov[part], s.mean[part]) for s in samples]
        return _quasi_newton(table, own, start, back)

    if workers > 1 and len(slices) > 1:
        # Linear algebra on batches lets other threads run.
        with ThreadPoolExecutor(workers) as pool:
            parts = list(pool.map(one, slices))
    else:
        parts = [one(part) for part in slices]
    theta, value, converged = (np.concatenate(found) for found in zip(*parts, strict=True))
    for r in np.flatnonzero(~converged):
        theta[r], value[r], converged[r] = _alone(table, samples, int(r), start, most)
    return BatchFit(theta, value, converged)


def _alone(
    table: ParameterTable, samples: Sequence[BatchSample], r: int, start: Array, most: int
) -> tuple[Array, float, bool]:
    groups = [Sample(s.structure, s.cov[r], s.mean[r], s.weight) for s in samples]
    if any(np.linalg.eigvalsh(g.cov)[0] <= 1e-12 * np.trace(g.cov) for g in groups):
        return start, np.nan, False
    discrepancy = NormalDiscrepancy.of(groups, means=table.mean_structure)
    found = minimise(discrepancy, start, table.transform, table.offset, most=most)
    return found.point.theta, found.point.value, found.converged


def _quasi_newton(
    table: ParameterTable, samples: list[BatchSample], start: Array, back: Array
) -> tuple[Array, Array, Array]:
    count = len(samples[0].cov)
    transform, offset = table.transform, table.offset
    theta = np.repeat(start[None], count, axis=0)
    value, converged = np.full(count, np.nan), np.zeros(count, dtype=bool)
    saturated = _saturated(samples)
    active = np.flatnonzero(np.isfinite(saturated))
    inverse = np.repeat(back[None], len(active), axis=0)
    # All samples start from one place: what does not depend on the sample is computed once there.
    x = np.linalg.lstsq(transform, start - offset, rcond=None)[0][None]
    before: tuple[Array, Array] | None = None  # the last step and the gradient it was taken at
    with np.errstate(all="ignore"):
        for _ in range(MAX_STEPS):
            here = x @ transform.T + offset
            gradient = _gradient(samples, here, active, table.mean_structure) @ transform
            if before is not None:
                _update(inverse, before[0], gradient - before[1])
            step = -(inverse @ gradient[:, :, None])[:, :, 0]
            decrement = np.abs(np.sum(step * gradient, axis=1))
            usable = np.isfinite(decrement)
            # This small a step is a hundred-thousandth of a standard error at n = 1,000.
            done = usable & (decrement < 1e-13)
            x = x + step
            ended = active[done]
            theta[ended], converged[ended] = x[done] @ transform.T + offset, True
            moving = usable & ~done
            if not moving.all():
                active, x, inverse = active[moving], x[moving], inverse[moving]
                step, gradient = step[moving], gradient[moving]
            if not len(active):
                break
            before = step, gradient
        found = np.flatnonzero(converged)
        value[found] = _values(samples, theta[found], found, table.mean_structure)
    value -= saturated
    return theta, value, np.isfinite(value)


def _update(inverse: Array, step: Array, change: Array) -> None:
    """BFGS update of each inverse Hessian (r, q, q), in place; skipped where curvature is not
    positive.
    """
    along = np.sum(step * change, axis=1)
    rho = np.where(along > 1e-300, 1 / along, 0.0)
    turned = (inverse @ change[:, :, None])[:, :, 0]
    scale = rho * (1 + rho * np.sum(change * turned, axis=1))
    # H + scale s s' - rho (s t' + t s') = H + s a' + a s' with a = scale / 2 s - rho t.
    half = (scale / 2)[:, None] * step - rho[:, None] * turned
    left = np.stack([step, half], axis=2)
    right = np.stack([half, step], axis=1)
    inverse += left @ right


def _saturated(samples: list[BatchSample]) -> Array:
    """What the unrestricted model leaves of F; NaN where a covariance is not positive definite."""
    total = np.zeros(len(samples[0].cov))
    for s in samples:
        sign, log = np.linalg.slogdet(s.cov)
        total += s.weight * np.where(sign > 0, log + s.structure.p, np.nan)
    return total


def _values(samples: list[BatchSample], theta: Array, active: Array, means: bool) -> Array:
    """F with the unrestricted model's part, NaN where Sigma is not positive definite."""
    total = np.zeros(len(theta))
    for s in samples:
        implied = s.structure.implied(theta)
        sign, log = np.linalg.slogdet(implied.sigma)
        r = _about(s.cov[active], s.mean[active] - implied.mu) if means else s.cov[active]
        trace = np.sum(_inverses(implied.sigma) * r, axis=(1, 2))
        total += s.weight * np.where(sign > 0, log + trace, np.nan)
    return total


def _inverses(matrices: Array) -> Array:
    """Of each matrix (r, p, p); NaN where a step led to an exactly singular one, which numpy refuses for
    all of them together.
    """
    try:
        return np.asarray(np.linalg.inv(matrices))
    except np.linalg.LinAlgError:
        found = np.full_like(matrices, np.nan)
        for at, one in enumerate(matrices):
            if np.isfinite(one).all() and np.linalg.matrix_rank(one) == len(one):
                found[at] = np.linalg.inv(one)
        return found


def _about(cov: Array, shift: Array) -> Array:
    return np.asarray(cov + shift[:, :, None] * shift[:, None, :])


def _gradient(samples: list[BatchSample], theta: Array, active: Array, means: bool) -> Array:
    """Gradient of F for each active sample, at its own parameters or at one place for all.

    dF/dA = 2 G' Q H and dF/dS = 2 G' Q G entry by entry, with H = G S B' and Q = dF/dSigma.
    """
    gradient = np.zeros((len(active), theta.shape[1]))
    for s in samples:
        structure = s.structure
        implied = structure.implied(theta)
        p = structure.p
        g, inverse = implied.total[:, :p], _inverses(implied.sigma)
        shift = s.mean[active] - implied.mu
        r = _about(s.cov[active], shift) if means else s.cov[active]
        gq = g.transpose(0, 2, 1) @ (inverse - inverse @ r @ inverse)
        by_path = (gq @ implied.covariance[:, :p])[:, structure.d_row, structure.d_col]
        by_covariance = (gq @ g)[:, structure.s_row, structure.s_col] * structure.s_weight
        by_mean = np.zeros((len(active), len(structure.m_row)))
        if means:
            score = ((inverse @ shift[:, :, None]).transpose(0, 2, 1) @ g)[:, 0]
            by_path = by_path - score[:, structure.d_row] * implied.mean[:, structure.d_col]
            by_mean = -score[:, structure.m_row]
        gradient[:, structure.place] += (
            2 * s.weight * np.concatenate([by_path, by_covariance, by_mean], axis=1)
        )
    return gradient
