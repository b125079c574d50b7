"""Finite mixture segmentation: are there hidden groups with other paths?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.composite.result import PlsResult
from analysis.errors import DataError, TooFewCases
from analysis.threads import one_blas_thread

MAX_SEGMENTS = 10
_TOLERANCE = 1e-9
_ITERATIONS = 5_000
# A residual variance below this is a segment that has collapsed onto single rows.
_FLOOR = 1e-4


@dataclass(frozen=True)
class Segmentation:
    """One number of segments: sizes, paths by segment, and criteria (smaller is better but entropy).

    ``paths``: source, target and one column a segment (1 the largest); ``probability`` (n, K) of
    each row's membership; ``entropy`` from 0 to 1, from .5 on segments are told apart (Ramaswamy
    et al. 1993).
    """

    segments: int
    shares: tuple[float, ...]
    paths: pd.DataFrame
    r_squared: pd.DataFrame
    log_likelihood: float
    parameters: int
    criteria: dict[str, float]
    entropy: float
    converged: bool
    probability: np.ndarray = field(repr=False)


@one_blas_thread()
def fimix(
    fit: PlsResult, segments: int, *, starts: int = 10, seed: int | None = None
) -> Segmentation:
    """FIMIX-PLS: a mixture of the structural regressions of standardised construct scores.

    Every segment has its own paths and residual variances, no intercepts; EM from ``starts``
    random memberships, the best likelihood kept. Hahn, Johnson, Herrmann & Huber (2002),
    Schmalenbach Business Review 54(3); criteria after Hair, Sarstedt, Matthews & Ringle (2016),
    European Business Review 28(1), who advise AIC3 and CAIC together.

    Raises DataError without scores, for segments outside 1 to 10, and when every start collapses;
    TooFewCases below ten rows a segment.
    """
    if fit.scores is None:
        raise DataError("segmentation needs the rows; fit to a frame instead of moments")
    if fit.drawn.weights is not None:
        raise DataError("segments are not weighted; fit the model without sampling weights")
    if not 1 <= segments <= MAX_SEGMENTS or starts < 1:
        raise DataError(f"segments must lie between 1 and {MAX_SEGMENTS}, starts be 1 or more")
    if len(fit.scores) < 10 * segments:
        raise TooFewCases(10 * segments, len(fit.scores), what=f"rows for {segments} segments")
    layout = fit.estimates.layout
    scores = fit.scores[list(layout.names)].to_numpy()
    equations = [
        (scores[:, np.flatnonzero(layout.final.arrows[:, j])], scores[:, j])
        for j in layout.endogenous
    ]
    rng = np.random.default_rng(seed)
    best: _State | None = None
    for _ in range(starts if segments > 1 else 1):
        found = _em(equations, rng.dirichlet(np.ones(segments), size=len(scores)))
        if found is not None and (best is None or found.log_likelihood > best.log_likelihood):
            best = found
    if best is None:
        raise DataError(
            f"{segments} segments collapse onto single rows from every start; ask for fewer"
        )
    return _report(fit, best, equations)


def compare_segments(
    fit: PlsResult, *, up_to: int = 5, starts: int = 10, seed: int | None = None
) -> tuple[pd.DataFrame, dict[int, Segmentation]]:
    """Criteria by number of segments (rows), and the segmentations. Raises as ``fimix``."""
    found = {k: fimix(fit, k, starts=starts, seed=seed) for k in range(1, up_to + 1)}
    table = pd.DataFrame(
        {
            k: {**s.criteria, "entropy": s.entropy, "smallest": min(s.shares)}
            for k, s in found.items()
        }
    ).T
    return table.rename_axis("segments"), found


@dataclass(frozen=True)
class _State:
    share: np.ndarray  # (K,)
    paths: list[np.ndarray]  # by equation (K, predictors)
    variance: np.ndarray  # (equations, K)
    probability: np.ndarray  # (n, K)
    log_likelihood: float
    converged: bool


def _em(equations: list[tuple[np.ndarray, np.ndarray]], probability: np.ndarray) -> _State | None:
    """EM from the given memberships (n, K); None where a segment collapses."""
    n, K = probability.shape
    last, P = -np.inf, probability
    for _ in range(_ITERATIONS):
        share = P.mean(axis=0)
        log_density = np.tile(np.log(share), (n, 1))
        paths, variance = [], np.empty((len(equations), K))
        for q, (X, y) in enumerate(equations):
            b = np.empty((K, X.shape[1]))
            for k in range(K):
                weighted = X * P[:, [k]]
                b[k] = np.linalg.lstsq(weighted.T @ X, weighted.T @ y, rcond=None)[0]
            residual = y[:, None] - X @ b.T
            variance[q] = (P * residual**2).sum(axis=0) / P.sum(axis=0)
            if (variance[q] < _FLOOR).any() or (share * n < X.shape[1] + 1).any():
                return None
            log_density -= 0.5 * (np.log(2 * np.pi * variance[q]) + residual**2 / variance[q])
            paths.append(b)
        top = log_density.max(axis=1, keepdims=True)
        total = top[:, 0] + np.log(np.exp(log_density - top).sum(axis=1))
        P = np.exp(log_density - total[:, None])
        value = float(total.sum())
        if abs(value - last) < _TOLERANCE * max(1.0, abs(value)):
            return _State(share, paths, variance, P, value, True)
        last = value
    return _State(share, paths, variance, P, last, False)


def _report(
    fit: PlsResult, state: _State, equations: list[tuple[np.ndarray, np.ndarray]]
) -> Segmentation:
    layout = fit.estimates.layout
    n, K = state.probability.shape
    order = np.argsort(-state.share)
    columns = [str(k + 1) for k in range(K)]
    rows, explained = [], {}
    for j, (X, y), b in zip(layout.endogenous, equations, state.paths, strict=True):
        sources = np.flatnonzero(layout.final.arrows[:, j])
        for i, s in enumerate(sources):
            values = b[order, i].tolist()
            rows.append((layout.names[s], layout.names[j], *values))
        P = state.probability[:, order]
        residual = y[:, None] - X @ b[order].T
        own = (P * y[:, None]).sum(axis=0) / P.sum(axis=0)
        spread = (P * (y[:, None] - own) ** 2).sum(axis=0)
        explained[layout.names[j]] = 1 - (P * residual**2).sum(axis=0) / spread
    parameters = (K - 1) + K * sum(X.shape[1] for X, _ in equations) + K * len(equations)
    lnl = state.log_likelihood
    p = np.clip(state.probability, 1e-300, 1.0)
    entropy = 1.0 if K == 1 else 1 + float((p * np.log(p)).sum()) / (n * np.log(K))
    return Segmentation(
        K,
        tuple(state.share[order].tolist()),
        pd.DataFrame(rows, columns=["source", "target", *columns]),
        pd.DataFrame(explained, index=columns).T,
        lnl,
        parameters,
        {
            "aic": -2 * lnl + 2 * parameters,
            "aic3": -2 * lnl + 3 * parameters,
            "aic4": -2 * lnl + 4 * parameters,
            "bic": -2 * lnl + np.log(n) * parameters,
            "caic": -2 * lnl + (np.log(n) + 1) * parameters,
            "hq": -2 * lnl + 2 * np.log(np.log(n)) * parameters,
        },
        entropy,
        state.converged,
        state.probability[:, order],
    )
