"""Ordinal items over groups: thresholds, intercepts and scales in one least-squares model.

Behind every answer stands a normal response with intercept nu and scale 1 / delta. Thresholds and
correlations of the answers are then delta (tau - mu) and delta_i delta_j sigma_ij (Muthen &
Asparouhov 2002, delta parametrisation), where mu and sigma are the factor model's. Group 1 has nu
= 0 and delta = 1. What the factors leave of a response is 1 / delta^2 - sigma_ii; where that is held
equal over groups, delta follows from sigma.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.covariance.completion import complete
from analysis.covariance.estimation import Point
from analysis.covariance.matrices import (
    Array,
    GroupStructure,
    Implied,
    jacobian,
    structures,
    vech_index,
)
from analysis.covariance.minimiser import Optimum, minimise
from analysis.covariance.model import Model
from analysis.covariance.parameter_constraints import (
    constraint_transform,
    equal_ties,
    label_ties,
    settled,
)
from analysis.covariance.parameter_table import Parameter, ParameterTable
from analysis.covariance.polychoric import Polychoric
from analysis.covariance.start_values import start_values

# What each step holds equal over groups; the steps of Wu & Estabrook (2016).
STEPS: dict[str, tuple[str, ...]] = {
    "configural": (),
    "thresholds": ("thresholds",),
    "loadings": ("thresholds", "loadings"),
    "intercepts": ("thresholds", "loadings", "intercepts"),
}
STRICT = {"residuals": ("thresholds", "loadings", "intercepts", "residuals")}


@dataclass(frozen=True)
class OrdinalDiscrepancy:
    """Diagonally weighted least squares of thresholds and correlations of every group.

    Parameters: the factor model's, then thresholds (shared, or one set a group), then the scales
    of groups 2 and on. ``owner`` gives each item's thresholds their item.
    """

    structures: tuple[GroupStructure, ...]
    samples: tuple[Polychoric, ...]
    weights: tuple[float, ...]
    n_base: int
    shared: bool
    owner: Array
    strict: bool = False  # equal residual variances

    @property
    def n_scales(self) -> int:
        """Free scales of one group; none while thresholds differ or where residuals are equal."""
        return self.structures[0].p if self.shared and not self.strict else 0

    def thresholds_at(self, g: int) -> slice:
        """Where a group's thresholds stand among the parameters."""
        k = len(self.owner)
        start = self.n_base + (0 if self.shared else g * k)
        return slice(start, start + k)

    def scales_at(self, g: int) -> slice | None:
        """Where a group's scales stand; None where they are 1."""
        if not self.n_scales or g == 0:
            return None
        start = self.n_base + len(self.owner) + (g - 1) * self.n_scales
        return slice(start, start + self.n_scales)

    def size(self) -> int:
        """Number of parameters."""
        sets = 1 if self.shared else len(self.structures)
        return self.n_base + sets * len(self.owner) + (len(self.structures) - 1) * self.n_scales

    def scales(self, theta: Array, implied: Sequence[Implied], g: int) -> Array:
        """A group's scales (p,); NaN where equal residual variances leave a response none."""
        at = self.scales_at(g)
        if at is not None:
            return theta[at]
        if g == 0 or not self.strict:
            return np.ones(implied[g].observed)
        total = 1 + implied[g].sigma.diagonal() - implied[0].sigma.diagonal()
        return 1 / np.sqrt(np.where(total > 0, total, np.nan))

    def _parts(
        self, theta: Array, implied: Sequence[Implied], g: int
    ) -> tuple[Array, Array, Array]:
        """A group's scales, thresholds behind the answers, and residuals."""
        delta, own = self.scales(theta, implied, g), implied[g]
        tau = theta[self.thresholds_at(g)]
        rows, columns = _pairs(own.observed)
        sample = self.samples[g]
        thresholds = delta[self.owner] * (tau - own.mu[self.owner])
        correlations = delta[rows] * delta[columns] * own.sigma[rows, columns]
        found = np.concatenate([*sample.thresholds, sample.correlation[rows, columns]])
        return delta, tau, found - np.concatenate([thresholds, correlations])

    def at(self, theta: Array) -> Point:
        """The discrepancy; infinite where a response would have no variance."""
        implied = tuple(s.implied(theta[: self.n_base]) for s in self.structures)
        total = 0.0
        for g, weight in enumerate(self.weights):
            residual = self._parts(theta, implied, g)[2]
            total += weight * float(residual @ (self.diagonal(g) * residual))
        return Point(theta, total if np.isfinite(total) else np.inf, implied)

    def diagonal(self, g: int) -> Array:
        """The weight of each of a group's thresholds and correlations."""
        gamma = self.samples[g].gamma
        if gamma is None:
            raise TypeError("weights need the sampling covariance")
        return np.asarray(1 / np.diag(gamma))

    def jacobian(self, point: Point, g: int) -> Array:
        """Derivatives of a group's thresholds and correlations for all parameters."""
        structure, implied = self.structures[g], point.implied[g]
        f = structure.factors(implied)
        delta, tau, _ = self._parts(point.theta, point.implied, g)
        rows, columns = _pairs(implied.observed)
        k = len(self.owner)
        result = np.zeros((k + len(rows), self.size()))
        result[:k, structure.positions] = -delta[self.owner, None] * f.m[self.owner]
        result[np.arange(k), np.arange(k) + self.thresholds_at(g).start] = delta[self.owner]
        i, j = vech_index(implied.observed)
        off = jacobian(f, means=False)[i != j]
        result[k:, structure.positions] = (delta[rows] * delta[columns])[:, None] * off
        at = self.scales_at(g)
        if at is not None:
            result[np.arange(k), at.start + self.owner] = tau - implied.mu[self.owner]
            covariance = implied.sigma[rows, columns]
            pair = np.arange(k, k + len(rows))
            result[pair, at.start + rows] = delta[columns] * covariance
            result[pair, at.start + columns] = delta[rows] * covariance
        elif self.strict and g:
            slope = self._scale_slopes(point, g, delta)
            result[:k] += (tau - implied.mu[self.owner])[:, None] * slope[self.owner]
            covariance = implied.sigma[rows, columns][:, None]
            result[k:] += covariance * (
                delta[columns, None] * slope[rows] + delta[rows, None] * slope[columns]
            )
        return result

    def _scale_slopes(self, point: Point, g: int, delta: Array) -> Array:
        """Derivatives (p, parameters) of a group's scales where they follow from equal residuals."""
        slopes = np.zeros((len(delta), self.size()))
        for group, sign in ((g, -1.0), (0, 1.0)):
            structure = self.structures[group]
            f = structure.factors(point.implied[group])
            slopes[:, structure.positions] += sign * f.u * f.w
        return np.asarray(slopes * (delta**3)[:, None])

    def gradient(self, point: Point) -> Array:
        """Of all parameters."""
        return self.derivatives(point, exact=False)[0]

    def derivatives(self, point: Point, *, exact: bool) -> tuple[Array, Array]:
        """Gradient and Gauss-Newton Hessian, the same when ``exact`` is asked for."""
        gradient, hessian = np.zeros(self.size()), np.zeros((self.size(),) * 2)
        for g in range(len(self.samples)):
            residual = self._parts(point.theta, point.implied, g)[2]
            delta, v = self.jacobian(point, g), self.diagonal(g)
            gradient -= 2 * self.weights[g] * delta.T @ (v * residual)
            hessian += 2 * self.weights[g] * delta.T @ (v[:, None] * delta)
        return gradient, hessian


def _pairs(p: int) -> tuple[Array, Array]:
    rows, columns = vech_index(p)
    off = rows != columns
    return rows[off], columns[off]


@dataclass(frozen=True)
class OrdinalFit:
    """One step's table, discrepancy, optimum and transform of all parameters."""

    table: ParameterTable
    discrepancy: OrdinalDiscrepancy
    optimum: Optimum
    transform: Array

    def parts(self) -> list[tuple[Array, Array, Array, float]]:
        """By group: Jacobian, diagonal weight, Gamma, weight among the groups."""
        d, point = self.discrepancy, self.optimum.point
        result = []
        for g, sample in enumerate(d.samples):
            if sample.gamma is not None:
                result.append((d.jacobian(point, g), d.diagonal(g), sample.gamma, d.weights[g]))
        return result


def fit_step(model: Model, samples: tuple[Polychoric, ...], step: str) -> OrdinalFit:
    """Fit one step to the groups' thresholds and polychoric correlations."""
    equal = (STEPS | STRICT)[step]
    table = _table(model, len(samples), equal)
    shared = "thresholds" in equal
    n = [sample.n for sample in samples]
    total = sum(n) - len(n)
    sizes = [len(t) for t in samples[0].thresholds]
    built = structures(table)
    discrepancy = OrdinalDiscrepancy(
        built,
        samples,
        tuple((size - 1) / total for size in n),
        table.n_free,
        shared,
        np.repeat(np.arange(len(sizes)), sizes),
        "residuals" in equal,
    )
    zero = [np.zeros(len(sizes)) for _ in samples]
    base = start_values(table, built, [s.correlation for s in samples], zero)
    own = [np.concatenate(s.thresholds) for s in samples]
    start = np.concatenate(
        [
            base,
            own[0] if shared else np.concatenate(own),
            np.ones((len(n) - 1) * discrepancy.n_scales),
        ]
    )
    free = discrepancy.size() - table.n_free
    transform = np.zeros((discrepancy.size(), table.n_parameters + free))
    transform[: table.n_free, : table.n_parameters] = table.transform
    transform[table.n_free :, table.n_parameters :] = np.eye(free)
    offset = np.concatenate([table.offset, np.zeros(free)])
    return OrdinalFit(
        table, discrepancy, minimise(discrepancy, start, transform, offset), transform
    )


def _table(model: Model, groups: int, equal: tuple[str, ...]) -> ParameterTable:
    """The factor model's table with the means that the step frees."""
    first = complete(model, groups=groups, mean_structure=True, ordered=True)
    latent = frozenset(model.latent)

    def means(row: Parameter) -> Parameter:
        if row.op != "~1":
            return row
        free = row.group > 1 and "thresholds" in equal
        if row.lhs in latent:
            free = free and "intercepts" in equal
        else:
            free = free and "intercepts" not in equal
        return row._replace(free=0 if free else -1, value=None if free else 0.0)

    rows = [means(row) for row in first.rows]
    held = tuple(word for word in equal if word == "loadings")
    ties = label_ties(rows) + equal_ties(rows, latent, held, ())
    rows, pairs = settled(rows, ties)
    transform, offset, equalities = constraint_transform(model, rows, pairs)
    return replace(
        first,
        rows=tuple(rows),
        transform=transform,
        offset=offset,
        equalities=tuple(equalities),
        constrained=bool(equalities),
    )
