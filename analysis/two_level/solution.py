"""Estimates of a two-level model, and their sampling covariance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analysis.covariance.identification import generic_point, unidentified
from analysis.covariance.matrices import Array, GroupStructure, jacobian, structures, vech_index
from analysis.covariance.minimiser import Optimum, minimise
from analysis.covariance.solution import well_conditioned_inverse
from analysis.covariance.start_values import start_values
from analysis.errors import ModelError
from analysis.two_level.clusters import ClusterData
from analysis.two_level.likelihood import TwoLevelDiscrepancy, TwoLevelPoint, here
from analysis.two_level.scores import cluster_scores
from analysis.two_level.table import TwoLevelTable
from analysis.two_level.unrestricted import (
    Reduced,
    Unrestricted,
    level_values,
    unrestricted,
    with_fixed,
)


@dataclass(frozen=True)
class TwoLevelSolution:
    """A two-level model's estimates on its data, with what tests and reports need of them."""

    table: TwoLevelTable
    data: ClusterData
    h1: Unrestricted
    discrepancy: TwoLevelDiscrepancy
    optimum: Optimum
    robust: bool

    @property
    def theta(self) -> Array:
        """All free parameters' values."""
        return self.optimum.point.theta

    @property
    def point(self) -> TwoLevelPoint:
        """Where the estimation stopped."""
        return here(self.optimum.point)

    @property
    def structures(self) -> tuple[GroupStructure, GroupStructure]:
        """Within and between."""
        return self.discrepancy.within, self.discrepancy.between

    @cached_property
    def information(self) -> Array:
        """Observed information of one row: half the exact Hessian."""
        return self.discrepancy.derivatives(self.point, exact=True)[1] / 2

    @cached_property
    def information_inverse(self) -> Array | None:
        """Its inverse under the constraints; None where it is singular."""
        if not np.isfinite(self.point.value):
            return None
        return well_conditioned_inverse(self.table.joint.reduced(self.information))

    @cached_property
    def meat(self) -> Array:
        """Sum over clusters of the outer products of their scores, over N."""
        scores = cluster_scores(self.discrepancy, self.point)
        return np.asarray(scores.T @ scores / self.data.n)

    @cached_property
    def vcov(self) -> Array | None:
        """Sampling covariance of all free parameters (q, q); None where it does not exist."""
        inverse = self.information_inverse if self.optimum.converged else None
        if inverse is None:
            return None
        if self.robust:
            inverse = inverse @ self.table.joint.reduced(self.meat) @ inverse
        return np.asarray(self.table.joint.expanded(inverse) / self.data.n)


def solve(
    table: TwoLevelTable, data: ClusterData, *, robust: bool, h1: Unrestricted | None = None
) -> TwoLevelSolution:
    """Estimate from values near the solution. Raises ModelError naming the parameters of a model that
    is not identified.
    """
    h1 = unrestricted(data) if h1 is None else h1
    inner, outer = (
        structures(own)[0].with_exogenous(own.exogenous, h1.covariances[k], h1.means[k])
        for k, own in enumerate(table.levels)
    )
    joint = table.joint
    if joint.n_parameters > table.saturated_parameters:
        _require_identified(table, (inner, outer))
    start = np.zeros(joint.n_free)
    for k, (own, structure) in enumerate(zip(table.levels, (inner, outer), strict=True)):
        start += start_values(own, (structure,), (h1.definite(k),), (h1.means[k],))
    discrepancy = TwoLevelDiscrepancy(data, inner, outer)
    optimum = minimise(discrepancy, start, joint.transform, joint.offset)
    solution = TwoLevelSolution(table, data, h1, discrepancy, optimum, robust)
    if not optimum.converged or solution.information_inverse is None:
        _require_identified(table, (inner, outer))
    return solution


def solve_at(solution: TwoLevelSolution, level: int) -> Reduced | None:
    """The model of one level (0 within, 1 between) with an unrestricted other one (Ryu & West 2009); None
    where parameters are tied across levels.
    """
    table, h1 = solution.table, solution.h1
    if table.tied_across:
        return None
    kept = solution.structures[level]
    columns = np.unique(kept.positions)
    # Of the constraints, those of this level's parameters: nothing ties them to the other's.
    transform = table.joint.transform[columns]
    used = np.abs(transform).max(axis=0, initial=0.0) > 0
    transform = transform[:, used]
    renumbered = replace(kept, positions=np.searchsorted(columns, kept.positions))
    other = with_fixed(table, h1, 1 - level, len(columns))
    start = np.concatenate([solution.theta[columns], level_values(other, h1, 1 - level)])
    size = len(other.positions)
    whole = np.block(
        [
            [transform, np.zeros((len(transform), size))],
            [np.zeros((size, transform.shape[1])), np.eye(size)],
        ]
    )
    offset = np.concatenate([table.joint.offset[columns], np.zeros(size)])
    pair = (renumbered, other) if level == 0 else (other, renumbered)
    discrepancy = TwoLevelDiscrepancy(solution.data, *pair)
    return Reduced(discrepancy, minimise(discrepancy, start, whole, offset), whole)


def _require_identified(table: TwoLevelTable, built: tuple[GroupStructure, GroupStructure]) -> None:
    """Raise ModelError naming the parameters, unless both levels' moments determine them."""
    joint, model = table.joint, table.model
    theta = generic_point(joint)
    size = joint.n_free
    every = list(model.observed)
    means = np.zeros((len(every), size))
    blocks = []
    for structure in built:
        f = structure.factors(structure.implied(theta))
        local = jacobian(f, means=False)
        full = np.zeros((len(vech_index(structure.p)[0]), size))
        full[:, structure.positions] = local
        blocks.append(full)
        rows = np.array([every.index(name) for name in structure.observed], dtype=int)
        means[np.ix_(rows, structure.positions)] += f.m
    culprits = unidentified(joint, [*blocks, means])
    if not culprits:
        return
    names = [f"{row.name} at level {row.group}" for row in culprits]
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    raise ModelError(
        f"the model is not identified: {joint.n_parameters} free parameters, "
        f"{table.saturated_parameters} moments, and these can trade places without changing the fit: "
        f"{listed}. Fix or equate some of them, or give the factor another indicator"
    )
