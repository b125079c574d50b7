"""Composites whose marker hardly counts: estimated by stronger markers first, then in the author's units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.covariance.completion import complete
from analysis.covariance.composites.composites import Composite
from analysis.covariance.estimates_table import row_values
from analysis.covariance.matrices import Array
from analysis.covariance.parameter_table import Parameter
from analysis.covariance.solution import Solution, solve
from analysis.covariance.text.model import Model, Modifier, Path
from analysis.errors import ModelError

WEAK = 0.2  # of a composite's largest standardised weight, below which its marker hardly counts


def by_strong_markers(model: Model, found: Solution) -> Solution:
    """The solution reached from that of the same model with each composite's strongest item for marker,
    or ``found`` where no marker is weak or that leads to nothing better.

    Weights that are multiples of one near 0 run away, or change their signs where no step can pass.
    Units of the strongest items serve only as the way to a start: the solution is in the author's.
    """
    strong = _strong_markers(model, found)
    if not strong:
        return found
    settings = found.settings
    try:
        table = complete(
            _with_markers(model, strong),
            std_lv=settings.std_lv,
            fixed_x=settings.fixed_x,
        )
        other = solve(table, found.data, settings)
        if not other.optimum.converged:
            return found
        again = solve(found.table, found.data, settings, start=_restated(found, other))
    except ModelError:
        return found
    lower = again.optimum.point.value < found.optimum.point.value
    better = again.optimum.converged and (lower or not found.optimum.converged)
    return again if better else found


def _strong_markers(model: Model, found: Solution) -> dict[str, str]:
    """The strongest item of each composite with a weak marker, and with weights that the author left
    free; none where equations or labels may say something else in other units.
    """
    if not found.table.composites or model.constraints or found.table.groups > 1:
        return {}
    spread = dict(
        zip(found.table.observed, np.sqrt(found.data.groups[0].cov.diagonal()), strict=True)
    )
    values = dict(zip(found.table.rows, row_values(found), strict=True))
    result = {}
    for one in found.table.composites:
        rows = [row for row in found.table.rows if (row.lhs, row.op) == (one.name, "<~")]
        if any(row.label or (row.free < 0 and row.rhs != one.marker) for row in rows):
            continue
        sizes = {row.rhs: abs(float(values[row])) * float(spread[row.rhs]) for row in rows}
        strongest = max(sizes, key=lambda item: sizes[item])
        weak = not found.optimum.converged or sizes[one.marker] < WEAK * sizes[strongest]
        if weak and strongest != one.marker:
            result[one.name] = strongest
    return result


def _with_markers(model: Model, strong: dict[str, str]) -> Model:
    def marked(path: Path) -> Path:
        if path.op != "<~" or path.lhs not in strong:
            return path
        chosen = path.rhs == strong[path.lhs]
        return replace(path, modifiers=(Modifier(fixed=1.0) if chosen else Modifier(free=True),))

    return replace(model, paths=tuple(marked(path) for path in model.paths))


def _restated(found: Solution, other: Solution) -> Array:
    """The free parameters of one solution's table at the moments of another, in its own units."""
    values = {
        (row.lhs, row.op, row.rhs): float(value)
        for row, value in zip(other.table.rows, row_values(other), strict=True)
    }
    own = {(row.lhs, row.op, row.rhs): row.value for row in found.table.rows}
    units = {
        one.name: float(own[one.name, "<~", one.marker] or 1.0) / values[one.name, "<~", one.marker]
        for one in found.table.composites
    }
    inner = {triple: one for one in found.table.composites for triple in one.inner}
    theta = np.zeros(found.table.n_free)
    for row in found.table.free_rows():
        triple = (row.lhs, row.op, row.rhs)
        if triple in inner:
            theta[row.free] = _within(other, inner[triple], row, units)
        else:
            theta[row.free] = values[triple] * _unit_of(row, units)
    return theta


def _unit_of(row: Parameter, units: dict[str, float]) -> float:
    """What a parameter is multiplied by where composites are counted in other units."""
    left, right = units.get(row.lhs, 1.0), units.get(row.rhs, 1.0)
    return {"~": left / right, "~~": left * right, "=~": right / left, "<~": left}[row.op]


def _within(other: Solution, one: Composite, row: Parameter, units: dict[str, float]) -> float:
    """A loading on a composite, or a covariance of what the composite leaves of its items."""
    at = {name: i for i, name in enumerate(other.table.observed + other.table.latent)}
    covariance, c = other.implied[0].covariance, at[one.name]
    i, j = at[row.lhs], at[row.rhs]
    if row.op == "=~":
        return float(covariance[j, c] / covariance[c, c] / units[one.name])
    return float(covariance[i, j] - covariance[i, c] * covariance[j, c] / covariance[c, c])
