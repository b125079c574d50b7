"""Polychoric correlations in two steps (Olsson 1979) with their full sampling covariance.

Step one takes each item's thresholds from its answers alone; step two maximises each pair's
likelihood over the correlation, all pairs at once. The sampling covariance of thresholds and
correlations together follows Muthén (1984).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from analysis.covariance.design import Design
from analysis.covariance.matrices import Array, vech_index
from analysis.covariance.ordinal.polychoric_pairs import (
    PairLikelihood,
    pair_correlations,
    pair_threshold_scores,
    threshold_scores,
    without_empty_binary_cells,
)
from analysis.errors import DataError, NoVariance, TooFewCases
from analysis.moments import numeric
from analysis.threads import one_blas_thread

MAX_CATEGORIES = 20
CHUNK = 20_000


@dataclass(frozen=True)
class Polychoric:
    """Thresholds and polychoric correlations of ordinal items.

    ``thresholds`` holds one array an item (categories - 1, standard normal units); ``gamma`` is n
    times the sampling covariance of all thresholds, item after item, then the correlations below
    the diagonal, column by column.
    """

    names: tuple[str, ...]
    n: int
    categories: tuple[Array, ...]
    thresholds: tuple[Array, ...]
    correlation: Array
    gamma: Array | None
    dropped: int
    warnings: tuple[str, ...]
    weight: float | None = None  # sum of the rows' weights, where they have some

    @property
    def size(self) -> float:
        """n, or the sum of the rows' weights."""
        return float(self.n) if self.weight is None else self.weight

    @property
    def n_thresholds(self) -> int:
        """Thresholds of all items together."""
        return sum(len(t) for t in self.thresholds)

    @property
    def correlation_gamma(self) -> Array:
        """The block of ``gamma`` for the correlations."""
        if self.gamma is None:
            raise DataError("the sampling covariance was not asked for; pass covariance=True")
        at = self.n_thresholds
        return self.gamma[at:, at:]


def polychoric(
    data: pd.DataFrame, names: tuple[str, ...] | None = None, *, covariance: bool = False
) -> Polychoric:
    """Polychoric correlations of ordinal items (columns; all when ``names`` is None).

    Rows with a missing item are left out and counted in ``dropped``. With ``covariance`` the
    sampling covariance is computed too. Two binary items with an empty cell get half an answer in
    it, margins kept. Raises NoVariance for an item with one category only, DataError for one with
    more than 20, TooFewCases below 3 rows.

    Validated against: lavaan 0.6-14 (thresholds, correlations, WLSMV standard errors) and R psych.
    """
    chosen = tuple(data.columns) if names is None else tuple(names)
    values = numeric(data, chosen)
    complete = ~np.isnan(values).any(axis=1)
    with one_blas_thread():
        return polychoric_of(
            values[complete], chosen, covariance=covariance, dropped=int((~complete).sum())
        )


def polychoric_of(
    values: Array,
    names: tuple[str, ...],
    *,
    covariance: bool,
    dropped: int = 0,
    design: Design | None = None,
) -> Polychoric:
    """The same for complete rows (n, p) of numbers.

    With a ``design`` each answer counts by its row's weight, scores are weighted and summed over
    clusters, and the sampling covariance is times the sum of weights.
    """
    n, p = values.shape
    design = design or Design()
    if n < 3:
        raise TooFewCases(3, n, what="complete rows")
    categories, codes = _coded(values, names)
    k = max(len(c) for c in categories)
    bounds = np.full((p, k + 1), np.inf)
    bounds[:, 0] = -np.inf
    thresholds = []
    for j, found in enumerate(categories):
        counts = np.bincount(codes[:, j], design.weights, minlength=len(found))
        share = np.cumsum(counts)[:-1] / design.size_of(n)
        thresholds.append(special.ndtri(share))
        bounds[j, 1 : len(found)] = thresholds[-1]
    second, first = vech_index(p)
    second, first = second[second != first], first[second != first]
    tables = _tables(codes, first, second, k, design.weights)
    sizes = np.array([len(c) for c in categories])
    tables = without_empty_binary_cells(tables, (sizes[first] == 2) & (sizes[second] == 2))
    joint = PairLikelihood(bounds[first], bounds[second])
    rho = pair_correlations(tables, joint)
    correlation = np.eye(p)
    correlation[second, first] = correlation[first, second] = rho
    gamma = None
    if covariance:
        gamma = _gamma(codes, categories, bounds, tables, joint, rho, first, second, design)
    warnings = gaps_between(categories, names)
    wild = [
        f"{names[a]} and {names[b]}"
        for a, b, r in zip(first, second, rho, strict=True)
        if abs(r) > 0.995
    ]
    if wild:
        warnings.append(f"polychoric correlation at its bound: {', '.join(wild[:5])}")
    return Polychoric(
        names,
        n,
        tuple(categories),
        tuple(thresholds),
        correlation,
        gamma,
        dropped,
        tuple(warnings),
        None if design.weights is None else design.size_of(n),
    )


def _coded(values: Array, names: tuple[str, ...]) -> tuple[list[Array], Array]:
    categories, codes = [], np.empty(values.shape, dtype=np.intp)
    for j, name in enumerate(names):
        found, codes[:, j] = np.unique(values[:, j], return_inverse=True)
        if len(found) == 1:
            raise NoVariance(
                f"{name}: all {len(values)} answers are {found[0]:g}; leave the item out"
            )
        if len(found) > MAX_CATEGORIES:
            raise DataError(
                f"{name} has {len(found)} different values; ordinal items have at most "
                f"{MAX_CATEGORIES}: treat it as continuous (ML or MLR), or name the ordinal items in ordered"
            )
        categories.append(found)
    return categories, codes


def gaps_between(categories: list[Array], names: tuple[str, ...]) -> list[str]:
    """Whole-number categories between an item's lowest and highest that nobody chose."""
    warnings = []
    for name, found in zip(names, categories, strict=True):
        # Codes far apart (999 for "no answer", amounts of money) are no scale with gaps to list.
        if np.all(found == np.round(found)) and found[-1] - found[0] <= 2 * MAX_CATEGORIES:
            absent = sorted(set(range(int(found[0]), int(found[-1]) + 1)) - set(found.astype(int)))
            if absent:
                listed = ", ".join(str(value) for value in absent)
                warnings.append(
                    f"{name}: nobody chose {listed}; the categories beside it were used"
                )
    return warnings


def _tables(codes: Array, first: Array, second: Array, k: int, weights: Array | None) -> Array:
    """Contingency tables (pairs, k, k), from one product of indicator matrices."""
    n, p = codes.shape
    counts = np.zeros((p * k, p * k))
    for start in range(0, n, CHUNK):
        part = codes[start : start + CHUNK]
        dummy = np.zeros((len(part), p * k))
        dummy[np.arange(len(part))[:, None], part + np.arange(p) * k] = 1.0
        own = dummy if weights is None else dummy * weights[start : start + CHUNK, None]
        counts += dummy.T @ own
    return counts.reshape(p, k, p, k)[first, :, second, :]


def _gamma(
    codes: Array,
    categories: list[Array],
    bounds: Array,
    tables: Array,
    joint: PairLikelihood,
    rho: Array,
    first: Array,
    second: Array,
    design: Design,
) -> Array:
    """n times the sampling covariance of (thresholds, correlations): A^-1 B A^-T of their scores.

    A row's influence A^-1 s depends on its answers alone: of a threshold on the item's, of a correlation
    on both items'. Rows therefore look theirs up, and only their products cost time.
    """
    n, p = codes.shape
    a, b = bounds[first], bounds[second]
    probability = joint.probabilities()
    by_rho = joint.slopes() / probability
    own = threshold_scores(bounds)  # (p, category, threshold)
    weighted = tables * by_rho
    # Derivatives of the pair's cells for the first and the second item's thresholds.
    by_first = pair_threshold_scores(a, b, rho, probability)
    by_second = pair_threshold_scores(b, a, rho, probability.transpose(0, 2, 1))
    a21_first = np.einsum("mij,mijt->mt", weighted, by_first)
    a21_second = np.einsum("mij,mjit->mt", weighted, by_second)
    a22 = np.sum(weighted * by_rho, axis=(1, 2))
    k = own.shape[1]
    counts = np.stack([np.bincount(codes[:, j], design.weights, minlength=k) for j in range(p)])
    bread = np.einsum("jct,jcs,jc->jts", own, own, counts)
    sizes = np.array([len(c) - 1 for c in categories])
    absent = np.arange(k - 1) >= sizes[:, None]
    bread[absent[:, :, None] & np.eye(k - 1, dtype=bool)] = 1.0
    of_thresholds = own @ np.linalg.inv(bread)
    through_first = np.einsum("mct,mt->mc", of_thresholds[first], a21_first)
    through_second = np.einsum("mct,mt->mc", of_thresholds[second], a21_second)
    of_pairs = by_rho - through_first[:, :, None] - through_second[:, None, :]
    of_pairs /= a22[:, None, None]
    item, threshold = np.nonzero(~absent)
    pair = np.arange(len(rho))
    size = len(item) + len(rho)
    products = np.zeros((size, size))
    for at in _parts(n, design):
        part = codes[at]
        influence = np.empty((len(part), size))
        influence[:, : len(item)] = of_thresholds[item, part[:, item], threshold]
        influence[:, len(item) :] = of_pairs[pair, part[:, first], part[:, second]]
        totals = influence if design.simple else design.totals(influence, at)
        products += totals.T @ totals
    return np.asarray(products * (design.correction * design.size_of(n)))


def _parts(n: int, design: Design) -> Iterator[slice]:
    """The rows in pieces, which split no cluster."""
    if not design.simple:
        return design.blocks(n)
    return (slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK))
