"""Estimates of a model of ordinal items beside numbers, given observed predictors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analysis.covariance.data import Prepared
from analysis.covariance.estimation import Point
from analysis.covariance.identification import unidentified
from analysis.covariance.matrices import Array, GroupStructure, structures
from analysis.covariance.minimiser import Optimum
from analysis.covariance.ordinal.limited_discrepancy import (
    LimitedDiscrepancy,
    LimitedPoint,
    answer_parameters,
    derived_rows,
    with_derived,
)
from analysis.covariance.ordinal.limited_moments import LimitedMoments
from analysis.covariance.parameter_table import Parameter, ParameterTable
from analysis.covariance.restricted_minimum import at_solution, restricted_minimum
from analysis.covariance.settings import Options
from analysis.covariance.start_values import start_values
from analysis.errors import ModelError


def limited_optimum(
    table: ParameterTable, data: Prepared, settings: Options, *, start: Array | None = None
) -> tuple[ParameterTable, tuple[GroupStructure, ...], LimitedDiscrepancy, Optimum]:
    """The table at the solution, the structures with the predictors' moments, the discrepancy, and the
    optimum with the moments of outcomes and predictors together.

    At the solution the residual variances that follow stand behind the parameters, with the directions
    in which they move: their standard errors are then as any other's. Raises ModelError naming the
    parameters when the model is not identified.
    """
    discrepancy, inner = limited_discrepancy(table, data, settings)
    if start is None:
        start = _start(table, data, discrepancy)
    if table.n_parameters > len(data.groups) * discrepancy.layout.size:
        require_determined(table, discrepancy, start)
    optimum = restricted_minimum(discrepancy, start[: table.n_free], table)
    joint = tuple(
        structure.with_exogenous(table.exogenous, group.cov, group.mean)
        for structure, group in zip(structures(inner), data.groups, strict=True)
    )
    point = discrepancy.own(optimum.point)
    if not isinstance(point, LimitedPoint) or point.full is None or point.follows is None:
        raise ModelError(
            "the starting values imply an item without variance; give others by start()"
        )
    local = at_solution(table, point.theta) if optimum.converged else table
    transform = np.vstack([local.transform, point.follows @ local.transform])
    at = replace(
        inner,
        transform=transform,
        offset=point.full,
        constrained=True,
        bound=local.bound,
        restrictions=table.restrictions,
        original=table,
        follow=sum(len(own) for own in discrepancy.derived),
    )
    known = tuple(structure.implied(point.full) for structure in joint)
    everything = Point(point.full, point.value, known, terms=point.terms)
    return at, joint, discrepancy, replace(optimum, point=everything)


def limited_discrepancy(
    table: ParameterTable, data: Prepared, settings: Options
) -> tuple[LimitedDiscrepancy, ParameterTable]:
    """The discrepancy of a table's parameters, and the table in which residual variances that follow
    have positions behind those.
    """
    derived = [] if settings.parametrization == "theta" else derived_rows(table, settings.ordinal)
    inner = with_derived(table, derived)
    return _discrepancy(table, inner, derived, data, settings), inner


def _discrepancy(
    table: ParameterTable,
    inner: ParameterTable,
    derived: Sequence[int],
    data: Prepared,
    settings: Options,
) -> LimitedDiscrepancy:
    samples = tuple(group.limited_moments for group in data.groups)
    layout = samples[0].layout
    at = {name: i for i, name in enumerate(table.observed)}
    by_group = _derived_by_group(inner, derived, layout.names)
    total = sum(group.size for group in data.groups) - len(data.groups)
    return LimitedDiscrepancy(
        structures(inner),
        answer_parameters(table, layout),
        samples,
        tuple(_weights(sample, settings) for sample in samples),
        tuple(float((group.size - 1) / total) for group in data.groups),
        table.n_free,
        by_group,
        np.array([at[name] for name in layout.names]),
        np.array([at[name] for name in layout.predictors], dtype=int),
        settings.parametrization == "theta",
    )


def _derived_by_group(
    inner: ParameterTable, derived: Sequence[int], names: Sequence[str]
) -> tuple[Array, ...]:
    """Positions of each group's residual variances that follow, in the order of the outcomes."""
    order = {name: i for i, name in enumerate(names)}
    rows: list[list[Parameter]] = [[] for _ in range(inner.groups)]
    for at in derived:
        rows[inner.rows[at].group - 1].append(inner.rows[at])
    return tuple(
        np.array([row.free for row in sorted(own, key=lambda row: order[row.lhs])], dtype=int)
        for own in rows
    )


def _weights(sample: LimitedMoments, settings: Options) -> Array:
    if settings.unweighted:
        return np.ones(len(sample.values))
    return np.asarray(1 / np.diag(sample.gamma))


def _start(table: ParameterTable, data: Prepared, discrepancy: LimitedDiscrepancy) -> Array:
    built = tuple(
        structure.with_exogenous(table.exogenous, group.cov, group.mean)
        for structure, group in zip(structures(table), data.groups, strict=True)
    )
    covariances = [group.cov for group in data.groups]
    start = start_values(table, built, covariances, [group.mean for group in data.groups])
    at, _ = discrepancy.layout.of_thresholds
    for answers, sample in zip(discrepancy.answers, discrepancy.samples, strict=True):
        free = answers.thresholds >= 0
        start[answers.thresholds[free]] = sample.values[at[free]]
        start[answers.scales[answers.scales >= 0]] = 1.0
    for row in table.rows:
        if row.start is not None and row.free >= 0:
            start[row.free] = row.start
    return start


def require_determined(
    table: ParameterTable, discrepancy: LimitedDiscrepancy, theta: Array
) -> None:
    """Raise ModelError naming the parameters that can trade places at ``theta`` without a moment moving."""
    point = discrepancy.at(theta)
    if not isinstance(point, LimitedPoint):
        return
    jacobians = [discrepancy.jacobian(point, g) for g in range(len(discrepancy.samples))]
    culprits = unidentified(table, jacobians)
    if not culprits:
        return
    names = list(dict.fromkeys(row.name for row in culprits))
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    moments = sum(len(own) for own in jacobians)
    raise ModelError(
        f"the model is not identified: {table.n_parameters} free parameters, {moments} moments, and "
        f"these can trade places without changing the fit: {listed}. Fix or equate some of them"
    )
