"""Minimising a discrepancy under nonlinear equations and inequalities.

The augmented Lagrangian (Powell 1969; Rockafellar 1973): the discrepancy plus the restrictions' multiples
and squares is minimised as any other, the multipliers are moved to what the restrictions then cost, and
so on until every restriction holds. lavaan does the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.covariance.estimation import Discrepancy, Point
from analysis.covariance.matrices import Array
from analysis.covariance.minimiser import Optimum, minimise
from analysis.covariance.parameter_table import ParameterTable
from analysis.covariance.restrictions import Restriction

MAX_ROUNDS = 60
HELD = 1e-10  # how far an equation may be off at the solution
BINDING = 1e-6  # how near its limit an inequality counts as an equation
HARDER = 10.0


@dataclass(frozen=True)
class Augmented:
    """The discrepancy with multipliers (r,) and a penalty on each restriction's violation."""

    discrepancy: Discrepancy
    restrictions: tuple[Restriction, ...]
    multipliers: Array
    penalties: Array

    def at(self, theta: Array) -> Point:
        """The augmented discrepancy; infinite where a restriction has no value."""
        point = self.discrepancy.at(theta)
        value = point.value
        for restriction, multiplier, penalty in self._each():
            gap = restriction.at(theta)[0]
            pull = multiplier - penalty * gap
            if not restriction.equation:
                pull = max(pull, 0.0)
            value += (pull * pull - multiplier * multiplier) / (2 * penalty)
        if not np.isfinite(value):
            return replace(point, value=np.inf)
        return replace(point, value=value, terms=max(point.terms, abs(point.value)))

    def _each(self) -> zip[tuple[Restriction, float, float]]:
        return zip(self.restrictions, self.multipliers, self.penalties, strict=True)

    def gradient(self, point: Point) -> Array:
        """Of all free parameters."""
        return self._with_slopes(point, self.discrepancy.gradient(point))

    def _with_slopes(self, point: Point, gradient: Array) -> Array:
        gradient = gradient.copy()
        for restriction, multiplier, penalty in self._each():
            gap, slope = restriction.at(point.theta)
            pull = multiplier - penalty * gap
            if restriction.equation or pull > 0:
                gradient -= pull * slope
        return gradient

    def derivatives(self, point: Point, *, exact: bool) -> tuple[Array, Array]:
        """Gradient and Hessian; the restrictions' own curvature by differences when ``exact``."""
        gradient, hessian = self.discrepancy.derivatives(point, exact=exact)
        hessian = hessian.copy()
        for restriction, multiplier, penalty in self._each():
            gap, slope = restriction.at(point.theta)
            pull = multiplier - penalty * gap
            if restriction.equation or pull > 0:
                hessian += penalty * np.outer(slope, slope)
                if exact and not restriction.bound:
                    hessian -= pull * _curvature(restriction, point.theta)
        return self._with_slopes(point, gradient), hessian


def _curvature(restriction: Restriction, theta: Array) -> Array:
    """Second derivatives of a restriction, by central differences of its gradient."""
    result = np.zeros((len(theta),) * 2)
    for at in set(restriction.positions.values()):
        step = 1e-5 * max(1.0, abs(theta[at]))
        ahead, back = theta.copy(), theta.copy()
        ahead[at] += step
        back[at] -= step
        result[at] = (restriction.at(ahead)[1] - restriction.at(back)[1]) / (2 * step)
    return np.asarray((result + result.T) / 2)


def restricted_minimum(
    discrepancy: Discrepancy, start: Array, table: ParameterTable, *, near: bool = False
) -> Optimum:
    """The minimum under the table's linear equations and its restrictions, from ``start``.

    ``converged`` is False where the restrictions cannot be met, or the discrepancy has no minimum
    under them.
    """
    found = minimise(discrepancy, start, table.transform, table.offset, near=near)
    if not table.restrictions:
        return found
    if not np.isfinite(found.point.value):
        return found
    # Round by round from where the free minimum is, or near it.
    theta = found.point.theta if found.converged else start
    size = len(table.restrictions)
    curve = np.abs(np.diag(discrepancy.derivatives(discrepancy.at(theta), exact=False)[1]))
    penalty = 10.0 * max(float(np.median(curve)), 1e-3)
    multipliers, penalties = np.zeros(size), np.full(size, penalty)
    iterations, worst = found.iterations, np.inf
    for _ in range(MAX_ROUNDS):
        wide = Augmented(discrepancy, table.restrictions, multipliers, penalties)
        found = minimise(wide, theta, table.transform, table.offset)
        iterations += found.iterations
        if not np.isfinite(found.point.value):
            break
        theta = found.point.theta
        gaps = np.array([one.at(theta)[0] for one in table.restrictions])
        moved = multipliers - penalties * gaps
        moved = np.where(_equations(table.restrictions), moved, np.maximum(moved, 0.0))
        # An inequality is off by how far it is violated, or by the slack of one that still pulls.
        off = np.abs(moved - multipliers) / penalties
        multipliers = moved
        if found.converged and float(off.max()) <= HELD:
            point = discrepancy.at(theta)
            return Optimum(point, found.gradient, iterations, True)
        if float(off.max()) > 0.1 * worst:
            penalties = penalties * HARDER
        worst = float(off.max())
        if penalties.max() > 1e12 * penalty:
            break
    return Optimum(discrepancy.at(theta), found.gradient, iterations, False)


def _equations(restrictions: Sequence[Restriction]) -> Array:
    return np.array([one.equation for one in restrictions])


def at_solution(table: ParameterTable, theta: Array) -> ParameterTable:
    """The table whose ``transform`` spans the directions that restrictions leave at a solution.

    Equations, and inequalities that bind there, take directions away. Bounds of single parameters do
    not, as in lavaan: where one binds, its standard error is that without it.
    """
    if not table.restrictions:
        return table
    equations, binding = [], []
    for one in table.restrictions:
        gap, slope = one.at(theta)
        if one.equation:
            equations.append(slope @ table.transform)
        elif not one.bound and abs(gap) < BINDING:
            binding.append(slope @ table.transform)
    taken = _rank(equations)
    inside = table.transform
    rows = [*equations, *binding]
    if rows:
        _, singular, right = np.linalg.svd(np.array(rows))
        inside = inside @ right[_count(singular) :].T
        inside[np.abs(inside) < 1e-12] = 0.0
    held = table.transform.shape[1] - taken - inside.shape[1]
    return replace(
        table,
        transform=inside,
        offset=theta,
        constrained=True,
        bound=held,
        original=table,
    )


def _rank(rows: Sequence[Array]) -> int:
    return _count(np.linalg.svd(np.array(rows), compute_uv=False)) if rows else 0


def _count(singular: Array) -> int:
    return int(np.sum(singular > 1e-10 * max(1.0, float(singular.max(initial=0.0)))))


def binding_sentences(table: ParameterTable, theta: Array) -> list[str]:
    """Which inequalities and bounds hold with equality at the solution, and what that means."""
    said = []
    for one in table.restrictions:
        if one.equation or abs(one.at(theta)[0]) >= BINDING:
            continue
        if one.bound:
            said.append(
                f"{one.text}: the estimate is at its bound; its standard error ignores the bound and its "
                "interval is not valid"
            )
        else:
            said.append(
                f"{one.text} holds with equality; standard errors are those under the equation, and the "
                "chi-square test counts it as no restriction"
            )
    return said
