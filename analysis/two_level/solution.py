"""Estimates of a two-level model, and their sampling covariance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analysis.covariance.estimation import Point
from analysis.covariance.identification import generic_point, unidentified
from analysis.covariance.matrices import (
    Array,
    GroupStructure,
    Implied,
    jacobian,
    structures,
    vech_index,
)
from analysis.covariance.minimiser import Optimum, minimise
from analysis.covariance.parameter_table import Parameter
from analysis.covariance.solution import hardly_determined, well_conditioned_inverse
from analysis.covariance.start_values import start_values
from analysis.errors import ModelError
from analysis.two_level.clusters import ClusterData
from analysis.two_level.grouped import (
    GroupedDiscrepancy,
    GroupedPoint,
    LevelDiscrepancy,
    grouped_point,
)
from analysis.two_level.model import group_of, level_of
from analysis.two_level.table import TwoLevelTable
from analysis.two_level.unrestricted import (
    Reduced,
    Unrestricted,
    level_values,
    unrestricted,
    with_fixed,
)


@dataclass(frozen=True)
class SolvedGroup:
    """One group's rows and unrestricted model, with its part of the solution."""

    number: int  # from 1
    data: ClusterData
    h1: Unrestricted
    discrepancy: LevelDiscrepancy
    point: Point

    @property
    def name(self) -> str:
        """The group's value; empty where there is one group."""
        return "" if self.data.group is None else str(self.data.group)

    @property
    def structures(self) -> tuple[GroupStructure, GroupStructure]:
        """Within and between."""
        return self.discrepancy.within, self.discrepancy.between

    @property
    def implied(self) -> tuple[Implied, ...]:
        """Within and between."""
        return self.point.implied


@dataclass(frozen=True)
class TwoLevelSolution:
    """A two-level model's estimates on its data, with what tests and reports need of them."""

    table: TwoLevelTable
    data: tuple[ClusterData, ...]  # by group
    h1: tuple[Unrestricted, ...]
    discrepancy: GroupedDiscrepancy
    optimum: Optimum
    robust: bool

    @property
    def n(self) -> int:
        """Rows of all groups."""
        return self.discrepancy.n

    @property
    def n_clusters(self) -> int:
        """Clusters of all groups."""
        return sum(data.n_clusters for data in self.data)

    @property
    def theta(self) -> Array:
        """All free parameters' values."""
        return self.optimum.point.theta

    @property
    def point(self) -> GroupedPoint:
        """Where the estimation stopped."""
        return grouped_point(self.optimum.point)

    @property
    def unrestricted(self) -> bool:
        """Whether every group's unrestricted model converged."""
        return all(one.converged for one in self.h1)

    @property
    def unrestricted_value(self) -> float:
        """The discrepancy of the unrestricted models."""
        weights = self.discrepancy.weights
        return sum(w * one.point.value for w, one in zip(weights, self.h1, strict=True))

    @cached_property
    def groups(self) -> tuple[SolvedGroup, ...]:
        """Each group's part."""
        parts = zip(self.data, self.h1, self.discrepancy.parts, self.point.points, strict=True)
        return tuple(SolvedGroup(g, *part) for g, part in enumerate(parts, start=1))

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
        scores = self.discrepancy.scores(self.point)
        return np.asarray(scores.T @ scores / self.n)

    @cached_property
    def vcov(self) -> Array | None:
        """Sampling covariance of all free parameters (q, q); None where it does not exist."""
        inverse = self.information_inverse if self.optimum.converged else None
        if inverse is None:
            return None
        if self.robust:
            inverse = inverse @ self.table.joint.reduced(self.meat) @ inverse
        return np.asarray(self.table.joint.expanded(inverse) / self.n)


def solve(
    table: TwoLevelTable,
    data: tuple[ClusterData, ...],
    *,
    robust: bool,
    h1: tuple[Unrestricted, ...] | None = None,
) -> TwoLevelSolution:
    """Estimate from values near the solution. Raises ModelError naming the parameters of a model that
    is not identified.
    """
    if h1 is None:
        h1 = tuple(unrestricted(one) for one in data)
    # By level, a structure each group.
    inner, outer = (
        tuple(
            one.with_exogenous(own.exogenous, full.covariances[k], full.means[k])
            for one, full in zip(structures(own), h1, strict=True)
        )
        for k, own in enumerate(table.levels)
    )
    built = tuple(zip(inner, outer, strict=True))
    joint = table.joint
    if joint.n_parameters > table.saturated_parameters:
        _require_identified(table, built)
    start = np.zeros(joint.n_free)
    for k, (own, structure) in enumerate(zip(table.levels, (inner, outer), strict=True)):
        covariances = tuple(full.definite(k) for full in h1)
        start += start_values(own, structure, covariances, tuple(full.means[k] for full in h1))
    discrepancy = GroupedDiscrepancy.of(data, built)
    optimum = minimise(discrepancy, start, joint.transform, joint.offset)
    solution = TwoLevelSolution(table, data, h1, discrepancy, optimum, robust)
    inverse = solution.information_inverse
    if not optimum.converged or hardly_determined(joint.reduced(solution.information), inverse):
        _require_identified(table, built)
    return solution


def solve_at(solution: TwoLevelSolution, level: int) -> Reduced | None:
    """The model of one level (0 within, 1 between) with an unrestricted other one (Ryu & West 2009); None
    where parameters are tied across levels.
    """
    table = solution.table
    if table.tied_across:
        return None
    kept = [group.structures[level] for group in solution.groups]
    columns = np.unique(np.concatenate([one.positions for one in kept]))
    # Of the constraints, those of this level's parameters: nothing ties them to the other's.
    transform = table.joint.transform[columns]
    used = np.abs(transform).max(axis=0, initial=0.0) > 0
    transform = transform[:, used]
    first, built, start = len(columns), [], [solution.theta[columns]]
    for own, h1 in zip(kept, solution.h1, strict=True):
        renumbered = replace(own, positions=np.searchsorted(columns, own.positions))
        other = with_fixed(table, h1, 1 - level, first)
        first += len(other.positions)
        start.append(level_values(other, h1, 1 - level))
        built.append((renumbered, other) if level == 0 else (other, renumbered))
    size = first - len(columns)
    whole = np.block(
        [
            [transform, np.zeros((len(transform), size))],
            [np.zeros((size, transform.shape[1])), np.eye(size)],
        ]
    )
    offset = np.concatenate([table.joint.offset[columns], np.zeros(size)])
    discrepancy = GroupedDiscrepancy.of(solution.data, built)
    return Reduced(discrepancy, minimise(discrepancy, np.concatenate(start), whole, offset), whole)


def _require_identified(
    table: TwoLevelTable, built: Sequence[tuple[GroupStructure, GroupStructure]]
) -> None:
    """Raise ModelError naming the parameters, unless both levels' moments determine them."""
    joint, model = table.joint, table.model
    theta = generic_point(joint)
    size = joint.n_free
    every = list(model.observed)
    blocks = []
    for pair in built:
        means = np.zeros((len(every), size))
        for structure in pair:
            f = structure.factors(structure.implied(theta))
            local = jacobian(f, means=False)
            full = np.zeros((len(vech_index(structure.p)[0]), size))
            full[:, structure.positions] = local
            blocks.append(full)
            rows = np.array([every.index(name) for name in structure.observed], dtype=int)
            means[np.ix_(rows, structure.positions)] += f.m
        blocks.append(means)
    culprits = unidentified(joint, blocks)
    if not culprits:
        return
    names = [_place(row, table.groups) for row in culprits]
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    raise ModelError(
        f"the model is not identified: {joint.n_parameters} free parameters, "
        f"{table.saturated_parameters} moments, and these can trade places without changing the fit: "
        f"{listed}. Fix or equate some of them, or give the factor another indicator"
    )


def _place(row: Parameter, groups: int) -> str:
    where = f"{row.name} at level {level_of(row.group)}"
    return where if groups == 1 else f"{where} in group {group_of(row.group)}"
