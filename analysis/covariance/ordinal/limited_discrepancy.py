"""Weighted least squares of limited-information moments: ordinal items beside numbers, given predictors.

Behind an ordinal item stands a response with thresholds tau, intercept mu, slopes pi on the predictors and
covariances sigma with others; its answers tell delta (tau - mu), delta pi and delta_i delta_j sigma_ij. In
the delta parametrisation delta is a parameter (1 unless said) and the response's residual variance is
what makes its variance given the predictors 1 / delta^2; in the theta parametrisation the residual variance
is the parameter (1 unless said) and delta follows from it (Muthén & Asparouhov 2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.covariance.estimation import Point
from analysis.covariance.matrices import Array, GroupStructure, Implied
from analysis.covariance.ordinal.limited_moments import LimitedMoments, MomentLayout
from analysis.covariance.parameter_table import Parameter, ParameterTable


@dataclass(frozen=True)
class AnswerParameters:
    """Where one group's thresholds and response scales stand among the parameters, -1 for fixed ones,
    with the values of those.
    """

    thresholds: Array
    fixed_thresholds: Array
    scales: Array  # of each outcome
    fixed_scales: Array

    def threshold_values(self, theta: Array) -> Array:
        """(t,)"""
        return np.asarray(
            np.where(self.thresholds >= 0, theta[self.thresholds], self.fixed_thresholds)
        )

    def scale_values(self, theta: Array) -> Array:
        """(p,)"""
        return np.asarray(np.where(self.scales >= 0, theta[self.scales], self.fixed_scales))


def answer_parameters(table: ParameterTable, layout: MomentLayout) -> tuple[AnswerParameters, ...]:
    """By group, from the table's rows of ``|`` and ``~*~``."""
    at = {name: i for i, name in enumerate(layout.names)}
    first = np.concatenate([[0], np.cumsum(layout.thresholds)]).astype(int)
    p, t = len(layout.names), int(first[-1])
    result = [
        AnswerParameters(np.full(t, -1), np.zeros(t), np.full(p, -1), np.ones(p))
        for _ in range(table.groups)
    ]
    for row in table.rows:
        own = result[row.group - 1]
        if row.op == "|":
            i = first[at[row.lhs]] + int(row.rhs[1:]) - 1
            own.thresholds[i] = row.free
            own.fixed_thresholds[i] = row.value or 0.0
        elif row.op == "~*~":
            own.scales[at[row.lhs]] = row.free
            own.fixed_scales[at[row.lhs]] = 1.0 if row.value is None else row.value
    return tuple(result)


def derived_rows(table: ParameterTable, ordinal: Sequence[str]) -> list[int]:
    """Rows of the ordinal items' residual variances, which follow in the delta parametrisation."""
    items = set(ordinal)
    return [
        at
        for at, row in enumerate(table.rows)
        if row.op == "~~" and row.lhs == row.rhs and row.lhs in items
    ]


def with_derived(table: ParameterTable, derived: Sequence[int]) -> ParameterTable:
    """The table in which the residual variances that follow have positions behind the parameters'."""
    number = {row: table.n_free + k for k, row in enumerate(derived)}

    def own(at: int, row: Parameter) -> Parameter:
        return row._replace(free=number[at], value=None) if at in number else row

    return replace(table, rows=tuple(own(at, row) for at, row in enumerate(table.rows)))


@dataclass(frozen=True)
class LimitedPoint(Point):
    """A point whose residual variances follow: ``full`` (q + d,) has them behind the parameters, and
    ``follows`` (d, q) are their derivatives. ``implied`` are moments given the predictors.
    """

    full: Array | None = None
    follows: Array | None = None


@dataclass(frozen=True)
class Local:
    """One group's residuals (k,) and their Jacobian (k, q + d)."""

    residual: Array
    jacobian: Array


@dataclass(frozen=True)
class LimitedDiscrepancy:
    """Diagonally weighted least squares over groups.

    ``structures`` are those given the predictors (whose own moments are 0 there), with the derived
    residual variances free behind the ``size`` parameters. ``outcomes`` and ``predictors`` say where
    these stand among the observed variables; ``scaled`` whether delta follows (theta).
    """

    structures: tuple[GroupStructure, ...]
    answers: tuple[AnswerParameters, ...]
    samples: tuple[LimitedMoments, ...]
    weights: tuple[Array, ...]
    shares: tuple[float, ...]
    size: int
    derived: tuple[Array, ...]  # by group, positions of the ordinal items' residual variances
    outcomes: Array
    predictors: Array
    theta_parametrisation: bool

    @property
    def layout(self) -> MomentLayout:
        """Of the moments of every group."""
        return self.samples[0].layout

    @property
    def _behind(self) -> Array:
        """Where the ordinal outcomes stand among the observed variables."""
        return np.asarray(self.outcomes[self.layout.ordinal])

    def at(self, theta: Array) -> Point:
        """The discrepancy; infinite where a response has no variance."""
        theta = theta[: self.size]
        full, follows = self._full(theta)
        if full is None or follows is None:
            return Point(theta, np.inf, ())
        implied = tuple(structure.implied(full) for structure in self.structures)
        total = 0.0
        for g, (v, share) in enumerate(zip(self.weights, self.shares, strict=True)):
            residual = self._residual(theta, implied[g], g)
            total += share * float(residual @ (v * residual))
        value = total if np.isfinite(total) else np.inf
        return LimitedPoint(theta, value, implied, full=full, follows=follows)

    def _full(self, theta: Array) -> tuple[Array | None, Array | None]:
        """Parameters with the residual variances that follow, and those's derivatives."""
        count = sum(len(own) for own in self.derived)
        full = np.concatenate([theta, np.zeros(count)])
        follows = np.zeros((count, self.size))
        if self.theta_parametrisation or not count:
            return full, follows
        at = self._behind
        for structure, answers, own in zip(
            self.structures, self.answers, self.derived, strict=True
        ):
            scales = answers.scale_values(theta)[self.layout.ordinal]
            without = structure.implied(full)
            passed = without.total[np.ix_(at, at)] ** 2
            if not np.isfinite(passed).all() or (scales == 0).any():
                return None, None
            lacking = 1 / scales**2 - without.sigma[at, at]
            try:
                full[own] = np.linalg.solve(passed, lacking)
            except np.linalg.LinAlgError:
                return None, None
            f = structure.factors(structure.implied(full))
            slopes = np.zeros((len(at), len(full)))
            slopes[:, structure.positions] = 2 * f.u[at] * f.w[at]
            wanted = -slopes[:, : self.size]
            free = answers.scales[self.layout.ordinal]
            varying = np.flatnonzero(free >= 0)
            wanted[varying, free[varying]] -= 2 / scales[varying] ** 3
            follows[own - self.size] = np.linalg.solve(slopes[:, own], wanted)
        return full, follows

    def scales(self, theta: Array, implied: Implied, g: int) -> Array:
        """Each outcome's delta (p,), 1 of numbers."""
        if not self.theta_parametrisation:
            return self.answers[g].scale_values(theta)
        result = np.ones(len(self.outcomes))
        variance = implied.sigma[self._behind, self._behind]
        result[self.layout.ordinal] = 1 / np.sqrt(np.where(variance > 0, variance, np.nan))
        return result

    def _residual(self, theta: Array, implied: Implied, g: int) -> Array:
        return np.asarray(self.samples[g].values - self._fitted(theta, implied, g))

    def fitted(self, theta: Array) -> list[Array]:
        """By group, the moments (k,) that the parameters imply."""
        point = self.at(theta)
        return [
            self._fitted(theta[: self.size], implied, g) for g, implied in enumerate(point.implied)
        ]

    def _fitted(self, theta: Array, implied: Implied, g: int) -> Array:
        layout, y = self.layout, self.outcomes
        delta = self.scales(theta, implied, g)
        fitted = np.empty(layout.size)
        at, owner = layout.of_thresholds
        fitted[at] = delta[owner] * (self.answers[g].threshold_values(theta) - implied.mu[y[owner]])
        fitted[layout.of_means] = implied.mu[y[layout.numeric]]
        at, outcome, predictor = layout.of_slopes
        fitted[at] = delta[outcome] * implied.total[y[outcome], self.predictors[predictor]]
        numbers = y[layout.numeric]
        fitted[layout.of_variances] = implied.sigma[numbers, numbers]
        rows, columns = layout.pairs
        fitted[layout.starts[-1] :] = (
            delta[rows] * delta[columns] * implied.sigma[y[rows], y[columns]]
        )
        return fitted

    def jacobian(self, point: Point, g: int) -> Array:
        """Derivatives (k, q) of a group's moments for the parameters."""
        if not isinstance(point, LimitedPoint) or point.full is None or point.follows is None:
            raise TypeError("no limited-information point")
        layout, y = self.layout, self.outcomes
        structure, implied, answers = self.structures[g], point.implied[g], self.answers[g]
        theta = point.full[: self.size]
        f = structure.factors(implied)
        width = len(point.full)
        delta = self.scales(theta, implied, g)
        slope = self._scale_slopes(structure, implied, f.u, f.w, delta, g, width)
        place = structure.positions
        result = np.zeros((layout.size, width))
        at, owner = layout.of_thresholds
        tau = answers.threshold_values(theta)
        result[np.ix_(at, place)] = -delta[owner, None] * f.m[y[owner]]
        varying = np.flatnonzero(answers.thresholds >= 0)
        result[at[varying], answers.thresholds[varying]] += delta[owner[varying]]
        result[at] += (tau - implied.mu[y[owner]])[:, None] * slope[owner]
        result[np.ix_(layout.of_means, place)] = f.m[y[layout.numeric]]
        at, outcome, predictor = layout.of_slopes
        nd = len(structure.d_row)
        x = self.predictors[predictor]
        total = implied.total
        paths = total[y[outcome]][:, structure.d_row] * total[structure.d_col][:, x].T
        result[np.ix_(at, place[:nd])] = delta[outcome, None] * paths
        result[at] += total[y[outcome], x][:, None] * slope[outcome]
        numbers = y[layout.numeric]
        result[np.ix_(layout.of_variances, place)] = 2 * f.u[numbers] * f.w[numbers]
        rows, columns = layout.pairs
        i, j = y[rows], y[columns]
        both = f.u[i] * f.w[j] + f.u[j] * f.w[i]
        at = np.arange(layout.starts[-1], layout.size)
        result[np.ix_(at, place)] = (delta[rows] * delta[columns])[:, None] * both
        result[at] += implied.sigma[i, j][:, None] * (
            delta[columns, None] * slope[rows] + delta[rows, None] * slope[columns]
        )
        return np.asarray(result[:, : self.size] + result[:, self.size :] @ point.follows)

    def _scale_slopes(
        self,
        structure: GroupStructure,
        implied: Implied,
        u: Array,
        w: Array,
        delta: Array,
        g: int,
        width: int,
    ) -> Array:
        """Derivatives (p, width) of the outcomes' deltas."""
        slopes = np.zeros((len(delta), width))
        if not self.theta_parametrisation:
            free = self.answers[g].scales
            varying = np.flatnonzero(free >= 0)
            slopes[varying, free[varying]] = 1.0
            return slopes
        own, at = self.layout.ordinal, self._behind
        change = -(delta[own] ** 3)[:, None] * u[at] * w[at]
        slopes[np.ix_(own, structure.positions)] = change
        return slopes

    def on_answers(self, theta: Array, sigma: Array, g: int) -> Array:
        """A group's covariances of the observed variables (p, p) on the scale of the answers' moments."""
        scale = np.ones(len(sigma))
        implied = self.at(theta).implied[g]
        scale[self.outcomes] = self.scales(theta[: self.size], implied, g)
        return np.asarray(sigma * scale * scale[:, None])

    def gradient(self, point: Point) -> Array:
        """Of all parameters."""
        return self.derivatives(point, exact=False)[0]

    def derivatives(self, point: Point, *, exact: bool) -> tuple[Array, Array]:
        """Gradient and Gauss-Newton Hessian, the same when ``exact`` is asked for."""
        point = self.own(point)
        gradient, hessian = np.zeros(self.size), np.zeros((self.size,) * 2)
        for g, (v, share) in enumerate(zip(self.weights, self.shares, strict=True)):
            residual = self._residual(point.theta[: self.size], point.implied[g], g)
            delta = self.jacobian(point, g)
            gradient -= 2 * share * delta.T @ (v * residual)
            hessian += 2 * share * delta.T @ (v[:, None] * delta)
        return gradient, hessian

    def information(self, theta: Array, shares: Array) -> Array:
        """Half the Gauss-Newton Hessian with the groups weighed by ``shares``, zeros behind the
        parameters for what follows from them.
        """
        own = replace(self, shares=tuple(shares))
        half = own.derivatives(own.at(theta), exact=False)[1] / 2
        return np.pad(half, (0, len(theta) - self.size))

    def own(self, point: Point) -> Point:
        """The point with what this discrepancy keeps there."""
        return point if isinstance(point, LimitedPoint) else self.at(point.theta)

    def parts(self, theta: Array, shares: Array) -> list[tuple[Array, Array, Array, float]]:
        """By group: Jacobian (k, all of ``theta``), diagonal weight, Gamma and share of the rows."""
        own = self.at(theta)
        behind = ((0, 0), (0, len(theta) - self.size))
        return [
            (np.pad(self.jacobian(own, g), behind), v, sample.gamma, float(share))
            for g, (v, sample, share) in enumerate(
                zip(self.weights, self.samples, shares, strict=True)
            )
        ]
