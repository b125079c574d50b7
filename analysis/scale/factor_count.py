"""How many factors the correlations support: parallel analysis and Velicer's MAP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError, TooFewCases
from analysis.moments import Moments, moments

BATCH_BYTES = 2**25


@dataclass(frozen=True)
class EigenvalueComparison:
    """Observed eigenvalues (p,), the random ones' mean and percentile, and how many exceed it."""

    observed: np.ndarray
    random_mean: np.ndarray
    threshold: np.ndarray
    suggested: int


@dataclass(frozen=True)
class ParallelAnalysis:
    """Horn's comparison for components (full R) and for common factors (reduced R)."""

    items: tuple[str, ...]
    n: int
    dropped: int
    draws: int
    percentile: float
    seed: int
    components: EigenvalueComparison
    factors: EigenvalueComparison


@dataclass(frozen=True)
class MinimumAveragePartial:
    """Velicer's average squared partial correlations after 0, 1, ... components, and the minimum."""

    averages: np.ndarray
    suggested: int


def parallel_analysis(
    data: pd.DataFrame | Moments,
    items: Sequence[str] | None = None,
    *,
    draws: int = 500,
    percentile: float = 95.0,
    seed: int = 1,
) -> ParallelAnalysis:
    """Keep the leading eigenvalues that exceed those of random data of the same size.

    Random data are normal and independent. Components compare eigenvalues of R (Horn 1965);
    factors those of R with squared multiple correlations in its diagonal (Humphreys & Montanelli
    1975). The threshold is the given percentile (Glorfeld 1995). The count stops at the first
    eigenvalue that does not exceed its threshold. Complete rows only.

    Raises DataError below 3 items, TooFewCases unless there are more complete rows than items,
    NoVariance and NotPositiveDefinite as ``Moments``.

    Validated against R psych ``fa.parallel`` (mean random component eigenvalues to 0.01, numbers
    suggested; psych takes one-factor minres communalities in place of squared multiple ones).
    """
    found = moments(data, items)
    p = len(found.names)
    if p < 3:
        raise DataError(f"parallel analysis needs at least 3 items, found {p}")
    if found.n <= p:
        raise TooFewCases(p + 1, found.n, what="complete rows")
    found.require_positive_definite()
    full, reduced = _random_eigenvalues(found.n, p, draws, np.random.default_rng(seed))
    observed = found.correlation
    return ParallelAnalysis(
        items=found.names,
        n=found.n,
        dropped=found.dropped,
        draws=draws,
        percentile=percentile,
        seed=seed,
        components=_compare(observed, full, percentile),
        factors=_compare(_reduced(observed), reduced, percentile),
    )


def _random_eigenvalues(
    n: int, p: int, draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Descending eigenvalues (draws, p) of random correlations, full and reduced, in batches."""
    size = max(1, BATCH_BYTES // (8 * p * p))
    full, reduced = [], []
    for start in range(0, draws, size):
        R = _random_correlations(n, p, min(size, draws - start), rng)
        full.append(np.linalg.eigvalsh(R)[:, ::-1])
        reduced.append(np.linalg.eigvalsh(_reduced(R))[:, ::-1])
    return np.concatenate(full), np.concatenate(reduced)


def _random_correlations(n: int, p: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Correlations (draws, p, p) of n independent normal rows, drawn by Bartlett's decomposition.

    The scatter matrix of n normal rows is A A' with A lower triangular, chi variables in the
    diagonal and normals below: the cost does not grow with n.
    """
    A = np.tril(rng.standard_normal((draws, p, p)), -1)
    degrees = n - 1 - np.arange(p)
    A[:, np.arange(p), np.arange(p)] = np.sqrt(rng.chisquare(degrees, size=(draws, p)))
    scatter = A @ A.transpose(0, 2, 1)
    sd = np.sqrt(np.diagonal(scatter, axis1=1, axis2=2))
    correlations: np.ndarray = scatter / (sd[:, :, None] * sd[:, None, :])
    return correlations


def _reduced(R: np.ndarray) -> np.ndarray:
    """R (..., p, p) with squared multiple correlations in the diagonal."""
    at = np.arange(R.shape[-1])
    out = R.copy()
    out[..., at, at] = 1 - 1 / np.diagonal(np.linalg.inv(R), axis1=-2, axis2=-1)
    return out


def _compare(observed: np.ndarray, theirs: np.ndarray, percentile: float) -> EigenvalueComparison:
    mine = np.linalg.eigvalsh(observed)[::-1]
    threshold = np.percentile(theirs, percentile, axis=0)
    below = np.flatnonzero(mine <= threshold)
    return EigenvalueComparison(
        observed=mine.copy(),
        random_mean=theirs.mean(axis=0),
        threshold=threshold,
        suggested=int(below[0]) if below.size else len(mine),
    )


def minimum_average_partial(
    data: pd.DataFrame | Moments, items: Sequence[str] | None = None
) -> MinimumAveragePartial:
    """Velicer's MAP (1976): the number of components whose removal leaves the least partial
    correlation between items, by average square.

    Raises DataError below 3 items, NoVariance and NotPositiveDefinite as ``Moments``.
    """
    found = moments(data, items)
    p = len(found.names)
    if p < 3:
        raise DataError(f"the MAP test needs at least 3 items, found {p}")
    found.require_positive_definite()
    R = found.correlation
    values, vectors = np.linalg.eigh(R)
    loadings = (vectors * np.sqrt(values))[:, ::-1]
    off = ~np.eye(p, dtype=bool)
    averages = [float(np.mean(R[off] ** 2))]
    for m in range(1, p - 1):
        partial = R - loadings[:, :m] @ loadings[:, :m].T
        sd = np.sqrt(np.maximum(np.diag(partial), 1e-12))
        averages.append(float(np.mean((partial / np.outer(sd, sd))[off] ** 2)))
    return MinimumAveragePartial(np.asarray(averages), int(np.argmin(averages)))


def agreed_count(components: int, factors: int, partials: int) -> int | None:
    """The number of factors on which at least two of the three rules agree, None where all differ.

    >>> agreed_count(4, 7, 4)
    4
    """
    counts = (components, factors, partials)
    return next((one for one in counts if counts.count(one) > 1), None)


def count_evidence(components: int, factors: int, partials: int) -> str:
    """What each rule finds, where they agree, and why one may differ, in one sentence."""
    counts = (
        f"parallel analysis finds {components} components and {factors} common factors, the minimum"
        f" average partial {partials}"
    )
    agreed = agreed_count(components, factors, partials)
    if agreed is None:
        return f"{counts}: no two agree, so that these rules do not settle the number of factors"
    if components == factors == partials:
        return f"{counts}: all three agree on {agreed}"
    why = ""
    if factors > agreed:
        why = (
            "; common factors, compared by squared multiple correlations, are known to come out too"
            " many with many rows"
        )
    elif partials < agreed:
        why = "; the minimum average partial is known to miss factors of few items or low loadings"
    return f"{counts}: two of three agree on {agreed}{why}"
