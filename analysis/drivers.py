"""How much of an outcome's variation goes with each of several predictors that go together.

Shapley's value of R squared, known as LMG: the R squared that a predictor adds, averaged over all
orders in which the predictors can enter. The parts sum to the R squared of all, and none is negative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from analysis.compare import Difference, holm, two_sided
from analysis.errors import DataError, TooFewCases
from analysis.metrics import critical_z

Floats = NDArray[np.float64]

MOST_PREDICTORS = 10  # 1,024 subsets of them are fitted in every resample
_LEVEL = 0.05  # after Holm's correction
SINGULAR = 1e-8  # smallest eigenvalue of the predictors' correlations


@dataclass(frozen=True)
class Driver:
    """One predictor. ``part`` is its part of R squared, 0 to 1, with its interval.

    ``correlation`` is that with the outcome; ``first`` the share of resamples in which no other
    predictor has a larger part; ``error`` the bootstrap's standard error of the part.
    """

    name: str
    part: float
    low: float
    high: float
    correlation: float
    first: float
    error: float


@dataclass(frozen=True)
class RelativeImportance:
    """The predictors in the order given; their parts sum to ``r_squared``."""

    drivers: tuple[Driver, ...]
    r_squared: float
    low: float  # of R squared; percentiles, hence not corrected for its upward bias
    high: float
    n: int
    resamples: int  # those that could be fitted
    confidence: float
    method: str
    leader: str | None = None  # whose part is significantly larger than that of every other

    @property
    def largest(self) -> Driver:
        return max(self.drivers, key=lambda driver: driver.part)


def needed(predictors: int) -> int:
    """How many complete cases make the parts worth showing: 50, and 10 for each predictor."""
    return max(50, 10 * predictors)


def require_weights(weights: Floats, n: int) -> None:
    """Raise DataError unless there is a finite weight above 0 for each of the n rows."""
    if weights.shape != (n,) or not ((weights > 0) & np.isfinite(weights)).all():
        raise DataError(
            f"{n} rows need a weight above 0 each, none infinite; give one for each row"
        )


def relative_importance(
    predictors: Floats,
    outcome: Floats,
    names: Sequence[str],
    *,
    seed: int,
    resamples: int = 1000,
    confidence: float = 0.95,
    weights: Floats | None = None,
) -> RelativeImportance:
    """Split the R squared of ``outcome`` (n,) on ``predictors`` (n, p) among the predictors.

    Rows must be complete. Intervals are percentiles of ``resamples`` bootstrap samples of rows. A
    leader is named where its part differs from every other one's: a normal test with the bootstrap's
    standard error of the difference, Holm's correction over all pairs. ``weights`` (n,) weight the
    correlations; only their ratios matter, and a resample draws rows with their own.
    Raises TooFewCases below ``needed(p)`` rows, and DataError for fewer than two or too many
    predictors, for missing values, for a constant column, for predictors that determine one
    another, and for weights that are not finite and above 0, one for each row.

    Validated against pingouin 0.7.0 (``linear_regression(..., relimp=True)``), which follows R's
    relaimpo. References: Lindeman, R. H., Merenda, P. F. and Gold, R. Z. (1980). Introduction to
    bivariate and multivariate analysis. Grömping, U. (2006). Relative importance for linear
    regression in R: the package relaimpo. Journal of Statistical Software, 17(1), 1-27.

    >>> rng = np.random.default_rng(1)
    >>> x = rng.standard_normal((200, 2))
    >>> found = relative_importance(x, x[:, 0] + rng.standard_normal(200), ["a", "b"], seed=1)
    >>> found.largest.name, round(sum(d.part for d in found.drivers) - found.r_squared, 12)
    ('a', 0.0)
    """
    data = _checked(predictors, outcome, names)
    n, size = data.shape[0], len(names)
    if weights is not None:
        require_weights(weights, n)
    whole = _correlations(data, weights)[None]
    if float(np.linalg.eigvalsh(whole[0, :size, :size])[0]) < SINGULAR:
        raise DataError("one predictor is determined by the others; leave it out")
    parts = lmg_parts(whole)[0]
    drawn = lmg_parts(_resampled(data, weights, resamples, np.random.default_rng(seed)))
    return told(
        parts,
        drawn,
        whole[0, :size, size],
        names,
        n=n,
        confidence=confidence,
        method="LMG (Shapley value of R squared), percentile bootstrap"
        + ("" if weights is None else ", weighted"),
    )


def told(
    parts: Floats,
    drawn: Floats,
    with_outcome: Floats,
    names: Sequence[str],
    *,
    n: int,
    confidence: float,
    method: str,
) -> RelativeImportance:
    """Parts (p,) with the intervals of their resamples (b, p); ``with_outcome`` (p,): correlations."""
    ends = [50 * (1 - confidence), 50 * (1 + confidence)]
    low, high = np.percentile(drawn, ends, axis=0)
    total_low, total_high = np.percentile(drawn.sum(axis=1), ends)
    first = (drawn >= drawn.max(axis=1, keepdims=True)).mean(axis=0)
    return RelativeImportance(
        drivers=tuple(
            Driver(
                name,
                float(parts[j]),
                float(low[j]),
                float(high[j]),
                float(with_outcome[j]),
                float(first[j]),
                float(np.std(drawn[:, j], ddof=1)) if len(drawn) > 1 else 0.0,
            )
            for j, name in enumerate(names)
        ),
        r_squared=float(parts.sum()),
        low=float(total_low),
        high=float(total_high),
        n=n,
        resamples=len(drawn),
        confidence=confidence,
        method=method,
        leader=_leader(parts, drawn, names),
    )


def part_difference(
    first: RelativeImportance, second: RelativeImportance, name: str
) -> Difference | None:
    """One predictor's part in a first group of people minus that in a second one, other people.

    Interval and p are those of a normal test with the standard errors of both bootstraps; the effect is
    the difference of the parts itself. None where neither part varies between resamples.

    Reference: Tonidandel, S. and LeBreton, J. M. (2011). Relative importance analysis: a useful
    supplement to regression analysis. Journal of Business and Psychology, 26, 1-9, who compare groups
    by bootstrapping.
    """
    one, other = (next(d for d in group.drivers if d.name == name) for group in (first, second))
    error = math.hypot(one.error, other.error)
    if not error:
        return None
    size = one.part - other.part
    reach = critical_z(first.confidence) * error
    return Difference(
        estimate=size,
        low=size - reach,
        high=size + reach,
        p=two_sided(size / error),
        n=(first.n, second.n),
        confidence=first.confidence,
        method="normal test with bootstrap standard errors",
        effect=size,
        effect_name="difference of the parts",
    )


def _leader(parts: Floats, drawn: Floats, names: Sequence[str]) -> str | None:
    pairs = list(combinations(range(len(names)), 2))
    found = []
    for a, b in pairs:
        error = float(np.std(drawn[:, a] - drawn[:, b], ddof=1)) if len(drawn) > 1 else 0.0
        found.append(two_sided(float(parts[a] - parts[b]) / error) if error > 0 else 1.0)
    corrected = zip(pairs, holm(found), strict=True)
    first = int(np.argmax(parts))
    leads = all(p < _LEVEL for pair, p in corrected if first in pair)
    return names[first] if leads else None


def _checked(predictors: Floats, outcome: Floats, names: Sequence[str]) -> Floats:
    """Predictors and outcome side by side, or what is wrong with them."""
    p = len(names)
    if predictors.ndim != 2 or predictors.shape != (len(outcome), p):
        raise DataError(
            f"{p} names and {len(outcome)} outcomes do not fit predictors of {predictors.shape}"
        )
    if not 2 <= p <= MOST_PREDICTORS:
        raise DataError(f"{p} predictors; relative importance needs 2 to {MOST_PREDICTORS}")
    data = np.column_stack([predictors, outcome]).astype(np.float64)
    if not np.isfinite(data).all():
        raise DataError("a value is missing or infinite; give complete rows only")
    if len(data) < needed(p):
        raise TooFewCases(needed(p), len(data), what="complete cases")
    still = [
        name for name, sd in zip([*names, "the outcome"], data.std(axis=0), strict=True) if not sd
    ]
    if still:
        raise DataError(f"{still[0]} has the same value everywhere; leave it out")
    return data


def _correlations(data: Floats, weights: Floats | None) -> Floats:
    if weights is None:
        return np.asarray(np.corrcoef(data, rowvar=False), dtype=np.float64)
    covariances = np.cov(data, rowvar=False, aweights=weights)
    spread = np.sqrt(np.diag(covariances))
    return np.asarray(covariances / np.outer(spread, spread), dtype=np.float64)


def _resampled(
    data: Floats, weights: Floats | None, resamples: int, rng: np.random.Generator
) -> Floats:
    """Correlation matrices (b, p + 1, p + 1) of bootstrap samples; degenerate ones left out."""
    kept = []
    for _ in range(resamples):
        rows = rng.integers(len(data), size=len(data))
        drawn = data[rows]
        if drawn.std(axis=0).all():
            found = _correlations(drawn, None if weights is None else weights[rows])
            if float(np.linalg.eigvalsh(found[:-1, :-1])[0]) >= SINGULAR:
                kept.append(found)
    if not kept:
        raise DataError("no resample could be fitted; the answers hardly differ")
    return np.stack(kept)


def lmg_parts(correlations: Floats) -> Floats:
    """LMG parts (b, p) of each correlation matrix (b, p + 1, p + 1), the outcome its last variable."""
    p = correlations.shape[1] - 1
    explained: dict[tuple[int, ...], Floats] = {(): np.zeros(len(correlations))}
    for size in range(1, p + 1):
        for chosen in combinations(range(p), size):
            explained[chosen] = _r_squared(correlations, chosen)
    parts = np.zeros((len(correlations), p))
    for chosen, without in explained.items():
        for j in set(range(p)) - set(chosen):
            weight = 1 / (p * math.comb(p - 1, len(chosen)))
            parts[:, j] += weight * (explained[tuple(sorted((*chosen, j)))] - without)
    return parts


def _r_squared(correlations: Floats, chosen: tuple[int, ...]) -> Floats:
    """R squared (b,) of the last variable on the chosen ones."""
    index = list(chosen)
    among = correlations[:, index][:, :, index]
    with_outcome = correlations[:, index, -1]
    weights = np.linalg.solve(among, with_outcome[..., None])[..., 0]
    found: Floats = (weights * with_outcome).sum(axis=1)
    return found
