"""Starting values of composites: weights by which a block correlates most with the other items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.covariance.matrices import Array, GroupStructure
from analysis.covariance.parameter_table import ParameterTable

WEAK = 0.05  # of a block's largest weight, below which the marker cannot carry the unit


@dataclass(frozen=True)
class Block:
    """A composite by number: itself, the sum of its items beside the marker, its items, the marker."""

    composite: int
    rest: int
    items: Array
    marker: int

    @property
    def others(self) -> Array:
        """The items beside the marker."""
        return np.asarray(self.items[self.items != self.marker])


def blocks_of(table: ParameterTable) -> tuple[Block, ...]:
    """Each composite of the table, in the numbers of its structure."""
    names = table.observed + table.latent
    at = {name: i for i, name in enumerate(names)}
    return tuple(
        Block(at[one.name], len(names) + k, np.array([at[i] for i in one.items]), at[one.marker])
        for k, one in enumerate(table.composites)
    )


def compose(
    blocks: tuple[Block, ...],
    structure: GroupStructure,
    correlation: Array,
    directed: Array,
    symmetric: Array,
    units: Array,
) -> None:
    """Fill in the composites, in standard deviations: correlations with what is observed and with each
    other, weights, loadings, the items' residuals; and their units.

    What is observed stands first in ``correlation``, complete.
    """
    p = structure.p
    between = correlation[:p, :p].copy()
    sums = np.zeros((len(units), p))
    sums[:p] = np.eye(p)
    for block in blocks:
        # In the items' own units, with the marker's weight as fixed, all in units of deviations after.
        raw = _weights(between, block) / units[block.items]
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


def _weights(between: Array, block: Block) -> Array:
    """The first canonical weights of the block's items with all others, for standardised items.

    Equal weights, with the sign of each item's correlation with the marker, where there are no others or
    the marker's weight is too small to count in.
    """
    items = block.items
    outside = np.setdiff1d(np.arange(len(between)), items)
    within = between[np.ix_(items, items)]
    equal = np.copysign(1.0, within[items == block.marker][0])
    if not len(outside):
        return np.asarray(equal)
    across = between[np.ix_(items, outside)]
    explained = across @ np.linalg.pinv(between[np.ix_(outside, outside)]) @ across.T
    root = np.linalg.cholesky(within)
    half = np.linalg.solve(root, np.linalg.solve(root, explained).T)
    first = np.linalg.eigh((half + half.T) / 2)[1][:, -1]
    weights = np.linalg.solve(root.T, first)
    weak = abs(weights[items == block.marker][0]) < WEAK * np.abs(weights).max()
    return np.asarray(equal if weak else weights)
