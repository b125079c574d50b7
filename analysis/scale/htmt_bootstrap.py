"""How sure a heterotrait-monotrait ratio is: bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.errors import DataError, TooFewCases
from analysis.moments import moments, numeric
from analysis.scale.validity import htmt_array

# Cut-offs of Henseler, Ringle & Sarstedt 2015: conceptually distinct, and similar, factors.
HTMT_CUTS = (0.85, 0.90)
BATCH_BYTES = 2**26
MOST_CELLS = 25_000_000  # cross-products of all pairs of items are held for every row: 200 MB


@dataclass(frozen=True)
class HtmtInterval:
    """HTMT of two factors with its percentile interval over the resamples."""

    first: str
    second: str
    estimate: float
    mean: float
    se: float
    lower: float
    upper: float


@dataclass(frozen=True)
class HtmtIntervals:
    """All pairs. ``inadmissible`` resamples (an item without variance) are left out and counted."""

    n: int
    dropped: int
    variant: str
    reps: int
    inadmissible: int
    level: float
    seed: int | None
    pairs: tuple[HtmtInterval, ...]


def bootstrap_correlations(
    values: np.ndarray, counts: Iterator[np.ndarray]
) -> Iterator[np.ndarray]:
    """Correlation matrices (b, p, p) of resamples given as counts (b, n) of complete rows (n, p).

    One matrix product of the counts with the rows' centred cross-products gives the moments of a
    whole batch. An item without variance in a resample makes its correlations NaN.
    """
    n, p = values.shape
    centred = (values - values.mean(axis=0)) / np.where(
        values.std(axis=0) > 0, values.std(axis=0), 1
    )
    upper = np.triu_indices(p)
    products = np.hstack([centred, centred[:, upper[0]] * centred[:, upper[1]]])
    for batch in counts:
        sums = batch.astype(float) @ products / n
        mean = sums[:, :p]
        cov = np.empty((len(batch), p, p))
        cov[:, upper[0], upper[1]] = cov[:, upper[1], upper[0]] = sums[:, p:]
        cov -= mean[:, :, None] * mean[:, None, :]
        variance = np.diagonal(cov, axis1=1, axis2=2)
        sd = np.sqrt(np.where(variance > 1e-12, variance, np.nan))
        yield cov / (sd[:, :, None] * sd[:, None, :])


def resample_counts(
    n: int, reps: int, rng: np.random.Generator, *, width: int = 1
) -> Iterator[np.ndarray]:
    """Batches of multinomial counts (b, n): how often each row is in each resample of n rows.

    ``width``: floats that a caller will hold a resample besides; keeps a batch's memory bounded.
    """
    size = max(1, BATCH_BYTES // (8 * (n + width)))
    for start in range(0, reps, size):
        yield rng.multinomial(n, np.full(n, 1 / n), size=min(size, reps - start))


def htmt_intervals(
    data: pd.DataFrame,
    model: Mapping[str, Sequence[str]],
    *,
    variant: str = "htmt",
    reps: int = 2000,
    level: float = 0.95,
    seed: int = 1,
    indices: np.ndarray | None = None,
) -> HtmtIntervals:
    """Percentile intervals of HTMT or HTMT2 for every pair of factors, on complete rows.

    indices: (reps, n) row numbers from 0, instead of drawing. Two factors are distinct at a cut
    when the upper limit stays below it (Henseler, Ringle & Sarstedt 2015; Franke & Sarstedt 2019).

    Raises DataError below two factors, for indices out of range or more rows than memory holds, TooFewCases below 10 complete
    rows, MissingItem and NoVariance as ``Moments``.

    Validated against R seminr 2.5.0 given its resamples: limits, means, deviations to 1e-8.
    """
    if len(model) < 2:
        raise DataError("HTMT compares factors; there is only one")
    items = [item for members in model.values() for item in members]
    found = moments(data, items)
    if found.n < 10:
        raise TooFewCases(10, found.n, what="complete rows")
    if found.n * len(items) * (len(items) + 3) / 2 > MOST_CELLS:
        raise DataError(
            f"the bootstrap of HTMT cannot hold {found.n} rows of {len(items)} items; take a random "
            "part of the rows"
        )
    values = numeric(data, items)
    values = values[~np.isnan(values).any(axis=1)]
    at = iter(range(len(items)))
    blocks = [[next(at) for _ in members] for members in model.values()]
    geometric = variant == "htmt2"
    estimate = htmt_array(np.abs(found.correlation), blocks, geometric=geometric)
    if indices is None:
        values = values[np.lexsort(values.T)]  # the order of the rows shall not matter
        counts = resample_counts(
            found.n, reps, np.random.default_rng(seed), width=2 * len(items) ** 2
        )
    else:
        counts = iter([_counted(np.asarray(indices), found.n)])
    draws = np.concatenate(
        [
            htmt_array(np.abs(R), blocks, geometric=geometric)
            for R in bootstrap_correlations(values, counts)
        ]
    )
    usable = np.isfinite(draws).all(axis=(1, 2))
    if usable.sum() < 2:
        raise DataError(f"none of {len(draws)} resamples is usable; an item hardly varies")
    return HtmtIntervals(
        n=found.n,
        dropped=found.dropped,
        variant=variant,
        reps=len(draws),
        inadmissible=int((~usable).sum()),
        level=level,
        seed=seed if indices is None else None,
        pairs=_pairs(list(model), estimate, draws[usable], level),
    )


def _counted(indices: np.ndarray, n: int) -> np.ndarray:
    if indices.ndim != 2 or indices.min() < 0 or indices.max() >= n:
        raise DataError(f"resample indices must be rows 0..{n - 1} in a (reps, n) table")
    return np.stack([np.bincount(row, minlength=n) for row in indices])


def _pairs(
    names: list[str], estimate: np.ndarray, draws: np.ndarray, level: float
) -> tuple[HtmtInterval, ...]:
    tail = 100 * (1 - level) / 2
    rows = []
    for i, j in combinations(range(len(names)), 2):
        mine = draws[:, i, j]
        lower, upper = np.percentile(mine, [tail, 100 - tail])
        rows.append(
            HtmtInterval(
                names[i],
                names[j],
                estimate=float(estimate[i, j]),
                mean=float(mine.mean()),
                se=float(mine.std(ddof=1)),
                lower=float(lower),
                upper=float(upper),
            )
        )
    return tuple(rows)
