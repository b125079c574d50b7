"""Estimates of both levels as a tidy frame, standardised within each level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.covariance.estimates_table import definition_values
from analysis.covariance.matrices import Array
from analysis.covariance.standardised import Standardised, standardised
from analysis.covariance.text.expressions import text_of
from analysis.covariance.wald import wald
from analysis.two_level.model import group_of, level_of
from analysis.two_level.solution import TwoLevelSolution


def estimates_frame(solution: TwoLevelSolution) -> pd.DataFrame:
    """lhs, op, rhs, level, group, label, est, se, z, pvalue, ci_lower, ci_upper, std_lv, std_all, std_se,
    std_ci_lower, std_ci_upper; one row a parameter, the first group's within first, defined quantities (level 0, group 0) last.

    ``std_all`` divides by the standard deviations of the row's own level. ``se`` is 0 and ``z`` NaN for
    fixed values; of a fit that did not converge there is only ``est``: where it stopped.
    """
    joint = solution.table.joint
    values = row_values(solution)
    vcov, size = solution.vcov, joint.n_free
    free = np.array([row.free for row in joint.rows])
    errors = np.full(size, np.nan) if vcov is None else _root(vcov.diagonal())
    se = np.where(free >= 0, errors[free], 0.0) if size else np.zeros(len(values))
    standard = _standardised(solution, values)
    std_lv, std_all, slopes = standard.std_lv, standard.std_all, standard.std_all_gradient
    defined = definition_values(joint, values, size)
    if defined is not None:
        se = np.concatenate([se, _errors(defined[1], vcov)])
        # A quantity of standardised parameters; ``definition_values`` takes any values of the rows.
        latent, full = (_defined(solution, part, slopes) for part in (std_lv, std_all))
        values = np.concatenate([values, defined[0]])
        std_lv, std_all = np.append(std_lv, latent[0]), np.append(std_all, full[0])
        slopes = np.vstack([slopes, full[1]])
    if not solution.optimum.converged:
        se = np.full(len(se), np.nan)
    std_se = _errors(slopes, vcov)
    frame = pd.DataFrame(
        {
            "lhs": [row.lhs for row in joint.rows] + [d.name for d in joint.definitions],
            "op": [row.op for row in joint.rows] + [":="] * len(joint.definitions),
            "rhs": [row.rhs for row in joint.rows]
            + [text_of(d.expression) for d in joint.definitions],
            "level": [level_of(row.group) for row in joint.rows] + [0] * len(joint.definitions),
            "group": [group_of(row.group) for row in joint.rows] + [0] * len(joint.definitions),
            "label": [row.label for row in joint.rows] + [d.name for d in joint.definitions],
            "est": values,
            "se": se,
            **wald(values, se),
            "std_lv": std_lv,
            "std_all": std_all,
            "std_se": std_se,
        }
    )
    if not solution.optimum.converged:
        frame[["std_lv", "std_all", "std_se"]] = np.nan
    limits = wald(frame["std_all"].to_numpy(), frame["std_se"].to_numpy())
    return frame.assign(std_ci_lower=limits["ci_lower"], std_ci_upper=limits["ci_upper"])


def row_values(solution: TwoLevelSolution) -> Array:
    """The value of each row of both levels, free or fixed."""
    theta, found = solution.theta, []
    for row in solution.table.joint.rows:
        level = level_of(row.group) - 1
        own = solution.table.levels[level]
        if row.exogenous:
            i = own.observed.index(row.lhs)
            h1 = solution.h1[group_of(row.group) - 1]
            mean, cov = h1.means[level], h1.covariances[level]
            found.append(mean[i] if row.op == "~1" else cov[i, own.observed.index(row.rhs)])
        elif row.free >= 0:
            found.append(theta[row.free])
        else:
            found.append(np.nan if row.value is None else row.value)
    return np.array(found, dtype=float)


def undefined_quantities(solution: TwoLevelSolution) -> list[str]:
    """Sentences on defined quantities without a value: a root of a negative, a division by zero."""
    joint = solution.table.joint
    defined = definition_values(joint, row_values(solution), joint.n_free)
    if defined is None:
        return []
    return [
        f"{d.name} := {text_of(d.expression)} has no value at the estimates"
        for d, value in zip(joint.definitions, defined[0], strict=True)
        if not np.isfinite(value)
    ]


def r_squared(solution: TwoLevelSolution) -> dict[tuple[str, int, int], float]:
    """Explained share of each dependent variable's variance at its level, by name, level and group; NaN
    for a negative residual variance, and where the fit did not converge.
    """
    found = {}
    for level, table in enumerate(solution.table.levels, start=1):
        dependent = {row.rhs for row in table.rows if row.op == "=~"}
        dependent |= {row.lhs for row in table.rows if row.op == "~"}
        names = [*table.observed, *table.latent]
        for row in table.rows:
            if row.op != "~~" or row.lhs != row.rhs or row.lhs not in dependent:
                continue
            own = solution.theta[row.free] if row.free >= 0 else float(row.value or 0.0)
            implied = solution.groups[row.group - 1].implied[level - 1]
            total = implied.covariance[names.index(row.lhs), names.index(row.lhs)]
            proper = solution.optimum.converged and own >= 0 and total > 0
            found[row.lhs, level, row.group] = float(1 - own / total) if proper else float("nan")
    return found


def _standardised(solution: TwoLevelSolution, values: Array) -> Standardised:
    """Both levels' rows, each by the variances of its level and group."""
    found = Standardised(
        np.empty(len(values)), np.empty(len(values)), np.empty((len(values), len(solution.theta)))
    )
    for k, own in enumerate(solution.table.levels):
        at = solution.table.places(k)
        part = standardised(
            own,
            tuple(group.structures[k] for group in solution.groups),
            tuple(group.implied[k] for group in solution.groups),
            solution.theta,
            values[at],
        )
        found.std_lv[at], found.std_all[at] = part.std_lv, part.std_all
        found.std_all_gradient[at] = part.std_all_gradient
    return found


def _defined(solution: TwoLevelSolution, values: Array, slopes: Array) -> tuple[Array, Array]:
    """Defined quantities of standardised rows, and their gradients."""
    joint = solution.table.joint
    # One pseudo-parameter a row: the chain rule leads on to the free ones.
    rows = tuple(row._replace(free=r) for r, row in enumerate(joint.rows))
    found = definition_values(replace(joint, rows=rows), values, len(rows))
    if found is None:
        return np.zeros(0), np.zeros((0, slopes.shape[1]))
    return found[0], np.asarray(found[1] @ slopes)


def _root(variances: Array) -> Array:
    return np.sqrt(np.where(variances >= 0, variances, np.nan))


def _errors(gradient: Array, vcov: Array | None) -> Array:
    """Delta-method standard errors of quantities with the given gradients (rows, q)."""
    if vcov is None:
        return np.full(len(gradient), np.nan)
    variance = np.sum((gradient @ vcov) * gradient, axis=1)
    return _root(np.where(np.abs(variance) < 1e-30, 0.0, variance))
