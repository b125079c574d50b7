"""What likelihoods of two levels have in common: both structures, and derivatives by those of the moments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.covariance.estimation import Point
from analysis.covariance.matrices import Array, Factors, GroupStructure
from analysis.two_level.clusters import ClusterData

# By level (within first), the weights of the derivatives of the covariances and of the means.
LevelWeights = tuple[tuple[Array, Array], tuple[Array, Array]]


@dataclass(frozen=True)
class BothLevels:
    """The data, and the structures within and between clusters."""

    data: ClusterData
    within: GroupStructure
    between: GroupStructure

    @cached_property
    def positions(self) -> Array:
        """Free positions of the parameters, those between before those within."""
        return np.concatenate([self.between.positions, self.within.positions])

    def factors(self, point: Point) -> tuple[Factors, Factors]:
        """The derivatives of each level's moments, within first."""
        return self.within.factors(point.implied[0]), self.between.factors(point.implied[1])

    def slope(self, point: Point, factors: tuple[Factors, Factors], weights: LevelWeights) -> Array:
        """The gradient of all free parameters (q,)."""
        found = np.zeros(len(point.theta))
        for structure, f, (q, r) in zip((self.within, self.between), factors, weights, strict=True):
            found[structure.positions] += 2 * (f.u * (q @ f.w)).sum(axis=0) + r @ f.m
        return found

    def second_order(self, point: Point, weights: LevelWeights) -> Array:
        """What the moments' own second derivatives add to the Hessian (q, q)."""
        found = np.zeros((len(point.theta), len(point.theta)))
        for structure, implied, (q, r) in zip(
            (self.within, self.between), point.implied, weights, strict=True
        ):
            found[structure.block] += structure.second_order(implied, q, r)
        return found
