"""Ordinal items over groups: thresholds, intercepts and scales in one least-squares model.

Behind every answer stands a normal response with intercept nu and scale 1 / delta. Thresholds and
correlations of the answers are then delta (tau - mu) and delta_i delta_j sigma_ij (Muthén &
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
from analysis.covariance.ordinal.polychoric import Polychoric
from analysis.covariance.parameter_constraints import (
    constraint_transform,
    equal_ties,
    label_ties,
    numbered,
    settled,
)
from analysis.covariance.parameter_table import Parameter, ParameterTable
from analysis.covariance.start_values import start_values
from analysis.covariance.text.model import Model

# What each step holds equal over groups; the steps of Wu & Estabrook (2016).
STEPS: dict[str, tuple[str, ...]] = {
    "configural": (),
    "thresholds": ("thresholds",),
    "loadings": ("thresholds", "loadings"),
    "intercepts": ("thresholds", "loadings", "intercepts"),
}
STRICT = {"residuals": ("thresholds", "loadings", "intercepts", "residuals")}


@dataclass(frozen=True)
class Positions:
    """Where each group's thresholds (k,) and scales (p,) stand among the parameters; a scale that is
    no parameter has -1.

    After the factor model's own parameters: the first group's thresholds, then of each other group
    the thresholds of items that are not ``linked`` to the first group's, then the scales of those that
    are, unless they follow from equal residual variances.
    """

    thresholds: tuple[Array, ...]
    scales: tuple[Array, ...]
    size: int

    @classmethod
    def of(
        cls, n_base: int, groups: int, owner: Array, linked: Array, *, strict: bool
    ) -> Positions:
        """For items of which those ``linked`` (p,) have the first group's thresholds everywhere."""
        first = n_base + np.arange(len(owner))
        thresholds, scales = [first], [np.full(len(linked), -1)]
        size = n_base + len(owner)
        own = ~linked[owner]
        for _ in range(1, groups):
            these = first.copy()
            these[own] = size + np.arange(own.sum())
            thresholds.append(these)
            size += int(own.sum())
        for _ in range(1, groups):
            free = linked & (not strict)
            those = np.full(len(linked), -1)
            those[free] = size + np.arange(free.sum())
            scales.append(those)
            size += int(free.sum())
        return cls(tuple(thresholds), tuple(scales), size)


@dataclass(frozen=True)
class OrdinalDiscrepancy:
    """Diagonally weighted least squares of thresholds and correlations of every group.

    Parameters: the factor model's, then thresholds and scales (``Positions``). ``owner`` gives each
    item's thresholds their item; ``linked`` items share their thresholds over groups.
    """

    structures: tuple[GroupStructure, ...]
    samples: tuple[Polychoric, ...]
    weights: tuple[float, ...]
    n_base: int
    owner: Array
    linked: Array
    positions: Positions
    strict: bool = False  # equal residual variances of linked items

    def size(self) -> int:
        """Number of parameters."""
        return self.positions.size

    def scales(self, theta: Array, implied: Sequence[Implied], g: int) -> Array:
        """A group's scales (p,); NaN where equal residual variances leave a response none."""
        at = self.positions.scales[g]
        if g and self.strict:
            total = 1 + implied[g].sigma.diagonal() - implied[0].sigma.diagonal()
            following = 1 / np.sqrt(np.where(total > 0, total, np.nan))
            return np.where(self.linked, following, 1.0)
        return np.where(at >= 0, theta[at], 1.0)

    def _parts(
        self, theta: Array, implied: Sequence[Implied], g: int
    ) -> tuple[Array, Array, Array]:
        """A group's scales, thresholds behind the answers, and residuals."""
        delta, own = self.scales(theta, implied, g), implied[g]
        tau = theta[self.positions.thresholds[g]]
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
        result[np.arange(k), self.positions.thresholds[g]] = delta[self.owner]
        i, j = vech_index(implied.observed)
        off = jacobian(f, means=False)[i != j]
        result[k:, structure.positions] = (delta[rows] * delta[columns])[:, None] * off
        slope = self._scale_slopes(point, g, delta)
        if slope is not None:
            result[:k] += (tau - implied.mu[self.owner])[:, None] * slope[self.owner]
            covariance = implied.sigma[rows, columns][:, None]
            result[k:] += covariance * (
                delta[columns, None] * slope[rows] + delta[rows, None] * slope[columns]
            )
        return result

    def _scale_slopes(self, point: Point, g: int, delta: Array) -> Array | None:
        """Derivatives (p, parameters) of a group's scales; None where all are 1."""
        if g == 0 or not self.linked.any():
            return None
        slopes = np.zeros((len(delta), self.size()))
        if not self.strict:
            at = self.positions.scales[g]
            free = np.flatnonzero(at >= 0)
            slopes[free, at[free]] = 1.0
            return slopes
        for group, sign in ((g, -1.0), (0, 1.0)):
            structure = self.structures[group]
            f = structure.factors(point.implied[group])
            slopes[:, structure.positions] += sign * f.u * f.w
        return np.asarray(slopes * (delta**3 * self.linked)[:, None])

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


def fit_step(
    model: Model, samples: tuple[Polychoric, ...], step: str, free: Sequence[str] = ()
) -> OrdinalFit:
    """Fit one step to the groups' thresholds and polychoric correlations.

    ``free`` names what the step lets differ nevertheless: a loading (``f=~u3``), an intercept
    (``u3~1``), or an item's thresholds (``u3|``) and with them all else about the item.
    """
    equal = (STEPS | STRICT)[step]
    names = samples[0].names
    apart = {name[:-1] for name in free if name.endswith("|")}
    shared = "thresholds" in equal
    linked = np.array([shared and name not in apart for name in names])
    table = _table(model, len(samples), equal, apart, free)
    n = [sample.size for sample in samples]
    total = sum(n) - len(n)
    sizes = [len(t) for t in samples[0].thresholds]
    owner = np.repeat(np.arange(len(sizes)), sizes)
    strict = "residuals" in equal
    built = structures(table)
    positions = Positions.of(table.n_free, len(n), owner, linked, strict=strict)
    discrepancy = OrdinalDiscrepancy(
        built,
        samples,
        tuple((size - 1) / total for size in n),
        table.n_free,
        owner,
        linked,
        positions,
        strict,
    )
    start = np.ones(positions.size)
    zero = [np.zeros(len(sizes)) for _ in samples]
    start[: table.n_free] = start_values(table, built, [s.correlation for s in samples], zero)
    for sample, at in reversed(list(zip(samples, positions.thresholds, strict=True))):
        start[at] = np.concatenate(sample.thresholds)
    more = discrepancy.size() - table.n_free
    transform = np.zeros((discrepancy.size(), table.n_parameters + more))
    transform[: table.n_free, : table.n_parameters] = table.transform
    transform[table.n_free :, table.n_parameters :] = np.eye(more)
    offset = np.concatenate([table.offset, np.zeros(more)])
    return OrdinalFit(
        table, discrepancy, minimise(discrepancy, start, transform, offset), transform
    )


def _table(
    model: Model, groups: int, equal: tuple[str, ...], apart: set[str], free: Sequence[str]
) -> ParameterTable:
    """The factor model's table with the means that the step frees; items set ``apart`` have neither a
    mean of their own nor an equal loading. A marker that is let go marks the first group's factor alone:
    equal loadings of the other items hold the scale in the others.
    """
    first = complete(model, groups=groups, mean_structure=True, ordered=True)
    latent = frozenset(model.latent)

    def means(row: Parameter) -> Parameter:
        if row.op != "~1":
            return row
        varies = row.group > 1 and "thresholds" in equal
        if row.lhs in latent:
            varies = varies and "intercepts" in equal
        else:
            held = "intercepts" in equal and row.name not in free
            varies = varies and not held and row.lhs not in apart
        return row._replace(free=0 if varies else -1, value=None if varies else 0.0)

    def loading(row: Parameter) -> Parameter:
        let_go = row.name in free or row.rhs in apart
        marks = row.op == "=~" and row.free < 0 and row.group > 1
        if "loadings" in equal and marks and let_go:
            return row._replace(free=0, value=None)
        return row

    rows = numbered([loading(means(row)) for row in first.rows])
    held = tuple(word for word in equal if word == "loadings")
    loadings = [row.name for row in rows if row.op == "=~"]
    exceptions = [
        name for name in loadings if held and (name in free or name.split("=~")[1] in apart)
    ]
    ties = label_ties(rows) + equal_ties(rows, latent, held, exceptions)
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
