"""From resampled estimates to intervals: percentile and bias-corrected accelerated."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from scipy import special

from analysis.covariance.estimates_table import row_values
from analysis.covariance.estimation import NormalDiscrepancy
from analysis.covariance.matrices import Array
from analysis.covariance.parameter_table import ParameterTable
from analysis.covariance.sem import SemFit
from analysis.covariance.solution import Solution
from analysis.covariance.standardised import scales_of, standardised
from analysis.covariance.text.expressions import evaluate


def resampled_values(solution: Solution, thetas: Array) -> tuple[Array, Array, int]:
    """Each table row and definition, raw and fully standardised (reps, rows); negative variances."""
    table = solution.table
    fixed = row_values(solution)
    values = np.repeat(fixed[None], len(thetas), axis=0)
    free = np.array([row.free for row in table.rows])
    values[:, free >= 0] = thetas[:, free[free >= 0]]
    at = {name: i for i, name in enumerate(table.observed + table.latent)}
    p = len(table.observed)
    ordered = solution.settings.ordered
    implied = [structure.implied(thetas) for structure in solution.structures]
    variances = [np.diagonal(i.covariance, axis1=1, axis2=2).copy() for i in implied]
    if ordered:
        for r, row in enumerate(table.rows):
            if row.op == "~~" and row.lhs == row.rhs and at[row.lhs] < p:
                values[:, r] = 1 - variances[row.group - 1][:, at[row.lhs]]
        for own in variances:
            own[:, :p] = 1.0
    residual = {
        (row.group, row.lhs): values[:, r]
        for r, row in enumerate(table.rows)
        if row.op == "~~" and row.lhs == row.rhs
    }
    negative = np.zeros(len(thetas), dtype=bool)
    for variance in residual.values():
        negative |= variance < 0
    standard = values.copy()
    with np.errstate(invalid="ignore", divide="ignore"):
        for r, row in enumerate(table.rows):
            for name, power, kind in scales_of(row):
                total = variances[row.group - 1][:, at[name]]
                spread = total if kind == "total" else residual.get((row.group, name), total)
                standard[:, r] *= np.where(spread > 0, spread, np.nan) ** (power / 2)
    if table.definitions:
        values = np.hstack([values, _defined(table, values)])
        standard = np.hstack([standard, _defined(table, standard)])
    return values, standard, int(negative.sum())


def _defined(table: ParameterTable, values: Array) -> Array:
    """Defined quantities of every resample (reps, definitions)."""
    none = np.zeros(0)
    labels = {row.label: r for r, row in reversed(list(enumerate(table.rows))) if row.label}
    result = np.empty((len(values), len(table.definitions)))
    for b, sample in enumerate(values):
        known = {label: (float(sample[r]), none) for label, r in labels.items()}
        for d, definition in enumerate(table.definitions):
            known[definition.name] = evaluate(definition.expression, known, 0)
            result[b, d] = known[definition.name][0]
    return result


def intervals(fit: SemFit, samples: Array, standard: Array, level: float) -> pd.DataFrame:
    """One row a parameter or defined quantity with percentile and BCa limits (see ``Bootstrap``)."""
    estimates = fit.estimates
    if fit.settings.ordered:
        estimates = estimates[estimates["op"] != "|"]
    frame = estimates[["lhs", "op", "rhs", "group", "label"]].copy()
    influence = _influence(fit)
    for prefix, draws, point, at in (
        ("", samples, estimates["est"].to_numpy(), 0),
        ("std_", standard, estimates["std_all"].to_numpy(), 1),
    ):
        own = None if influence is None else influence[at]
        frame[f"{prefix}est"] = point
        tail = (1 - level) / 2
        with warnings.catch_warnings():
            # A value that exists in no resample (a Heywood case's) has no mean: NaN says so.
            warnings.simplefilter("ignore", RuntimeWarning)
            frame[f"{prefix}mean"] = np.nanmean(draws, axis=0)
            frame[f"{prefix}se"] = np.nanstd(draws, axis=0, ddof=1)
            bounds = np.nanquantile(draws, [tail, 1 - tail], axis=0)
        frame[f"{prefix}bias"] = frame[f"{prefix}mean"] - point
        frame[f"{prefix}ci_lower"], frame[f"{prefix}ci_upper"] = bounds
        bca = np.array(
            [
                _bca(d, p, None if own is None else own[:, k], tail)
                for k, (d, p) in enumerate(zip(draws.T, point, strict=True))
            ]
        )
        frame[f"{prefix}bca_lower"], frame[f"{prefix}bca_upper"] = bca.T
    return frame.reset_index(drop=True)


def _influence(fit: SemFit) -> tuple[Array, Array] | None:
    """Influence of each row on each table row and definition, raw and standardised (n, rows)."""
    solution = fit.solution
    if not isinstance(solution.discrepancy, NormalDiscrepancy) or solution.vcov is None:
        return None
    transform = solution.table.transform
    bread = transform.T @ solution.observed @ transform
    direction = transform @ np.linalg.solve(bread, transform.T)
    on_theta = np.vstack(solution.scores) @ direction
    table = solution.table
    raw = np.zeros((len(table.rows), table.n_free))
    for r, row in enumerate(table.rows):
        if row.free >= 0:
            raw[r, row.free] = 1.0
    values = row_values(solution)
    standard = standardised(table, solution.structures, solution.implied, solution.theta, values)
    if table.definitions:
        labels = {row.label: r for r, row in reversed(list(enumerate(table.rows))) if row.label}
        known = {label: (float(values[r]), raw[r]) for label, r in labels.items()}
        for definition in table.definitions:
            known[definition.name] = evaluate(definition.expression, known, table.n_free)
        raw = np.vstack([raw, *(known[d.name][1] for d in table.definitions)])
    return on_theta @ raw.T, on_theta @ standard.std_all_gradient.T


def _bca(draws: Array, point: float, influence: Array | None, tail: float) -> tuple[float, float]:
    """Bias-corrected and accelerated limits (Efron 1987); the value itself when nothing varies."""
    draws = draws[np.isfinite(draws)]
    if not len(draws) or not np.isfinite(point):
        return np.nan, np.nan
    if np.ptp(draws) <= 1e-12 * max(1.0, abs(point)):
        return point, point
    if influence is None:
        return np.nan, np.nan
    below = np.clip(np.mean(draws < point), 0.5 / len(draws), 1 - 0.5 / len(draws))
    z0 = special.ndtri(below)
    square = np.sum(influence**2)
    a = np.sum(influence**3) / (6 * square**1.5) if square > 0 else 0.0
    z = z0 + special.ndtri(np.array([tail, 1 - tail]))
    lower, upper = np.quantile(draws, special.ndtr(z0 + z / (1 - a * z)))
    return float(lower), float(upper)
