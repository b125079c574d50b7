"""The normal likelihood of rows within clusters where answers are missing or rows have weights.

A cluster's rows given its own variables z are independent but for the random part v of their means, which
is integrated out: with A the sum over rows of the inverses of what they see of S_w, c that of the scaled
residuals and S_0 the covariance of v given z, a cluster adds log|I + A S_0| - c' M c, M = S_0 (I + A S_0)^-1,
to what its rows add by themselves. Its cost is in the patterns of answers of each cluster, not in the size
of the clusters' whole covariance. A row's weight stands for as many rows, a cluster's for as many clusters
(Asparouhov 2006; Rabe-Hesketh & Skrondal 2006).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.covariance.estimation import Point
from analysis.covariance.matrices import Array, Factors, Implied, jacobian
from analysis.two_level.both_levels import BothLevels, LevelWeights
from analysis.two_level.curvature import pairs
from analysis.two_level.pattern_moments import (
    PatternMoments,
    PatternPoint,
    pattern_point,
    random_part,
)
from analysis.two_level.patterns import Inverses, Patterns, Places

CELLS = 4_000_000  # of a block of clusters or rows times parameters held at once


@dataclass(frozen=True)
class PatternDiscrepancy(BothLevels):
    """-2 log-likelihood of one row, but for its constant, of two structures."""

    @cached_property
    def places(self) -> Places:
        """Where the variables stand."""
        return Places.of(self.data)

    @cached_property
    def patterns(self) -> Patterns:
        """Of the rows."""
        return Patterns.of_values(self.data.rows)

    @cached_property
    def own_patterns(self) -> Patterns:
        """Of the clusters' own variables."""
        return Patterns.of_values(self.data.between)

    @cached_property
    def members(self) -> list[Array]:
        """Rows of each pattern."""
        return self.patterns.members()

    @cached_property
    def row_weights(self) -> Array:
        """(N,)"""
        given = self.data.row_weights
        return np.ones(self.data.n) if given is None else given

    @cached_property
    def weights(self) -> Array:
        """Each cluster's weight over that of all rows (J,)."""
        given = self.data.cluster_weights
        own = np.ones(self.data.n_clusters) if given is None else given
        return np.asarray(own / (own @ np.add.reduceat(self.row_weights, self.data.starts)))

    @cached_property
    def every_weight(self) -> Array:
        """Each row's weight in the whole (N,)."""
        return np.asarray(self.row_weights * np.repeat(self.weights, self.data.sizes))

    @cached_property
    def counts(self) -> Array:
        """Weight of each pattern's rows by cluster (J, R)."""
        found = np.zeros((self.data.n_clusters, len(self.patterns.seen)))
        np.add.at(found, (self.cluster_of, self.patterns.of), self.row_weights)
        return found

    @cached_property
    def cluster_of(self) -> Array:
        """(N,)"""
        return np.repeat(np.arange(self.data.n_clusters), self.data.sizes)

    @cached_property
    def met(self) -> tuple[Array, Array]:
        """Cluster and pattern of each pair of them that occurs."""
        found = np.nonzero(self.counts)
        return found[0], found[1]

    def at(self, theta: Array) -> PatternPoint:
        """The discrepancy at ``theta``; infinite where a covariance is not positive definite."""
        implied = within, between = self.within.implied(theta), self.between.implied(theta)
        nowhere = PatternPoint(theta, np.inf, implied)
        if not all(np.isfinite(one.sigma).all() for one in implied):
            return nowhere
        rows = Inverses.of(within.sigma, self.patterns.seen)
        z = self.places.own
        own = Inverses.of(between.sigma[np.ix_(z, z)], self.own_patterns.seen)
        if rows is None or own is None:
            return nowhere
        found = self._clusters(within, between, rows, own)
        if found is None:
            return nowhere
        values, terms, moments = found
        value = float(self.weights @ values)
        if not math.isfinite(value):
            return nowhere
        return PatternPoint(
            theta, value, implied, terms=float(self.weights @ terms), moments=moments
        )

    def _clusters(
        self, within: Implied, between: Implied, rows: Inverses, own: Inverses
    ) -> tuple[Array, Array, PatternMoments] | None:
        """Each cluster's part of the value (J,), the size of its terms, and the moments."""
        data, at = self.data, self.places
        inner, outer, z = at.inner, at.outer, at.own
        known = self.own_patterns.of
        away = np.where(np.isnan(data.between), 0.0, data.between - between.mu[z])
        scaled = (own.inverse[known] @ away[:, :, None])[:, :, 0]
        across = between.sigma[np.ix_(outer, z)]
        slopes = (across @ own.inverse)[known]  # (J, v, z), of v on z
        given = between.sigma[np.ix_(outer, outer)] - across @ own.inverse @ across.T
        given = ((given + given.swapaxes(1, 2)) / 2)[known]
        centre = np.tile(within.mu, (data.n_clusters, 1))
        centre[:, inner] += between.mu[outer] + scaled @ across.T
        residuals = data.rows - centre[self.cluster_of]
        residuals[np.isnan(residuals)] = 0.0
        turned = self._by_pattern(residuals, rows.inverse)
        row_terms = (residuals * turned).sum(axis=1)
        weighted = turned * self.row_weights[:, None]
        c = np.add.reduceat(weighted, data.starts, axis=0)
        flat = rows.inverse[:, inner[:, None], inner].reshape(len(rows.inverse), -1)
        v = len(inner)
        a = (self.counts @ flat).reshape(-1, v, v)
        made = random_part(a, given)
        if made is None:
            return None
        spread, logs = made
        own_c = c[:, inner]
        middle = (spread @ own_c[:, :, None])[:, :, 0]
        lift = np.zeros((data.n_clusters, data.rows.shape[1]))
        lift[:, inner] = middle
        e = turned - self._by_pattern(lift[self.cluster_of], rows.inverse)
        left = np.add.reduceat(e * self.row_weights[:, None], data.starts, axis=0)
        by_rows = np.add.reduceat(
            self.row_weights * (rows.logs[self.patterns.of] + row_terms), data.starts
        )
        gained = (own_c * middle).sum(axis=1)
        of_own = own.logs[known] + (away * scaled).sum(axis=1)
        values = by_rows + logs - gained + of_own
        terms = np.abs(by_rows) + np.abs(logs) + np.abs(gained) + np.abs(of_own)
        b = len(between.mu)
        kept = np.eye(v) - a @ spread
        seen = kept @ a
        seen = (seen + seen.swapaxes(1, 2)) / 2
        back = -slopes.swapaxes(1, 2)
        carried = np.zeros((data.n_clusters, b, v))
        carried[:, outer], carried[:, z] = kept, back @ kept
        precision = np.zeros((data.n_clusters, b, b))
        precision[:, outer[:, None], outer] = seen
        mixed = back @ seen
        precision[:, z[:, None], outer] = mixed
        precision[:, outer[:, None], z] = mixed.swapaxes(1, 2)
        precision[:, z[:, None], z] = own.inverse[known] + mixed @ back.swapaxes(1, 2)
        score = np.zeros((data.n_clusters, b))
        score[:, outer] = left[:, inner]
        score[:, z] = scaled + (back @ left[:, inner, None])[:, :, 0]
        return (
            values,
            terms,
            PatternMoments(rows.inverse, spread, middle, left, e, precision, score, carried),
        )

    def _by_pattern(self, rows: Array, matrices: Array) -> Array:
        """Each row times the symmetric matrix of its pattern."""
        if len(matrices) == 1:
            return np.asarray(rows @ matrices[0])
        found = np.empty_like(rows)
        for members, matrix in zip(self.members, matrices, strict=True):
            found[members] = rows[members] @ matrix
        return found

    def _met_spread(self, moments: PatternMoments) -> Array:
        """S_i^-1 M S_i^-1 of each pair of cluster and pattern that occurs (K, p, p)."""
        j, r = self.met
        half = moments.inverse[r][:, :, self.places.inner]
        return np.asarray(half @ moments.spread[j] @ half.swapaxes(1, 2))

    def _by_level(self, moments: PatternMoments) -> LevelWeights:
        """By level (within first), the weights of the moments' derivatives."""
        j, r = self.met
        share = self.weights[j] * self.counts[j, r]
        e, every = moments.residuals, self.every_weight
        inner = np.tensordot(self.weights @ self.counts, moments.inverse, axes=(0, 0))
        inner -= np.tensordot(share, self._met_spread(moments), axes=(0, 0))
        inner -= (e * every[:, None]).T @ e
        g = moments.score
        outer = np.tensordot(self.weights, moments.precision, axes=(0, 0))
        outer -= (g * self.weights[:, None]).T @ g
        return (inner, -2 * (self.weights @ moments.left)), (outer, -2 * (self.weights @ g))

    def gradient(self, point: Point) -> Array:
        """Of all free parameters (q,)."""
        point = pattern_point(point)
        return self.slope(point, self.factors(point), self._by_level(point.known))

    def derivatives(self, point: Point, *, exact: bool) -> tuple[Array, Array]:
        """Gradient, and twice the expected information of one row (or the Hessian itself)."""
        point, size = pattern_point(point), len(point.theta)
        moments = point.known
        inner, outer = factors = self.factors(point)
        total = self._traces(moments, outer, inner)
        if exact:
            total = self._squares(moments, outer, inner) - total
        else:
            total += self._means(moments, outer, inner)
        sums = self._by_level(moments)
        hessian = self.second_order(point, sums) if exact else np.zeros((size, size))
        hessian[self.positions[:, None], self.positions] += total
        return self.slope(point, factors, sums), hessian

    def _traces(self, moments: PatternMoments, outer: Factors, inner: Factors) -> Array:
        """Sum over clusters of tr(P dV P dV), for the parameters between and within."""
        j, r = self.met
        share = (self.weights[j] * self.counts[j, r])[:, None, None]
        d_b, d_w = jacobian(outer, means=False), jacobian(inner, means=False)
        weights = self.weights[:, None, None]
        bb = d_b.T @ pairs(weights * moments.precision, moments.precision) @ d_b
        alone = (self.weights @ self.counts)[:, None, None] * moments.inverse
        ww = pairs(alone, moments.inverse)
        crossed = pairs(share * self._met_spread(moments), moments.inverse[r])
        ww = d_w.T @ (ww - crossed - crossed.T) @ d_w
        bw = np.zeros((outer.size, inner.size))
        # T = sum over a cluster's rows of S_i^-1 dS S_i^-1, of the variables of both levels.
        places = self.places.inner
        half = moments.inverse[:, places]
        u, w = half @ inner.u, half @ inner.w
        by_pattern = u[:, :, None] * w[:, None, :]
        by_pattern = by_pattern + by_pattern.swapaxes(1, 2)
        k, v = inner.size, len(places)
        flat = by_pattern.reshape(len(by_pattern), -1)
        most = max(CELLS // max(v * v * k, 1), 1)
        for begin in range(0, len(self.weights), most):
            some = slice(begin, begin + most)
            t = (self.counts[some] @ flat).reshape(-1, v, v, k)
            share_here = self.weights[some, None, None, None]
            mt = np.einsum("jab,jbck->jack", moments.spread[some], t, optimize=True)
            turned = mt.swapaxes(1, 2).reshape(-1, k)
            ww += (share_here * mt).reshape(-1, k).T @ turned
            f = moments.carried[some]
            y = np.einsum("jab,jbck->jack", f, t, optimize=True)
            y = np.einsum("jack,jdc->jadk", share_here * y, f, optimize=True).sum(axis=0)
            # tr(Y dS) of a symmetric Y
            wy = np.einsum("al,abk->lbk", outer.w, y, optimize=True)
            bw += 2 * np.einsum("lbk,bl->lk", wy, outer.u, optimize=True)
        return np.block([[bb, bw], [bw.T, ww]])

    def _means(self, moments: PatternMoments, outer: Factors, inner: Factors) -> Array:
        """Sum over clusters of 2 dmu' P dmu."""
        places = self.places.inner
        bb = 2 * outer.m.T @ np.tensordot(self.weights, moments.precision, axes=(0, 0)) @ outer.m
        rows = np.tensordot(self.weights @ self.counts, moments.inverse, axes=(0, 0))
        half = moments.inverse[:, places]
        summed = np.tensordot(self.counts, half, axes=(1, 0))  # (J, v, p)
        shared = moments.spread @ summed
        rows = rows - np.einsum("j,jvp,jvq->pq", self.weights, summed, shared, optimize=True)
        ww = 2 * inner.m.T @ rows @ inner.m
        mixed = np.einsum("j,jbv,jvp->bp", self.weights, moments.carried, summed, optimize=True)
        bw = 2 * outer.m.T @ mixed @ inner.m
        return np.block([[bb, bw], [bw.T, ww]])

    def _squares(self, moments: PatternMoments, outer: Factors, inner: Factors) -> Array:
        """Sum over clusters of 2 a' P a, a = dV P r + dmu for each parameter."""
        data, places = self.data, self.places.inner
        k, l_size = inner.size, outer.size
        bb, bw = np.zeros((l_size, l_size)), np.zeros((l_size, k))
        ww = np.zeros((k, k))
        g = moments.score
        ends = np.append(data.starts[1:], data.n)
        p = data.rows.shape[1]
        most = max(CELLS // max(p * max(k, l_size), 1), 1)
        begin = 0
        while begin < data.n_clusters:
            # As many whole clusters as fit; at least one.
            end = max(
                int(np.searchsorted(ends, data.starts[begin] + most, side="right")), begin + 1
            )
            some = slice(begin, end)
            rows = slice(int(data.starts[begin]), int(ends[end - 1]))
            e = moments.residuals[rows]
            seen = self.patterns.seen[self.patterns.of[rows]]
            a = (e @ inner.w)[:, None, :] * inner.u + (e @ inner.u)[:, None, :] * inner.w
            a = (a + inner.m) * seen[:, :, None]
            turned = np.empty_like(a)
            of = self.patterns.of[rows]
            for pattern in np.unique(of):
                at = np.flatnonzero(of == pattern)
                turned[at] = np.einsum(
                    "pq,nqk->npk", moments.inverse[pattern], a[at], optimize=True
                )
            every = self.every_weight[rows, None, None]
            ww += (every * a).reshape(-1, k).T @ turned.reshape(-1, k)
            summed = np.add.reduceat(
                turned[:, places] * self.row_weights[rows, None, None],
                data.starts[some] - rows.start,
                axis=0,
            )
            share = self.weights[some, None, None]
            ww -= (share * summed).reshape(-1, k).T @ (moments.spread[some] @ summed).reshape(-1, k)
            beta = (g[some] @ outer.w)[:, None, :] * outer.u
            beta = beta + (g[some] @ outer.u)[:, None, :] * outer.w + outer.m
            bb += (share * beta).reshape(-1, l_size).T @ (moments.precision[some] @ beta).reshape(
                -1, l_size
            )
            bw += (share * beta).reshape(-1, l_size).T @ (moments.carried[some] @ summed).reshape(
                -1, k
            )
            begin = end
        return 2 * np.block([[bb, bw], [bw.T, ww]])

    def scores(self, point: Point) -> Array:
        """Each cluster's gradient of the log-likelihood (J, q), times its weight in units of N rows."""
        point = pattern_point(point)
        moments, data = point.known, self.data
        inner, outer = self.factors(point)
        found = np.zeros((data.n_clusters, len(point.theta)))
        e = moments.residuals
        own = (e @ inner.u) * (e @ inner.w) + e @ inner.m
        summed = np.add.reduceat(own * self.row_weights[:, None], data.starts, axis=0)
        j, r = self.met
        expected = (inner.u * (moments.inverse @ inner.w)).sum(axis=1)
        summed -= self.counts @ expected
        lost = (inner.u * (self._met_spread(moments) @ inner.w)).sum(axis=1)
        np.add.at(summed, j, self.counts[j, r][:, None] * lost)
        found[:, self.within.positions] += summed
        g = moments.score
        between = (g @ outer.u) * (g @ outer.w) + g @ outer.m
        between -= (outer.u * (moments.precision @ outer.w)).sum(axis=1)
        found[:, self.between.positions] += between
        return np.asarray(found * (self.weights * data.n)[:, None])
