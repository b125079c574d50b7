"""Starting values near the solution, from the sample covariances in closed form.

All in units of standard deviations first: loadings factor by factor from its own indicators, then the
correlations between factors from weighted sums of their indicators, corrected for attenuation, then
regressions from those. The units of the model (markers, fixed variances, items' own) come last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from analysis.covariance.composites.composite_starts import Block, blocks_of, compose
from analysis.covariance.matrices import Array, GroupStructure
from analysis.covariance.parameter_table import ParameterTable

MOST_COMMON = 0.95  # of an item's variance, or of two factors' correlation
LEAST_OWN = 0.1  # of a factor's variance that others do not explain


@dataclass(frozen=True)
class Level:
    """Factors whose indicators are all of lower levels: each loading's indicator, and its factor's
    place among ``factors``.
    """

    factors: list[int]
    items: Array
    own: Array


@dataclass(frozen=True)
class Layout:
    """Which variables measure and explain which, by number: observed first, then latent."""

    levels: tuple[Level, ...]
    regressions: dict[int, list[int]]  # predictors of each outcome
    structural: tuple[slice | Array, ...]  # latent and observed variables that are no items
    composites: tuple[Block, ...]


def start_values(
    table: ParameterTable,
    structures: Sequence[GroupStructure],
    covariances: Sequence[Array],
    means: Sequence[Array],
    *,
    equal_weights: bool = False,
) -> Array:
    """Values of all free parameters to start from; ``start()`` in the model overrides.

    ``equal_weights`` of composites' items, where those by their correlations led nowhere.
    """
    start = np.zeros(table.n_free)
    layout = _layout(table)
    for structure, cov, mean in zip(structures, covariances, means, strict=True):
        _fill(start, layout, structure, cov, mean, equal_weights=equal_weights)
    for row in table.rows:
        if row.start is not None and row.free >= 0:
            start[row.free] = row.start
    return start


def _layout(table: ParameterTable) -> Layout:
    at = {name: i for i, name in enumerate(table.observed + table.latent)}
    measured: dict[int, list[int]] = {}
    regressions: dict[int, list[int]] = {}
    composites = blocks_of(table)
    inner = {triple for one in table.composites for triple in one.inner}
    for row in table.rows[: len(table.rows) // table.groups]:
        if row.op == "=~" and (row.lhs, row.op, row.rhs) not in inner:
            measured.setdefault(at[row.lhs], []).append(at[row.rhs])
        elif row.op == "~":
            regressions.setdefault(at[row.lhs], []).append(at[row.rhs])
    indicators = {item for items in measured.values() for item in items}
    indicators |= {int(item) for block in composites for item in block.items}
    p, v = len(table.observed), len(at)
    known, levels = {*range(p), *(block.composite for block in composites)}, []
    while measured:
        # First factors of items, then factors of those; what measures itself in a circle as it is.
        ready = [f for f, own in measured.items() if known.issuperset(own)] or list(measured)
        pairs = [(item, k) for k, f in enumerate(ready) for item in measured.pop(f)]
        levels.append(Level(ready, *np.array(pairs).T))
        known.update(ready)
    structural = [i for i in range(v) if i >= p or i not in indicators]
    latent = slice(p, v)
    block = (latent, latent) if len(structural) == v - p else np.ix_(structural, structural)
    return Layout(tuple(levels), regressions, block, composites)


def _fill(
    start: Array,
    layout: Layout,
    structure: GroupStructure,
    cov: Array,
    mean: Array,
    *,
    equal_weights: bool,
) -> None:
    """Put one group's values where they belong in ``start``."""
    v, p = len(structure.directed), structure.p
    units = np.ones(v)
    units[:p] = np.sqrt(cov.diagonal())
    correlation, directed, symmetric = np.eye(v), np.zeros((v, v)), np.eye(v)
    correlation[:p, :p] = cov / (units[:p, None] * units[:p])
    own = symmetric.ravel()[:: v + 1]  # its diagonal
    if layout.composites:
        compose(
            *(layout.composites, structure, correlation, directed, symmetric, units),
            equal=equal_weights,
        )
    for level in layout.levels:
        loadings = _measure(correlation, level)
        directed[level.items, np.array(level.factors)[level.own]] = loadings
        own[level.items] = np.minimum(own[level.items], 1 - loadings * loadings)
    for outcome, predictors in layout.regressions.items():
        known = correlation[np.ix_(predictors, predictors)] + 1e-3 * np.eye(len(predictors))
        directed[outcome, predictors] = np.linalg.solve(known, correlation[predictors, outcome])
    block = layout.structural
    rest = structure.identity[block] - directed[block]
    symmetric[block] = rest @ correlation[block] @ rest.T
    own[...] = np.maximum(own, LEAST_OWN)
    for level in layout.levels:
        _set_units(units, structure, directed, own, level)
    directed *= units[:, None] / units
    symmetric *= units[:, None] * units
    values = np.concatenate([directed.ravel(), symmetric.ravel(), np.zeros(v)])
    start[structure.positions] = values.take(structure.filling[1][: len(structure.positions)])
    _keep_definite(start, structure, block)
    if len(structure.m_row):
        _intercepts(start, structure, mean)


def _measure(correlation: Array, level: Level) -> Array:
    """Standardised loadings; the factors' rows and columns of ``correlation`` are filled in.

    Each factor's loadings are the leading eigenvector of its indicators' correlations with
    communalities for the diagonal, two rounds of principal axes.
    """
    items, own = level.items, level.own
    same = own[:, None] == own
    within = correlation.take(items, axis=0).take(items, axis=1) * same
    diagonal = within.ravel()[:: len(items) + 1]
    diagonal[...] = 0.0
    common = np.minimum(np.abs(within).max(axis=1), 0.9)
    common[same.sum(axis=1) == 1] = 0.9
    for _ in range(2):
        diagonal[...] = common
        vector = within.sum(axis=1)
        for _ in range(4):
            vector = within @ vector
        length = np.bincount(own, vector * vector)
        if not length.all():
            vector[length[own] == 0] = 1.0
            length = np.bincount(own, vector * vector)
        size = np.maximum(np.bincount(own, vector * (within @ vector)) / length, 0.05)
        loadings = vector * np.sqrt(size / length)[own]
        common = np.minimum(loadings * loadings, MOST_COMMON)
    loadings = np.copysign(np.sqrt(common), loadings)
    # Bartlett's weights: sums of the indicators whose covariances are those of the factors.
    unique = 1 - common
    weights = np.zeros((len(correlation), len(length)))
    weights[items, own] = loadings / unique
    weights /= np.maximum(np.bincount(own, common / unique), 1e-6)
    across = weights.T @ correlation
    among = across @ weights - weights[items].T @ (unique[:, None] * weights[items])
    among = np.minimum(np.maximum(among, -MOST_COMMON), MOST_COMMON)
    among.ravel()[:: len(length) + 1] = 1.0
    across[own, items] = loadings
    correlation[level.factors] = across
    correlation[:, level.factors] = across.T
    correlation[np.array(level.factors)[:, None], level.factors] = among
    return np.asarray(loadings)


def _set_units(
    units: Array,
    structure: GroupStructure,
    directed: Array,
    own: Array,
    level: Level,
) -> None:
    """Each factor's unit from its marker, or from its fixed variance."""
    factors = [level.factors[k] for k in level.own]
    fixed = structure.directed[level.items, factors].tolist()
    raw = directed[level.items, factors].tolist()
    variances = structure.symmetric.diagonal()
    marked = set()
    for item, factor, value, loading in zip(level.items.tolist(), factors, fixed, raw, strict=True):
        if value and abs(loading) > 1e-3 and factor not in marked:
            marked.add(factor)
            units[factor] = loading * units[item] / value
    for factor in set(level.factors) - marked:
        if variances[factor] > 0:
            units[factor] = math.sqrt(variances[factor] / own[factor])


def _keep_definite(
    start: Array, structure: GroupStructure, block: tuple[slice | Array, ...]
) -> None:
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
    start[structure.positions[len(structure.positions) - len(structure.m_row) :]] = values[
        structure.m_row
    ]
