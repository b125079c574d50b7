"""Starting values of composites: weights by which a block correlates most with what it is related to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.covariance.composites.composites import Composite
from analysis.covariance.matrices import Array, GroupStructure
from analysis.covariance.parameter_table import ParameterTable

WEAK = 0.05  # of a block's largest weight, below which the marker cannot carry the unit


@dataclass(frozen=True)
class Block:
    """A composite by number: itself, the sum of its items beside the marker, its items, the marker, and
    the items of what the model relates it to.
    """

    composite: int
    rest: int
    items: Array
    marker: int
    related: Array

    @property
    def others(self) -> Array:
        """The items beside the marker."""
        return np.asarray(self.items[self.items != self.marker])


def blocks_of(table: ParameterTable) -> tuple[Block, ...]:
    """Each composite of the table, in the numbers of its structure."""
    names = table.observed + table.latent
    at = {name: i for i, name in enumerate(names)}
    result = []
    for k, one in enumerate(table.composites):
        items = np.array([at[item] for item in one.items])
        related = sorted(at[name] for name in _related(table, one) - set(one.items))
        rest = len(names) + k
        result.append(Block(at[one.name], rest, items, at[one.marker], np.array(related, int)))
    return tuple(result)


def _related(table: ParameterTable, one: Composite) -> set[str]:
    """The items of the variables that have a path or a free covariance with a composite."""
    inner = {triple for other in table.composites for triple in other.inner}
    rows = [row for row in table.rows if (row.lhs, row.op, row.rhs) not in inner]
    partners = {
        row.rhs if row.lhs == one.name else row.lhs
        for row in rows
        if row.op != "<~" and row.lhs != row.rhs and one.name in (row.lhs, row.rhs)
        if row.free >= 0 or row.value
    }
    measured: dict[str, set[str]] = {}
    for row in rows:
        if row.op in ("=~", "<~"):
            measured.setdefault(row.lhs, set()).add(row.rhs)
    found: set[str] = set()
    waiting = list(partners)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(measured.get(name, ()))
    return found & set(table.observed)


def compose(
    blocks: tuple[Block, ...],
    structure: GroupStructure,
    correlation: Array,
    directed: Array,
    symmetric: Array,
    units: Array,
    *,
    equal: bool = False,
) -> None:
    """Fill in the composites, in standard deviations: correlations with what is observed and with each
    other, weights, loadings, the items' residuals; and their units.

    ``equal`` says equal weights. What is observed stands first in ``correlation``, complete.
    """
    p = structure.p
    between = correlation[:p, :p].copy()
    sums = np.zeros((len(units), p))
    sums[:p] = np.eye(p)
    for block in blocks:
        # In the items' own units, with the marker's weight as fixed, all in units of deviations after.
        raw = _weights(between, block, equal=equal) / units[block.items]
        scale = 1 / structure.directed[block.marker, block.composite]
        own = raw * (scale / float(raw[block.items == block.marker][0])) * units[block.items]
        sums[block.composite, block.items] = own
        sums[block.rest, block.items] = np.where(block.items == block.marker, 0.0, own)
    known = [*range(p), *(i for block in blocks for i in (block.composite, block.rest))]
    covariance = sums[known] @ between @ sums[known].T
    spread = np.sqrt(np.maximum(covariance.diagonal(), 1e-12))
    correlation[np.ix_(known, known)] = covariance / (spread[:, None] * spread)
    units[known[p:]] = spread[p:]
    for block in blocks:
        others = block.others
        loadings = correlation[others, block.composite]
        directed[others, block.composite] = loadings
        directed[block.rest, others] = sums[block.rest, others] / units[block.rest]
        residual = correlation[np.ix_(others, others)] - np.outer(loadings, loadings)
        symmetric[np.ix_(others, others)] = residual


def _weights(between: Array, block: Block, *, equal: bool) -> Array:
    """The first canonical weights of a block's standardised items with those that it is related to.

    Equal weights, with the sign of each item's correlation with the marker, where they are asked for,
    where nothing is related, and where the marker's weight is too small to count in.
    """
    items, outside = block.items, block.related
    within = between[np.ix_(items, items)]
    plain = np.asarray(np.copysign(1.0, within[items == block.marker][0]))
    if equal or not len(outside):
        return plain
    across = between[np.ix_(items, outside)]
    explained = across @ np.linalg.pinv(between[np.ix_(outside, outside)]) @ across.T
    root = np.linalg.cholesky(within)
    half = np.linalg.solve(root, np.linalg.solve(root, explained).T)
    first = np.linalg.eigh((half + half.T) / 2)[1][:, -1]
    weights = np.asarray(np.linalg.solve(root.T, first))
    weak = abs(weights[items == block.marker][0]) < WEAK * np.abs(weights).max()
    return plain if weak else weights
