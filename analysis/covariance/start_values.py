"""Starting values near the solution, from the sample covariances in closed form.

All in units of standard deviations first: loadings factor by factor from its own indicators, then the
correlations between factors from weighted sums of their indicators, corrected for attenuation, then
regressions from those. The units of the model (markers, fixed variances, items' own) come last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from analysis.covariance.matrices import Array, GroupStructure
from analysis.covariance.parameter_table import ParameterTable

MOST_COMMON = 0.95  # of an item's variance, or of two factors' correlation
LEAST_OWN = 0.1  # of a factor's variance that others do not explain


@dataclass(frozen=True)
class Layout:
    """Which variables measure and explain which, by number: observed first, then latent."""

    observed: int
    levels: tuple[tuple[Array, Array], ...]  # indicator and factor of each loading
    regressions: dict[int, list[int]]  # predictors of each outcome
    structural: Array  # factors, and observed variables that measure none


def start_values(
    table: ParameterTable,
    structures: Sequence[GroupStructure],
    covariances: Sequence[Array],
    means: Sequence[Array],
) -> Array:
    """Values of all free parameters to start from; ``start()`` in the model overrides."""
    start = np.zeros(table.n_free)
    layout = _layout(table)
    for structure, cov, mean in zip(structures, covariances, means, strict=True):
        _fill(start, layout, structure, cov, mean)
    for row in table.rows:
        if row.start is not None and row.free >= 0:
            start[row.free] = row.start
    return start


def _layout(table: ParameterTable) -> Layout:
    at = {name: i for i, name in enumerate(table.observed + table.latent)}
    measured: dict[int, list[int]] = {}
    regressions: dict[int, list[int]] = {}
    for row in table.rows[: len(table.rows) // table.groups]:
        if row.op == "=~":
            measured.setdefault(at[row.lhs], []).append(at[row.rhs])
        elif row.op == "~":
            regressions.setdefault(at[row.lhs], []).append(at[row.rhs])
    items = {item for own in measured.values() for item in own}
    p = len(table.observed)
    known, levels = set(range(p)), []
    while measured:
        # First factors of items, then factors of those; what measures itself in a circle as it is.
        ready = [f for f, own in measured.items() if known.issuperset(own)] or list(measured)
        pairs = [(item, f) for f in ready for item in measured.pop(f)]
        levels.append((np.array([i for i, _ in pairs]), np.array([f for _, f in pairs])))
        known.update(ready)
    structural = [i for i in range(len(at)) if i >= p or i not in items]
    return Layout(p, tuple(levels), regressions, np.array(structural))


def _fill(start: Array, layout: Layout, structure: GroupStructure, cov: Array, mean: Array) -> None:
    """Put one group's values where they belong in ``start``."""
    v, p = len(structure.directed), layout.observed
    units = np.ones(v)
    units[:p] = np.sqrt(cov.diagonal())
    correlation, directed, symmetric = np.eye(v), np.zeros((v, v)), np.eye(v)
    correlation[:p, :p] = cov / (units[:p, None] * units[:p])
    for items, factors in layout.levels:
        loadings = _measure(correlation, items, factors)
        directed[items, factors] = loadings
        symmetric[items, items] = np.minimum(symmetric[items, items], 1 - loadings**2)
    for outcome, predictors in layout.regressions.items():
        known = correlation[np.ix_(predictors, predictors)] + 1e-3 * np.eye(len(predictors))
        directed[outcome, predictors] = np.linalg.solve(known, correlation[predictors, outcome])
    at = layout.structural
    block = np.ix_(at, at)
    rest = np.eye(len(at)) - directed[block]
    symmetric[block] = rest @ correlation[block] @ rest.T
    np.fill_diagonal(symmetric, np.maximum(symmetric.diagonal(), LEAST_OWN))
    for items, factors in layout.levels:
        _set_units(units, structure, directed, symmetric, items, factors)
    directed *= units[:, None] / units
    symmetric *= units[:, None] * units
    start[structure.positions] = np.concatenate(
        [
            directed[structure.d_row, structure.d_col],
            symmetric[structure.s_row, structure.s_col],
            np.zeros(len(structure.m_row)),
        ]
    )
    _keep_definite(start, structure, block)
    if len(structure.m_row):
        _intercepts(start, structure, mean)


def _measure(correlation: Array, items: Array, factors: Array) -> Array:
    """Standardised loadings; the factors' rows and columns of ``correlation`` are filled in.

    Each factor's loadings are the leading eigenvector of its indicators' correlations with
    communalities for the diagonal, two rounds of principal axes.
    """
    first = int(factors.min())
    own = factors - first
    fellows = (own[:, None] == own) & (items[:, None] != items)
    within = correlation.take(items, axis=0).take(items, axis=1) * fellows
    common = np.minimum(np.abs(within).max(axis=1), 0.9)
    common[~fellows.any(axis=1)] = 0.9
    every = np.arange(len(items))
    for _ in range(2):
        within[every, every] = common
        vector = within.sum(axis=1)
        for _ in range(4):
            vector = within @ vector
        length = np.bincount(own, vector * vector)
        if not length.all():
            vector = np.where(length[own] > 0, vector, 1.0)
            length = np.bincount(own, vector * vector)
        size = np.maximum(np.bincount(own, vector * (within @ vector)) / length, 0.05)
        loadings = vector * np.sqrt(size / length)[own]
        loadings = np.clip(loadings, -np.sqrt(MOST_COMMON), np.sqrt(MOST_COMMON))
        common = loadings**2
    # Bartlett's weights: sums of the indicators whose covariances are those of the factors.
    weights = np.zeros((len(correlation), len(length)))
    weights[items, own] = loadings / (1 - common)
    weights /= np.maximum(np.bincount(own, loadings * loadings / (1 - common)), 1e-6)
    unique = np.zeros(len(correlation))
    unique[items] = 1 - common
    across = weights.T @ correlation
    among = across @ weights - weights.T @ (unique[:, None] * weights)
    among = np.clip(among, -MOST_COMMON, MOST_COMMON)
    np.fill_diagonal(among, 1.0)
    across[own, items] = loadings
    at = slice(first, first + len(length))
    correlation[at], correlation[:, at] = across, across.T
    correlation[at, at] = among
    return np.asarray(loadings)


def _set_units(
    units: Array,
    structure: GroupStructure,
    directed: Array,
    symmetric: Array,
    items: Array,
    factors: Array,
) -> None:
    """Each factor's unit from its marker, or from its fixed variance."""
    fixed = structure.directed[items, factors]
    raw = directed[items, factors]
    marks = np.flatnonzero((fixed != 0) & (np.abs(raw) > 1e-3))
    variances = structure.symmetric.diagonal()
    for factor in set(factors.tolist()):
        if variances[factor] > 0:
            units[factor] = np.sqrt(variances[factor] / symmetric[factor, factor])
    for k in marks[::-1]:
        units[factors[k]] = raw[k] * units[items[k]] / fixed[k]


def _keep_definite(start: Array, structure: GroupStructure, block: tuple[Array, ...]) -> None:
    """Shrink covariances until they are those of possible variables."""
    nd, ns = len(structure.d_row), len(structure.s_row)
    across = structure.positions[nd : nd + ns][structure.s_row != structure.s_col]
    for _ in range(8):
        if not lapack.dpotrf(structure.matrices(start)[1][block])[1]:
            return
        start[across] /= 2


def _intercepts(start: Array, structure: GroupStructure, mean: Array) -> None:
    """Intercepts by which the implied means are the sample's."""
    directed, _, fixed = structure.matrices(start)
    p = structure.p
    latent = fixed[p:] + directed[p:, :p] @ mean
    latent = np.linalg.solve(structure.identity[p:, p:] - directed[p:, p:], latent)
    own = mean - directed[:p, :p] @ mean - directed[:p, p:] @ latent
    values = np.concatenate([own, np.zeros(len(latent))])
    start[structure.positions[len(start[structure.positions]) - len(structure.m_row) :]] = values[
        structure.m_row
    ]
