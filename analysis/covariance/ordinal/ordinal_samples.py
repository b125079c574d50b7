"""Samples of ordinal answers, and the polychoric correlations of many of them at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from analysis.covariance.matrices import Array, vech_index
from analysis.covariance.ordinal.polychoric_pairs import (
    PairLikelihood,
    pair_correlations,
    pair_threshold_scores,
    threshold_scores,
    without_empty_binary_cells,
)
from analysis.covariance.text.model import Model
from analysis.errors import DataError, ModelError, NotPositiveDefinite

MOST_ROWS = 20_000  # of a sample that is drawn row by row


def require_few_rows(n: int, items: int) -> None:
    """Raise DataError for samples that are too large to be drawn row by row, or too small for the items."""
    if n <= items:
        raise DataError(f"samples of {n} rows are too few for {items} items; give n above {items}")
    if n > MOST_ROWS:
        raise DataError(
            f"ordinal, Likert and resampled answers are drawn row by row, for at most {MOST_ROWS:,} rows; found "
            f"{n:,}: take a random part of the rows, or simulate normal answers"
        )


@dataclass(frozen=True)
class OrdinalPopulation:
    """Standard normal variables of a ``correlation`` (p, p), each cut into answers at its
    ``thresholds``.
    """

    names: tuple[str, ...]
    correlation: Array
    thresholds: tuple[Array, ...]

    @property
    def categories(self) -> int:
        """Of the item with most of them."""
        return max(len(own) for own in self.thresholds) + 1

    def drawn(self, n: int, reps: int, rng: np.random.Generator) -> Array:
        """Answers of ``reps`` samples of n rows, counted from 0 (reps, n, p).

        Raises NotPositiveDefinite for a correlation that no data can have.
        """
        try:
            root = np.linalg.cholesky(self.correlation)
        except np.linalg.LinAlgError as error:
            raise NotPositiveDefinite(
                "no data can have the population's correlations: they are not positive definite; lower "
                "its loadings or correlations"
            ) from error
        latent = root @ rng.standard_normal((len(self.names), reps * n))
        codes = np.zeros(latent.shape, dtype=np.uint8)  # one item after the other in memory
        for item, own in enumerate(self.thresholds):
            for cut in own:  # a few comparisons are faster than a search
                codes[item] += latent[item] > cut
        return codes.reshape(-1, reps, n).transpose(1, 2, 0)


def written_thresholds(model: Model) -> tuple[Model, tuple[Array, ...]]:
    """The model without its thresholds, and these by item: 'x1 | -.5*t1 + .6*t2'. Empty without any.

    Raises ModelError for thresholds without values or out of order, and where some items have none.
    """
    own = [path for path in model.paths if path.op == "|"]
    rest = replace(model, paths=tuple(path for path in model.paths if path.op != "|"))
    if not own:
        return rest, ()
    found: dict[str, dict[int, float]] = {}
    for path in own:
        value = path.modifiers[0].fixed if len(path.modifiers) == 1 else None
        if value is None:
            raise ModelError(
                f"{path.name} has no value; write one, as in '{path.lhs} | -.5*{path.rhs}'",
                line=path.line or None,
            )
        found.setdefault(path.lhs, {})[int(path.rhs[1:])] = value
    for name in rest.observed:
        values = [value for _, value in sorted(found.get(name, {}).items())]
        if not values:
            raise ModelError(
                f"{name} has no thresholds, but {own[0].lhs} has; ordinal answers are simulated where all "
                f"items are ordinal: write '{name} | -.5*t1 + .6*t2', or leave all thresholds out"
            )
        if sorted(found[name]) != list(range(1, len(values) + 1)) or np.any(np.diff(values) <= 0):
            raise ModelError(
                f"{name}: its thresholds are t1, t2, ... in rising order; found "
                + ", ".join(f"{value:g}*t{k}" for k, value in sorted(found[name].items()))
            )
    stray = [name for name in found if name not in rest.observed]
    if stray:
        raise ModelError(f"{stray[0]} has thresholds but stands in no other line; leave them out")
    return rest, tuple(np.array(sorted(found[name].values())) for name in rest.observed)


@dataclass(frozen=True)
class PolychoricSamples:
    """Of r samples the correlations below the diagonal, column by column (r, m), and n times their
    sampling covariance (r, m, m). ``answered``: samples without an item that all answered alike (r,);
    the others have no correlations.
    """

    correlations: Array
    gamma: Array
    answered: Array


def pairs_of(p: int) -> tuple[Array, Array]:
    """Second and first item of each pair, in the order of correlations below the diagonal."""
    second, first = vech_index(p)
    apart = second != first
    return second[apart], first[apart]


def polychoric_samples(codes: Array, categories: int) -> PolychoricSamples:
    """Polychoric correlations of samples of answers (r, n, p), coded 0 to ``categories`` - 1.

    Of each sample as ``polychoric.polychoric``: a category that nobody chose is none of that sample's.
    """
    codes = codes.astype(np.intp)
    counts = _counts(codes, categories)
    seen = counts > 0
    answered = np.asarray((seen.sum(axis=2) > 1).all(axis=1))
    codes, counts, seen = codes[answered], counts[answered], seen[answered]
    codes = _without_gaps(codes, seen)
    r, n, p = codes.shape
    m = p * (p - 1) // 2
    if not r:
        return PolychoricSamples(np.zeros((0, m)), np.zeros((0, m, m)), answered)
    counts = _counts(codes, categories)
    sizes = seen.sum(axis=2)
    second, first = pairs_of(p)
    bounds = _bounds(counts, sizes, n)
    cell = (codes[:, :, first] * categories + codes[:, :, second]) + np.arange(m) * categories**2
    cell += (np.arange(r) * (m * categories**2))[:, None, None]
    tables = np.bincount(cell.ravel(), minlength=r * m * categories**2).astype(float)
    tables = tables.reshape(r * m, categories, categories)
    binary = ((sizes[:, first] == 2) & (sizes[:, second] == 2)).ravel()
    tables = without_empty_binary_cells(tables, binary)
    a = bounds[:, first].reshape(r * m, -1)
    b = bounds[:, second].reshape(r * m, -1)
    joint = PairLikelihood(a, b)
    rho = pair_correlations(tables, joint)
    by_pair = _influence(tables, joint, rho, counts, sizes, bounds, first, second)
    influence = by_pair.ravel()[cell]  # (r, n, m)
    gamma = n * influence.transpose(0, 2, 1) @ influence
    return PolychoricSamples(rho.reshape(r, m), gamma, answered)


def pair_precisions(population: OrdinalPopulation) -> Array:
    """The inverse of n times each correlation's sampling variance (1, m), at the population itself."""
    p, k = len(population.names), population.categories
    bounds = np.full((1, p, k + 1), np.inf)
    bounds[:, :, 0] = -np.inf
    for item, own in enumerate(population.thresholds):
        bounds[0, item, 1 : len(own) + 1] = own
    sizes = np.array([[len(own) + 1 for own in population.thresholds]])
    second, first = pairs_of(p)
    rho = population.correlation[second, first]
    joint = PairLikelihood(bounds[0, first], bounds[0, second])
    joint.move(rho)
    shares = joint.probabilities()
    own_shares = np.diff(special.ndtr(bounds), axis=2)
    influence = _influence(shares, joint, rho, own_shares, sizes, bounds, first, second)
    return np.asarray(1 / np.sum(shares * influence**2, axis=(1, 2)))[None]


def _counts(codes: Array, categories: int) -> Array:
    """Answers by item and category (r, p, k)."""
    r, _, p = codes.shape
    cell = codes + np.arange(p) * categories + (np.arange(r) * (p * categories))[:, None, None]
    found = np.bincount(cell.ravel(), minlength=r * p * categories)
    return found.reshape(r, p, categories)


def _without_gaps(codes: Array, seen: Array) -> Array:
    """The answers numbered among those that the sample has."""
    if seen.all():
        return codes
    number = seen.cumsum(axis=2) - 1
    r, _, p = codes.shape
    return np.asarray(number[np.arange(r)[:, None, None], np.arange(p), codes])


def _bounds(counts: Array, sizes: Array, n: int) -> Array:
    """Thresholds with minus infinity before them and infinity behind (r, p, k + 1)."""
    r, p, k = counts.shape
    bounds = np.full((r, p, k + 1), np.inf)
    bounds[:, :, 0] = -np.inf
    cut = special.ndtri(counts.cumsum(axis=2)[:, :, :-1] / n)
    bounds[:, :, 1:-1] = np.where(np.arange(1, k) < sizes[:, :, None], cut, np.inf)
    return bounds


def _influence(
    tables: Array,
    joint: PairLikelihood,
    rho: Array,
    counts: Array,
    sizes: Array,
    bounds: Array,
    first: Array,
    second: Array,
) -> Array:
    """What a row of each pair of answers moves its correlation by, through the thresholds too
    (r * m, k, k) (Muthén 1984).
    """
    r, p, k = counts.shape
    a = bounds[:, first].reshape(len(rho), -1)
    b = bounds[:, second].reshape(len(rho), -1)
    probability = joint.probabilities()
    by_rho = joint.slopes() / probability
    weighted = tables * by_rho
    by_first = pair_threshold_scores(a, b, rho, probability)
    by_second = pair_threshold_scores(b, a, rho, probability.transpose(0, 2, 1))
    through_first = np.einsum("mij,mijt->mt", weighted, by_first)
    through_second = np.einsum("mij,mjit->mt", weighted, by_second)
    own = threshold_scores(bounds.reshape(r * p, -1))
    flat = counts.reshape(r * p, k)
    bread = np.einsum("jct,jcs,jc->jts", own, own, flat)
    absent = np.arange(k - 1) >= sizes.reshape(-1, 1) - 1
    bread[absent[:, :, None] & np.eye(k - 1, dtype=bool)] = 1.0
    of_thresholds = (own @ np.linalg.inv(bread)).reshape(r, p, k, k - 1)
    shape = (len(rho), k, k - 1)
    of_first = of_thresholds[:, first].reshape(shape)
    of_second = of_thresholds[:, second].reshape(shape)
    moved = np.einsum("mct,mt->mc", of_first, through_first)[:, :, None]
    moved = moved + np.einsum("mct,mt->mc", of_second, through_second)[:, None, :]
    return np.asarray((by_rho - moved) / np.sum(weighted * by_rho, axis=(1, 2))[:, None, None])
