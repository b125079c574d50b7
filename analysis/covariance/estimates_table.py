"""Estimates as a tidy frame: one row a parameter, then one a defined quantity."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.covariance.composites.composite_moments import with_item_covariances
from analysis.covariance.matrices import Array
from analysis.covariance.parameter_table import ParameterTable
from analysis.covariance.solution import Solution
from analysis.covariance.standardised import Standardised, standardised
from analysis.covariance.text.expressions import evaluate, text_of
from analysis.covariance.wald import wald


def row_values(solution: Solution) -> Array:
    """The value of each row of the parameter table, free or fixed."""
    theta = solution.theta
    values = np.array(
        [
            theta[row.free] if row.free >= 0 else np.nan if row.value is None else row.value
            for row in solution.table.rows
        ]
    )
    at = {name: i for i, name in enumerate(solution.table.observed)}
    for r, row in enumerate(solution.table.rows):
        group = solution.data.groups[row.group - 1]
        if row.exogenous:
            i, j = at[row.lhs], at.get(row.rhs, 0)
            values[r] = group.mean[i] if row.op == "~1" else group.cov[i, j]
        elif solution.settings.ordered and row.op == "~~" and row.lhs == row.rhs in at:
            # Answers behind ordinal items have variance 1: what the factors leave is the residual.
            values[r] = 1 - solution.implied[row.group - 1].sigma[at[row.lhs], at[row.lhs]]
    return values


def estimates_frame(solution: Solution) -> pd.DataFrame:
    """lhs, op, rhs, group, label, est, se, z, pvalue, ci_lower, ci_upper, std_lv, std_all, std_se,
    std_ci_lower, std_ci_upper.

    ``se`` is 0 and ``z`` NaN for fixed values. Intervals are 95 % and symmetric; ``std_se`` and the last
    two belong to ``std_all``. Of a fit that did not converge there is only ``est``: where it stopped.
    """
    table = solution.table
    values = row_values(solution)
    free = np.array([row.free for row in table.rows])
    vcov = solution.vcov
    size = table.n_free
    errors = np.full(size, np.nan) if vcov is None else _root(np.diag(vcov))
    # What follows from the parameters (an ordinal item's residual variance) is no estimate of its own.
    own = (free >= 0) & (free < size - table.follow)
    se = np.where(own, errors[free], 0.0) if size else np.zeros(len(values))
    standard = _standardised(solution, values)
    std_se = _errors(standard.std_all_gradient, vcov)
    defined = definition_values(table, values, size)
    if defined is not None:
        values = np.concatenate([values, defined[0]])
        se = np.concatenate([se, _errors(defined[1], vcov)])
    std_lv, std_all = standard.std_lv, standard.std_all
    if not solution.optimum.converged:
        se = np.full(len(se), np.nan)
        std_lv = std_all = std_se = np.full(len(std_se), np.nan)
    columns = {
        "lhs": [row.lhs for row in table.rows] + [d.name for d in table.definitions],
        "op": [row.op for row in table.rows] + [":="] * len(table.definitions),
        "rhs": [row.rhs for row in table.rows] + [text_of(d.expression) for d in table.definitions],
        "group": [row.group for row in table.rows] + [0] * len(table.definitions),
        "label": [row.label for row in table.rows] + [d.name for d in table.definitions],
        "est": values,
        "se": se,
        **wald(values, se),
        "std_lv": std_lv,
        "std_all": std_all,
        "std_se": std_se,
    }
    # Columns that are added to a frame cost a third of it: where no row is added they are made at once.
    if table.composites:
        return _limited(with_item_covariances(pd.DataFrame(columns), solution))
    if solution.settings.ordered:
        return _limited(_with_thresholds(pd.DataFrame(columns), solution))
    return pd.DataFrame({**columns, **_limits(std_all, std_se)})


def _limited(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**_limits(frame["std_all"].to_numpy(), frame["std_se"].to_numpy()))


def _limits(std_all: Array, std_se: Array) -> dict[str, Array]:
    """The columns of the limits of standardised values."""
    found = wald(std_all, std_se)
    return {"std_ci_lower": found["ci_lower"], "std_ci_upper": found["ci_upper"]}


def undefined_quantities(solution: Solution) -> list[str]:
    """Sentences on defined quantities without a value: a root of a negative, a division by zero."""
    table = solution.table
    if not table.definitions:
        return []
    defined = definition_values(table, row_values(solution), table.n_free)
    if defined is None:
        return []
    return [
        f"{d.name} := {text_of(d.expression)} has no value at the estimates"
        for d, value in zip(table.definitions, defined[0], strict=True)
        if not np.isfinite(value)
    ]


def _standardised(solution: Solution, values: Array) -> Standardised:
    return standardised(
        solution.table,
        solution.structures,
        solution.implied,
        solution.theta,
        values,
        ordered=solution.settings.ordered,
    )


def _root(variances: Array) -> Array:
    return np.sqrt(np.where(variances >= 0, variances, np.nan))


def _errors(gradient: Array, vcov: Array | None) -> Array:
    """Delta-method standard errors of quantities with the given gradients (rows, q)."""
    if vcov is None:
        return np.full(len(gradient), np.nan)
    variance = np.sum((gradient @ vcov) * gradient, axis=1)
    # What an equation holds has no error; rounding leaves a little of its parts'.
    parts = (np.abs(gradient) @ _root(np.diag(vcov))) ** 2
    nothing = np.abs(variance) < np.maximum(1e-30, 1e-13 * parts)
    return _root(np.where(nothing, 0.0, variance))


def definition_values(
    table: ParameterTable, values: Array, size: int
) -> tuple[Array, Array] | None:
    """Defined quantities (d,) of the rows' values, and their gradients (d, size) for the free
    parameters; None where nothing is defined.
    """
    if not table.definitions:
        return None
    known = {}
    for r, row in reversed(list(enumerate(table.rows))):
        if row.label:
            gradient = np.zeros(size)
            if row.free >= 0:
                gradient[row.free] = 1.0
            known[row.label] = (float(values[r]), gradient)
    found = []
    for definition in table.definitions:
        known[definition.name] = evaluate(definition.expression, known, size)
        found.append(known[definition.name])
    return np.array([value for value, _ in found]), np.vstack([slope for _, slope in found])


def _with_thresholds(frame: pd.DataFrame, solution: Solution) -> pd.DataFrame:
    """The frame with each group's thresholds before its first variance that nobody wrote."""
    rows = []
    for number, group in enumerate(solution.data.groups, start=1):
        found = group.ordinal
        gamma = found.gamma
        errors = np.full(found.n_thresholds, np.nan)
        if gamma is not None:
            errors = _root(np.diag(gamma)[: found.n_thresholds] / (group.size - 1))
        at = 0
        for name, thresholds in zip(found.names, found.thresholds, strict=True):
            for k, value in enumerate(thresholds, start=1):
                se = errors[at]
                rows.append(
                    {
                        "lhs": name,
                        "op": "|",
                        "rhs": f"t{k}",
                        "group": number,
                        "label": "",
                        "est": value,
                        "se": se,
                        **{name: float(own) for name, own in wald(value, se).items()},
                        "std_lv": value,
                        "std_all": value,
                        "std_se": se,
                    }
                )
                at += 1
    return pd.concat([frame, pd.DataFrame(rows)], ignore_index=True)
