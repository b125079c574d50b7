"""How alike rows of a cluster are, and how reliable a scale is at each level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.two_level.model import LEVEL_NAMES
from analysis.two_level.solution import TwoLevelSolution


@dataclass(frozen=True)
class ItemShare:
    """One variable's variance within and between clusters, by maximum likelihood without a model; its
    intraclass correlation, and the design effect of its mean. None where there is no variance.
    """

    item: str
    within: float
    between: float
    icc: float | None
    design_effect: float | None


@dataclass(frozen=True)
class LevelReliability:
    """Composite reliability of a factor's items at one level."""

    factor: str
    level: int
    items: int
    omega: float | None  # None for an improper solution

    @property
    def name(self) -> str:
        """within or between"""
        return LEVEL_NAMES[self.level]


def item_shares(solution: TwoLevelSolution) -> tuple[ItemShare, ...]:
    """Of each variable of both levels: between / (between + within), of the unrestricted model, as
    lavaan's ``icc``; the design effect is 1 + (mean size - 1) times it (Kish 1965; Muthén & Satorra 1995).
    """
    within, between = solution.h1.covariances
    model, size = solution.table.model, solution.data.n / solution.data.n_clusters
    found = []
    for name in model.both:
        inside = float(within.diagonal()[model.within.observed.index(name)])
        outside = float(between.diagonal()[model.between.observed.index(name)])
        total = inside + outside
        icc = outside / total if total > 0 else None
        effect = None if icc is None else 1 + (size - 1) * icc
        found.append(ItemShare(name, inside, outside, icc, effect))
    return tuple(found)


def level_reliabilities(solution: TwoLevelSolution) -> tuple[LevelReliability, ...]:
    """Omega of each factor with two items or more, at its level (Geldhof, Preacher & Zyphur 2014).

    The squared sum of the factor's loadings times its variance, over the implied variance of the sum of
    its items at that level. That within is of a row's standing in its cluster; that between is of the
    cluster's true mean, not of the mean of the rows that were seen, which adds their sampling.
    """
    if not solution.optimum.converged:
        return ()
    found = []
    for level, (table, structure, implied) in enumerate(
        zip(solution.table.levels, solution.structures, solution.point.implied, strict=True),
        start=1,
    ):
        directed = structure.matrices(solution.theta)[0]
        p = structure.p
        for k, factor in enumerate(table.latent, start=p):
            items = [
                table.observed.index(row.rhs)
                for row in table.rows
                if row.op == "=~" and row.lhs == factor and row.rhs in table.observed
            ]
            if len(items) < 2:
                continue
            common = float(directed[items, k].sum() ** 2 * implied.covariance[k, k])
            total = float(implied.sigma[np.ix_(items, items)].sum())
            proper = total > 0 and 0 <= common <= total
            omega = common / total if proper else None
            found.append(LevelReliability(factor, level, len(items), omega))
    return tuple(found)
