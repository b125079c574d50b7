"""The likelihood of several groups of clusters, and the kind of it that a group's rows need."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.covariance.estimation import Point
from analysis.covariance.matrices import Array, GroupStructure
from analysis.two_level.clusters import ClusterData
from analysis.two_level.likelihood import TwoLevelDiscrepancy, here
from analysis.two_level.pattern_likelihood import PatternDiscrepancy
from analysis.two_level.scores import cluster_scores

LevelDiscrepancy = TwoLevelDiscrepancy | PatternDiscrepancy


@dataclass(frozen=True)
class GroupedPoint(Point):
    """A place with each group's point; ``implied`` holds the first group's levels first."""

    points: tuple[Point, ...] = ()


def grouped_point(point: Point) -> GroupedPoint:
    """A point of a grouped discrepancy, which makes no other."""
    if not isinstance(point, GroupedPoint):
        raise TypeError("the point belongs to another discrepancy")
    return point


def discrepancy_of(
    data: ClusterData, within: GroupStructure, between: GroupStructure
) -> LevelDiscrepancy:
    """By cluster sizes where every answer is there and all weigh the same, or else by patterns."""
    if data.plain:
        return TwoLevelDiscrepancy(data, within, between)
    return PatternDiscrepancy(data, within, between)


@dataclass(frozen=True)
class GroupedDiscrepancy:
    """-2 log-likelihood of one row over all groups, each with structures of its own."""

    parts: tuple[LevelDiscrepancy, ...]

    @classmethod
    def of(
        cls,
        groups: Sequence[ClusterData],
        built: Sequence[tuple[GroupStructure, GroupStructure]],
    ) -> GroupedDiscrepancy:
        """Of each group's structures within and between."""
        pairs = zip(groups, built, strict=True)
        return cls(tuple(discrepancy_of(data, *structure) for data, structure in pairs))

    @cached_property
    def n(self) -> int:
        """Rows of all groups."""
        return sum(part.data.n for part in self.parts)

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """Each group's share of the rows."""
        return tuple(part.data.n / self.n for part in self.parts)

    def at(self, theta: Array) -> GroupedPoint:
        """The discrepancy at ``theta``; infinite where that of a group is."""
        points = tuple(part.at(theta) for part in self.parts)
        value = sum(w * point.value for w, point in zip(self.weights, points, strict=True))
        terms = sum(w * point.terms for w, point in zip(self.weights, points, strict=True))
        implied = tuple(one for point in points for one in point.implied)
        if not math.isfinite(value):
            value = math.inf
        return GroupedPoint(theta, value, implied, terms=terms, points=points)

    def gradient(self, point: Point) -> Array:
        """Of all free parameters (q,)."""
        points = grouped_point(point).points
        total = np.zeros(len(point.theta))
        for w, part, own in zip(self.weights, self.parts, points, strict=True):
            total += w * part.gradient(own)
        return total

    def derivatives(self, point: Point, *, exact: bool) -> tuple[Array, Array]:
        """Gradient, and twice the expected information of one row (or the Hessian itself)."""
        points, size = grouped_point(point).points, len(point.theta)
        gradient, hessian = np.zeros(size), np.zeros((size, size))
        for w, part, own in zip(self.weights, self.parts, points, strict=True):
            slope, curve = part.derivatives(own, exact=exact)
            gradient += w * slope
            hessian += w * curve
        return gradient, hessian

    def scores(self, point: Point) -> Array:
        """Each cluster's gradient of the log-likelihood (J, q), those of the first group first."""
        points = grouped_point(point).points
        return np.vstack(
            [scores_of(part, own) for part, own in zip(self.parts, points, strict=True)]
        )


def scores_of(discrepancy: LevelDiscrepancy, point: Point) -> Array:
    """Each cluster's gradient of the log-likelihood (J, q) of one group."""
    if isinstance(discrepancy, PatternDiscrepancy):
        return discrepancy.scores(point)
    return cluster_scores(discrepancy, here(point))
