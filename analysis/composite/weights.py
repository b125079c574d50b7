"""The weights of composites by Lohmöller's algorithm, for many correlation matrices at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

# "maxvar" has no inner scheme: its weights are those of ``maxvar.maxvar_weights``.
Scheme = Literal["path", "factorial", "centroid", "maxvar"]

TOLERANCE = 1e-7
MAX_ITERATIONS = 300


@dataclass(frozen=True)
class Stage:
    """One run of the algorithm: J constructs, their blocks of variables, their arrows.

    ``blocks[j]`` are the places of construct j's variables in the correlation matrix;
    ``arrows`` (J, J) is true at [source, target].
    """

    names: tuple[str, ...]
    blocks: tuple[np.ndarray, ...]
    modes: tuple[str, ...]
    factors: tuple[bool, ...]
    arrows: np.ndarray

    @cached_property
    def slots(self) -> np.ndarray:
        """The variables of all blocks in a row (m,); one may stand in several blocks."""
        return np.concatenate(self.blocks)

    @cached_property
    def owner(self) -> np.ndarray:
        """The construct (m,) of each slot."""
        return np.repeat(np.arange(len(self.blocks)), [len(b) for b in self.blocks])

    @cached_property
    def membership(self) -> np.ndarray:
        """Slots by constructs (m, J), 1 where the slot belongs."""
        return np.asarray(self.owner[:, None] == np.arange(len(self.blocks)), dtype=float)


@dataclass(frozen=True)
class Weights:
    """Weights (B, m) of unit-variance composites, slot by slot, and how the iteration ended."""

    values: np.ndarray
    iterations: np.ndarray
    converged: np.ndarray


def composite_weights(
    R: np.ndarray,
    stage: Stage,
    *,
    scheme: Scheme = "path",
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
) -> Weights:
    """PLS weights for each of the correlation matrices R (B, v, v).

    Starts from equal weights; then in turn composites, inner proxies by ``scheme``, and weights
    by mode, until the absolute changes of all weights of a sample sum to less than ``tolerance``
    (so that none exceeds it); a sample that is done keeps its weights. A sample whose block
    cannot be inverted gets NaN and does not converge. Signs are left as the iteration ends; see
    ``oriented``.

    Lohmöller, J.-B. (1989). Latent variable path modeling with partial least squares; the
    iteration and its stop are those of R seminr, whose results this equals to rounding.
    """
    R, slots = _used(R, stage)
    owner = stage.owner
    inverses = _mode_b_inverses(R, stage, slots)
    out = np.full((len(R), len(slots)), np.nan)
    iterations = np.full(len(R), max_iterations)
    converged = np.zeros(len(R), dtype=bool)
    active = np.arange(len(R))
    before = np.ones((len(R), len(slots)))
    w, W, RW = _normed(R, before, slots, owner)
    for iteration in range(max_iterations + 1):
        C = np.swapaxes(W, 1, 2) @ RW
        covariance = (RW @ inner_weights(C, stage.arrows, scheme))[:, slots, owner]
        w, W, RW = _normed(R, _outer(covariance, stage, inverses), slots, owner)
        change = np.abs(w - before).sum(axis=1)
        done = (change < tolerance) | ~np.isfinite(change)
        if done.any():
            out[active[done]] = w[done]
            iterations[active[done]] = iteration
            converged[active[done]] = np.isfinite(change[done])
            going = ~done
            active = active[going]
            if not active.size:
                break
            R, w, W, RW = R[going], w[going], W[going], RW[going]
            inverses = {j: inverse[going] for j, inverse in inverses.items()}
        before = w
    if active.size:
        out[active] = w
    return Weights(out, iterations, converged)


def _used(R: np.ndarray, stage: Stage) -> tuple[np.ndarray, np.ndarray]:
    """The part of R that the stage uses, and the place of each slot in it."""
    used, slots = np.unique(stage.slots, return_inverse=True)
    return (R if len(used) == R.shape[1] else R[:, used[:, None], used]), slots


def _normed(
    R: np.ndarray, w: np.ndarray, slots: np.ndarray, owner: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights (B, m) scaled to unit-variance composites, as a matrix W (B, v, J), and R W."""
    W = np.zeros((len(R), R.shape[1], int(owner[-1]) + 1))
    W[:, slots, owner] = w
    RW = R @ W
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.sqrt((W * RW).sum(axis=1))
        W /= size[:, None]
        RW /= size[:, None]
        w = w / size[:, owner]
    return w, W, RW


def _outer(covariance: np.ndarray, stage: Stage, inverses: dict[int, np.ndarray]) -> np.ndarray:
    """New weights (B, m) from the covariances of variables and inner proxies, by mode."""
    w = covariance.copy()
    start = 0
    for j, block in enumerate(stage.blocks):
        own = slice(start, start + len(block))
        start += len(block)
        if stage.modes[j] == "unit":
            w[:, own] = 1.0
        elif j in inverses:
            w[:, own] = (inverses[j] @ covariance[:, own, None])[:, :, 0]
    return w


def _mode_b_inverses(R: np.ndarray, stage: Stage, slots: np.ndarray) -> dict[int, np.ndarray]:
    inverses = {}
    for j, block in enumerate(stage.blocks):
        if stage.modes[j] == "B" and len(block) > 1:
            own = slots[stage.owner == j]
            inverses[j] = inverse_or_nan(R[:, own[:, None], own])
    return inverses


def inverse_or_nan(A: np.ndarray) -> np.ndarray:
    """Inverses of the matrices A (B, k, k); NaN where one is singular."""
    try:
        return np.asarray(np.linalg.inv(A))
    except np.linalg.LinAlgError:
        if len(A) == 1:
            return np.full_like(A, np.nan)
        half = len(A) // 2
        return np.concatenate([inverse_or_nan(A[:half]), inverse_or_nan(A[half:])])


def solve_or_nan(A: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Solutions x (B, k) of A x = b for matrices A (B, k, k); NaN where one is singular."""
    if A.shape[1] == 1:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(b / A[:, 0])
    try:
        return np.asarray(np.linalg.solve(A, b[:, :, None])[:, :, 0])
    except np.linalg.LinAlgError:
        return np.asarray((inverse_or_nan(A) @ b[:, :, None])[:, :, 0])


def inner_weights(C: np.ndarray, arrows: np.ndarray, scheme: Scheme) -> np.ndarray:
    """Inner weights (B, J, J): column j holds the weights of the composites in j's proxy.

    ``path``: regression weights of the antecedents, correlations with the targets; ``factorial``:
    correlations with all neighbours; ``centroid``: their signs.
    """
    neighbours = arrows | arrows.T
    if scheme == "centroid":
        return np.asarray(np.sign(C) * neighbours)
    if scheme == "factorial":
        return np.asarray(C * neighbours)
    E: np.ndarray = C * arrows.T
    for j in np.flatnonzero(arrows.any(axis=0)):
        sources = np.flatnonzero(arrows[:, j])
        E[:, sources, j] = solve_or_nan(C[:, sources[:, None], sources], C[:, sources, j])
    return E


def oriented(
    R: np.ndarray, weights: np.ndarray, stage: Stage, reference: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Signs (B, J), +1 or -1, that turn each composite the right way round; where they are contested.

    A composite points to where its items point: the sum of its loadings is positive. With
    ``reference`` weights (m,), those of the whole sample, a resample's composite is turned to
    correlate positively with the composite that the reference weights make of the same answers;
    the sign is contested (B, J) where the two rules differ.
    """
    R, slots = _used(R, stage)
    owner, J = stage.owner, len(stage.blocks)
    rules = [np.ones(len(slots))] if reference is None else [np.ones(len(slots)), reference]
    towards = np.zeros((R.shape[1], J * len(rules)))
    for k, rule in enumerate(rules):
        towards[slots, owner + k * J] = rule
    target = R @ towards
    sums = [weights * target[:, slots, owner + k * J] for k in range(len(rules))]
    items, agreement = (part @ stage.membership for part in (sums[0], sums[-1]))
    return np.where(agreement < 0, -1.0, 1.0), (agreement < 0) != (items < 0)
