"""Relative importance where few people gave all scores: LMG on correlations of pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from analysis.drivers import (
    MOST_PREDICTORS,
    SINGULAR,
    Floats,
    RelativeImportance,
    lmg_parts,
    require_weights,
    told,
)
from analysis.errors import DataError, TooFewCases

LEAST = 50  # rows with both scores of a pair
_ROWS = 5_000  # taken at once
_ADMISSIBLE = 0.5  # share of resamples that must fit


@dataclass(frozen=True)
class SparseImportance:
    """Parts of R squared on pairwise correlations.

    ``least`` and ``most``: rows with both scores of a pair; ``importance.n`` is their harmonic mean, the
    effective n. ``inadmissible``: resamples whose correlations contradicted one another.
    """

    importance: RelativeImportance
    least: int
    most: int
    inadmissible: int


def pair_counts(predictors: Floats) -> Floats:
    """How many rows have both of each two predictors (p, p)."""
    given = np.isfinite(predictors).astype(np.float64)
    found: Floats = given.T @ given
    return found


def sparse_importance(
    predictors: Floats,
    outcome: Floats,
    names: Sequence[str],
    *,
    seed: int,
    resamples: int = 500,
    confidence: float = 0.95,
    weights: Floats | None = None,
) -> SparseImportance:
    """Split the R squared of ``outcome`` (n,) among ``predictors`` (n, p) with missing values (NaN).

    Each correlation is that of the rows that have both scores, as ``use = "pairwise"`` does in R: right
    where it does not depend on the scores who gave which. Correlations of different people can
    contradict one another (no positive definite matrix): then nothing is split, and a resample is left
    out and counted. Intervals are percentiles of resamples of rows, drawn with Poisson weights. With
    complete rows the parts equal those of ``relative_importance``, also with ``weights`` (n,), by which each
    row counts in every correlation and resample.

    Raises TooFewCases where a pair has fewer than ``LEAST`` rows, and DataError for fewer than two or
    too many predictors, a missing outcome, a constant score, correlations that contradict one another,
    and weights that are not finite and above 0, one for each row.

    Validated against the published LMG example of R's relaimpo (swiss) on its correlations, and against
    a population with scores missing at random. References: Grömping, U. (2006). Relative importance for
    linear regression in R: the package relaimpo. Journal of Statistical Software, 17(1), 1-27. Hanley,
    J. A. and MacGibbon, B. (2006). Creating non-parametric bootstrap samples using Poisson frequencies.
    Computer Methods and Programs in Biomedicine, 83, 57-62.
    """
    size = len(names)
    if predictors.shape != (len(outcome), size):
        raise DataError(
            f"{size} names and {len(outcome)} outcomes do not fit predictors of {predictors.shape}"
        )
    if not 2 <= size <= MOST_PREDICTORS:
        raise DataError(f"{size} predictors; relative importance needs 2 to {MOST_PREDICTORS}")
    if not np.isfinite(outcome).all():
        raise DataError("an outcome is missing or infinite; leave its row out")
    if weights is not None:
        require_weights(weights, len(outcome))
    data = np.column_stack([predictors, outcome]).astype(np.float64)
    each = np.ones(len(data)) if weights is None else weights
    rows = pair_counts(data)[np.triu_indices(size + 1, 1)]
    if rows.min() < LEAST:
        raise TooFewCases(LEAST, int(rows.min()), what="rows with both scores of a pair")
    whole = _correlations(data, each[None, :])
    if not _fits(whole)[0]:
        raise DataError(
            "the scores' correlations contradict one another, or one score is made of the others;"
            " leave one out"
        )
    rng = np.random.default_rng(seed)
    drawn = _resampled(data, resamples, rng, each)
    kept = drawn[_fits(drawn)]
    if len(kept) < _ADMISSIBLE * resamples:
        raise DataError(
            f"{resamples - len(kept)} of {resamples} resamples have correlations that contradict one"
            " another; leave the score out that fewest people gave"
        )
    found = told(
        lmg_parts(whole)[0],
        lmg_parts(kept),
        whole[0, :size, size],
        names,
        n=int(len(rows) / (1 / rows).sum()),
        confidence=confidence,
        method="LMG on pairwise correlations, percentile bootstrap",
    )
    return SparseImportance(found, int(rows.min()), int(rows.max()), resamples - len(kept))


def _fits(correlations: Floats) -> NDArray[np.bool_]:
    """Which matrices (b, k, k) are those of some population, predictors not determining one another."""
    usable = np.asarray(np.isfinite(correlations).all(axis=(1, 2)), dtype=np.bool_)
    safe = np.where(usable.reshape(-1, 1, 1), correlations, np.eye(correlations.shape[1]))
    among = np.linalg.eigvalsh(safe[:, :-1, :-1])[:, 0] >= SINGULAR
    return np.asarray(usable & among & (np.linalg.eigvalsh(safe)[:, 0] >= 0), dtype=np.bool_)


def _resampled(data: Floats, resamples: int, rng: np.random.Generator, each: Floats) -> Floats:
    """Correlations (b, k, k) of rows that are counted as often as Poisson's law says."""
    total, at = None, 0
    for part, columns in _columns(data):
        drawn = rng.poisson(1.0, size=(resamples, len(part))).astype(np.float64)
        sums = (drawn * each[at : at + len(part)]) @ columns
        at += len(part)
        total = sums if total is None else total + sums
    return _from_sums(np.zeros((resamples, 0)) if total is None else total, data.shape[1])


def _correlations(data: Floats, weights: Floats) -> Floats:
    at, total = 0, np.zeros((len(weights), 0))
    for part, columns in _columns(data):
        sums = weights[:, at : at + len(part)] @ columns
        total = sums if not total.size else total + sums
        at += len(part)
    return _from_sums(total, data.shape[1])


def _columns(data: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Rows in parts, with what the weighted sums of each pair are made of: six columns a pair.

    Scores are taken from their means first, so that the sums of squares lose no digits.
    """
    centred = data - np.nanmean(data, axis=0)
    for start in range(0, len(data), _ROWS):
        part = centred[start : start + _ROWS]
        given = np.isfinite(part)
        values = np.where(given, part, 0.0)
        made = []
        for a, b in combinations(range(data.shape[1]), 2):
            both = (given[:, a] & given[:, b]).astype(np.float64)
            x, y = values[:, a] * both, values[:, b] * both
            made += [both, x, y, x * x, y * y, x * y]
        yield part, np.column_stack(made)


def _from_sums(total: Floats, size: int) -> Floats:
    found = np.tile(np.eye(size), (len(total), 1, 1))
    for place, (a, b) in enumerate(combinations(range(size), 2)):
        n, x, y, xx, yy, xy = total[:, 6 * place : 6 * place + 6].T
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = np.sqrt((xx - x * x / n) * (yy - y * y / n))
            r = (xy - x * y / n) / spread
        found[:, a, b] = found[:, b, a] = np.where(spread > 0, r, np.nan)
    return found
