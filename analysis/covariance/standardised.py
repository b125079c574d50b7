"""Standardised solutions with standard errors by the delta method, in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.covariance.matrices import Array, GroupStructure, Implied
from analysis.covariance.parameter_table import Parameter, ParameterTable
from analysis.covariance.text.expressions import evaluate


@dataclass(frozen=True)
class Standardised:
    """Values for each row of the table, then each definition, with gradients (rows, q)."""

    std_lv: Array
    std_all: Array
    std_all_gradient: Array


def standardised(
    table: ParameterTable,
    structures: tuple[GroupStructure, ...],
    implied: tuple[Implied, ...],
    theta: Array,
    values: Array,
    *,
    ordered: bool = False,
) -> Standardised:
    """Latent-standardised and fully standardised values of all rows (``values`` holds each row's).

    Covariances between residuals are divided by the residuals' own standard deviations, variances
    by the variable's total one. ``ordered`` items have variance 1, whatever the parameters: their
    residual variance is what the factors leave.
    """
    size = len(theta)
    names = table.observed + table.latent
    at = {name: i for i, name in enumerate(names)}
    n_observed = len(table.observed)
    lv, full = np.empty(len(table.rows)), np.empty(len(table.rows))
    gradient = np.zeros((len(table.rows), size))
    logs = [
        _log_variances(structure, moments, size)
        for structure, moments in zip(structures, implied, strict=True)
    ]
    left_over: list[Array] = []
    if ordered:
        left_over = [-variance[:, None] * slope for variance, slope in logs]
        logs = [_unit_variances(variance, slope, n_observed) for variance, slope in logs]
    own = _own_variances(table, theta, values, at)
    for r, row in enumerate(table.rows):
        total, d_total = logs[row.group - 1]
        scales = scales_of(row)
        factor = lv_factor = 1.0
        slope = np.zeros(size)
        for name, power, kind in scales:
            i = at[name]
            if kind == "total":
                variance, d_log = total[i], d_total[i]
            else:
                variance, position = own[row.group - 1].get(i, (0.0, -1))
                d_log = np.zeros(size)
                if position >= 0 and variance > 0:
                    d_log[position] = 1 / variance
            # A Heywood case has no standard deviation: the standardised value does not exist.
            part = variance ** (power / 2) if variance > 0 else np.nan
            factor *= part
            slope += power / 2 * d_log
            if i >= n_observed:
                lv_factor *= part
        full[r] = values[r] * factor
        lv[r] = values[r] * lv_factor
        gradient[r] = full[r] * slope
        if row.free >= 0:
            gradient[r, row.free] += factor
        elif ordered and row.op == "~~" and row.lhs == row.rhs and at[row.lhs] < n_observed:
            gradient[r] = left_over[row.group - 1][at[row.lhs]]
    return _with_definitions(table, lv, full, gradient, size)


def scales_of(row: Parameter) -> list[tuple[str, int, str]]:
    """Which variables' standard deviations multiply (+1) or divide (-1) a row, total or own."""
    if row.op == "=~":
        return [(row.lhs, 1, "total"), (row.rhs, -1, "total")]
    if row.op in ("~", "<~"):
        return [(row.rhs, 1, "total"), (row.lhs, -1, "total")]
    if row.op in ("~1", "|"):
        return [(row.lhs, -1, "total")]
    if row.op == "~*~":
        return [(row.lhs, 1, "total")]
    if row.lhs == row.rhs:
        return [(row.lhs, -2, "total")]
    return [(row.lhs, -1, "own"), (row.rhs, -1, "own")]


def _log_variances(structure: GroupStructure, implied: Implied, size: int) -> tuple[Array, Array]:
    """Total variance of every variable (v,) and the gradient of its logarithm (v, q)."""
    total, covariance = implied.total, implied.covariance
    variance = np.diag(covariance)
    nd, ns = len(structure.d_row), len(structure.s_row)
    local = np.zeros((len(variance), len(structure.positions)))
    local[:, :nd] = 2 * total[:, structure.d_row] * covariance[:, structure.d_col]
    local[:, nd : nd + ns] = (
        2 * total[:, structure.s_row] * total[:, structure.s_col] * structure.s_weight
    )
    gradient = np.zeros((len(variance), size))
    safe = np.where(variance > 0, variance, np.nan)
    gradient[:, structure.positions] = local / safe[:, None]
    return variance, gradient


def _unit_variances(variance: Array, slope: Array, n_observed: int) -> tuple[Array, Array]:
    variance, slope = variance.copy(), slope.copy()
    variance[:n_observed], slope[:n_observed] = 1.0, 0.0
    return variance, slope


def _own_variances(
    table: ParameterTable, theta: Array, values: Array, at: dict[str, int]
) -> list[dict[int, tuple[float, int]]]:
    """By group: each variable's own (residual) variance and its free position, -1 when fixed, taken
    from the sample or, behind an ordinal item, left by the factors.
    """
    result: list[dict[int, tuple[float, int]]] = [{} for _ in range(table.groups)]
    for row, found in zip(table.rows, values, strict=False):
        if row.op == "~~" and row.lhs == row.rhs:
            value = theta[row.free] if row.free >= 0 else found
            result[row.group - 1][at[row.lhs]] = (float(value), row.free)
    return result


def _with_definitions(
    table: ParameterTable, lv: Array, full: Array, gradient: Array, size: int
) -> Standardised:
    if not table.definitions:
        return Standardised(lv, full, gradient)
    by_label = {row.label: r for r, row in reversed(list(enumerate(table.rows))) if row.label}
    zero = np.zeros(size)
    lv_values = {label: (float(lv[r]), zero) for label, r in by_label.items()}
    values = {label: (float(full[r]), gradient[r]) for label, r in by_label.items()}
    more_lv, more, slopes = [], [], []
    for definition in table.definitions:
        lv_values[definition.name] = evaluate(definition.expression, lv_values, size)
        values[definition.name] = evaluate(definition.expression, values, size)
        more_lv.append(lv_values[definition.name][0])
        more.append(values[definition.name][0])
        slopes.append(values[definition.name][1])
    return Standardised(
        np.concatenate([lv, more_lv]), np.concatenate([full, more]), np.vstack([gradient, *slopes])
    )
