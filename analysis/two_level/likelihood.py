"""The normal likelihood of rows within clusters, with its first and second derivatives in closed form.

A cluster of n rows is turned by an orthogonal matrix into n - 1 vectors of covariance S_w and one scaled
mean sqrt(n) ybar of covariance S_w + n S_b, which stands beside the cluster's own variables z. Over all
clusters the likelihood is that of several groups: one with the pooled covariance within, and one for each
size that clusters have (Muthén 1989; McDonald & Goldstein 1989). Its cost is in the number of sizes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from analysis.covariance.estimation import Point, normal_curvature, normal_information
from analysis.covariance.matrices import Array, Factors, Implied
from analysis.two_level.both_levels import BothLevels, LevelWeights
from analysis.two_level.clusters import ClusterData, SizeGroup
from analysis.two_level.curvature import curvature


@dataclass(frozen=True)
class Places:
    """Where both levels' variables stand in a cluster's vector (z, sqrt(n) ybar)."""

    between: Array  # (b,) of the variables between
    within: Array  # (p,) of those within
    own: int  # number of level-2 variables, which are not scaled

    @classmethod
    def of(cls, data: ClusterData) -> Places:
        """Of the model's variables."""
        model = data.model
        order = [*model.between_only, *model.within.observed]
        at = {name: i for i, name in enumerate(order)}
        return cls(
            np.array([at[name] for name in model.between.observed], dtype=int),
            np.array([at[name] for name in model.within.observed], dtype=int),
            len(model.between_only),
        )


@dataclass(frozen=True)
class Moments:
    """At one place in parameter space: implied by size the means (S, v), and the inverse covariances
    (S, v, v) of the clusters' vectors.
    """

    means: Array
    inverse: Array


@dataclass(frozen=True)
class TwoLevelPoint(Point):
    """A place with both levels' implied moments (within first) and those of the clusters' vectors."""

    moments: Moments | None = field(default=None)

    @property
    def known(self) -> Moments:
        """The moments; FloatingPointError where the likelihood does not exist."""
        if self.moments is None:
            raise FloatingPointError("implied covariance is not positive definite")
        return self.moments


def here(point: Point) -> TwoLevelPoint:
    """A point of a two-level discrepancy, which makes no other."""
    if not isinstance(point, TwoLevelPoint):
        raise TypeError("the point belongs to another discrepancy")
    return point


@dataclass(frozen=True)
class TwoLevelDiscrepancy(BothLevels):
    """-2 log-likelihood of one row, but for the constant N p log 2 pi, of two structures."""

    @cached_property
    def places(self) -> Places:
        """Where the variables stand."""
        return Places.of(self.data)

    @cached_property
    def clusters(self) -> SizeGroup:
        """The clusters by size."""
        return self.data.by_size

    @cached_property
    def pooled_weight(self) -> float:
        """The share of the vectors within, (N - J) / N."""
        return (self.data.n - self.data.n_clusters) / self.data.n

    @cached_property
    def weights(self) -> Array:
        """Clusters of each size over N (S,)."""
        return self.clusters.counts / self.data.n

    @cached_property
    def scale(self) -> Array:
        """By which each size multiplies the level-2 part of the vectors (S, v): 1, or sqrt(n)."""
        own = self.places.own
        scale = np.repeat(
            np.sqrt(self.clusters.sizes)[:, None], self.clusters.means.shape[1], axis=1
        )
        scale[:, :own] = 1.0
        return scale

    @cached_property
    def scales(self) -> Array:
        """By which each size multiplies the level-2 part of the covariances (S, v, v)."""
        return np.asarray(self.scale[:, :, None] * self.scale[:, None, :])

    @cached_property
    def root(self) -> Array:
        """The root of each size (S, 1)."""
        return np.asarray(np.sqrt(self.clusters.sizes)[:, None])

    def at(self, theta: Array) -> TwoLevelPoint:
        """The discrepancy at ``theta``; infinite where a covariance is not positive definite."""
        within, between = self.within.implied(theta), self.between.implied(theta)
        implied = within, between
        nowhere = TwoLevelPoint(theta, np.inf, implied)
        if within.inverse is None:
            return nowhere
        means, covariances = self._vectors(within, between)
        try:
            roots = np.linalg.cholesky(covariances)
            inverse = np.linalg.inv(covariances)
        except np.linalg.LinAlgError:
            return nowhere
        # The inverse is symmetric to the last digit, as what is made of it must be.
        inverse = (inverse + inverse.swapaxes(1, 2)) / 2
        logs = 2 * np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
        shift = self.clusters.means - means
        traces = (inverse * self._about(shift)).sum(axis=(1, 2))
        precision, log_within = within.inverse
        trace = float(np.vdot(precision, self.data.pooled))
        value = self.pooled_weight * (log_within + trace) + float(self.weights @ (logs + traces))
        terms = self.pooled_weight * (abs(log_within) + trace)
        terms += float(self.weights @ (np.abs(logs) + np.abs(traces)))
        if not math.isfinite(value):
            return nowhere
        return TwoLevelPoint(theta, value, implied, terms=terms, moments=Moments(means, inverse))

    def _vectors(self, within: Implied, between: Implied) -> tuple[Array, Array]:
        """Implied means (S, v) and covariances (S, v, v) of the clusters' vectors."""
        at, v = self.places, self.scale.shape[1]
        outer, inner = np.zeros((v, v)), np.zeros((v, v))
        outer[at.between[:, None], at.between] = between.sigma
        inner[at.within[:, None], at.within] = within.sigma
        upper, lower = np.zeros(v), np.zeros(v)
        upper[at.between] = between.mu
        lower[at.within] = within.mu
        return self.scale * upper + self.root * lower, self.scales * outer + inner

    def _residuals(self, point: TwoLevelPoint) -> tuple[Array, Array]:
        """By size Q = P - P R P (S, v, v) and the mean's residual d (S, v)."""
        moments = point.known
        shift = self.clusters.means - moments.means
        p = moments.inverse
        return p - p @ self._about(shift) @ p, shift

    def _about(self, shift: Array) -> Array:
        """Second moments of the clusters' vectors about the implied means (S, v, v)."""
        return np.asarray(self.clusters.covariances + shift[:, :, None] * shift[:, None, :])

    def _by_level(self, point: TwoLevelPoint, q: Array, shift: Array) -> LevelWeights:
        """By level (within first), the weights of the moments' derivatives: Q and -2 P d, summed over
        sizes.
        """
        at, scale = self.places, self.scale
        inverse = point.implied[0].precision
        score = -2 * (point.known.inverse @ shift[:, :, None])[:, :, 0]
        weights = self.weights[:, None, None]
        inner = (weights * q).sum(axis=0)[at.within[:, None], at.within]
        inner += self.pooled_weight * (inverse - inverse @ self.data.pooled @ inverse)
        outer = (weights * self.scales * q).sum(axis=0)
        lower = (self.weights @ (score * self.root))[at.within]
        upper = (self.weights @ (score * scale))[at.between]
        return (inner, lower), (outer[at.between[:, None], at.between], upper)

    def gradient(self, point: Point) -> Array:
        """Of all free parameters (q,)."""
        point = here(point)
        weights = self._by_level(point, *self._residuals(point))
        return self.slope(point, self.factors(point), weights)

    def derivatives(self, point: Point, *, exact: bool) -> tuple[Array, Array]:
        """Gradient, and twice the expected information of one row (or the Hessian itself)."""
        point, size = here(point), len(point.theta)
        q, shift = self._residuals(point)
        sums = self._by_level(point, q, shift)
        hessian = self.second_order(point, sums) if exact else np.zeros((size, size))
        f, outer = factors = self.factors(point)
        total = self._clusters_curvature(point, (outer, f), q, shift, exact=exact)
        hessian[self.positions[:, None], self.positions] += total
        inverse = point.implied[0].precision
        if exact:
            left_over = inverse - inverse @ self.data.pooled @ inverse
            curve = normal_curvature(f, inverse, left_over, np.zeros(len(inverse)), means=False)
        else:
            curve = 2 * normal_information(f, inverse, means=False)
        hessian[self.within.block] += self.pooled_weight * curve
        return self.slope(point, factors, sums), hessian

    def _clusters_curvature(
        self,
        point: TwoLevelPoint,
        factors: tuple[Factors, Factors],
        q: Array,
        shift: Array,
        *,
        exact: bool,
    ) -> Array:
        """Of the clusters' vectors, over the parameters in the order of ``positions``."""
        right = point.known.inverse
        left = right - 2 * q if exact else right
        score = None
        if exact:
            own = (right @ shift[:, :, None])[:, :, 0]
            score = (own * self.scale)[:, self.places.between], own[:, self.places.within]
        found = curvature(
            self.weights,
            self.root[:, 0],
            self._seen(left),
            self._seen(right),
            score,
            factors,
        )
        return found.whole()

    def _seen(self, matrices: Array) -> tuple[Array, Array, Array]:
        """Matrices over the clusters' vectors (S, v, v) as seen from the moments between, from between to
        within, and within.
        """
        at, scale = self.places, self.scale
        rows, columns = at.between[:, None], at.within[:, None]
        return (
            (matrices * self.scales)[:, rows, at.between],
            (matrices * scale[:, :, None])[:, rows, at.within],
            matrices[:, columns, at.within],
        )

    def vector_factors(self, point: TwoLevelPoint) -> Iterator[Factors]:
        """For each size the derivatives of its clusters' moments, for the parameters of both levels in the
        order of ``positions``."""
        inner, outer = self.factors(point)
        at, v = self.places, self.scale.shape[1]
        k, size = outer.size, outer.size + inner.size
        base, upper = np.zeros((v, 2 * size)), np.zeros((v, 2 * size))
        base[at.within, k:size], base[at.within, size + k :] = inner.u, inner.w
        upper[at.between, :k], upper[at.between, size : size + k] = outer.u, outer.w
        for scale, n in zip(self.scale, self.clusters.sizes, strict=True):
            slope = np.concatenate([outer.slope, inner.slope * math.sqrt(n)])
            yield Factors(upper * scale[:, None] + base, slope)
