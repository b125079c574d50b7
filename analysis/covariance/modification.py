"""Modification indices: how much chi-square would fall if a fixed or absent parameter were free."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, permutations

import numpy as np
import pandas as pd

from analysis.covariance.discrepancies import with_structures
from analysis.covariance.estimates_table import row_values
from analysis.covariance.estimation import LeastSquares
from analysis.covariance.matrices import Array, structures
from analysis.covariance.ordinal.limited_discrepancy import LimitedDiscrepancy, LimitedPoint
from analysis.covariance.ordinal.limited_solution import limited_discrepancy
from analysis.covariance.parameter_table import Parameter, ParameterTable
from analysis.covariance.solution import Solution
from analysis.covariance.standardised import Standardised, standardised

CHUNK = 400
COLUMNS = ["lhs", "op", "rhs", "group", "mi", "epc", "sepc_lv", "sepc_all"]


def modification_indices(solution: Solution, *, minimum: float = 0.0) -> pd.DataFrame:
    """lhs, op, rhs, group, mi, epc, sepc_lv, sepc_all, largest first (Sörbom 1989; Saris et al.
    1987).

    Candidates: loadings of every factor on every item, covariances between residuals and between
    exogenous factors, regressions in every direction among the variables of the model's regressions
    (fixed predictors are no outcomes, and a factor's items are not regressed on factors), and
    parameters that the model fixes. A candidate whose release would leave
    the model unidentified is left out. One-degree-of-freedom score tests under the model's
    constraints.
    """
    # What is no minimum has slopes of its own.
    candidates = candidate_parameters(solution.table) if solution.optimum.converged else []
    outside = set(solution.settings.auxiliary)
    candidates = [row for row in candidates if outside.isdisjoint((row.lhs, row.rhs))]
    of_candidates = _limited if isinstance(solution.discrepancy, LimitedDiscrepancy) else _indices
    frames = [
        of_candidates(solution, candidates[start : start + CHUNK])
        for start in range(0, len(candidates), CHUNK)
    ]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)
    kept = frame[frame["mi"] >= minimum]
    return kept.sort_values("mi", ascending=False, kind="stable").reset_index(drop=True)


def candidate_parameters(table: ParameterTable) -> list[Parameter]:
    """What could be free and is not: fixed rows, and absent ones at 0."""
    known = {(row.lhs, row.op, row.rhs, row.group) for row in table.rows}
    known |= {(row.rhs, row.op, row.lhs, row.group) for row in table.rows if row.op == "~~"}
    fixed = [
        row
        for row in table.rows
        if row.free < 0 and not row.exogenous and row.value is not None and row.op != "~1"
    ]
    explained = {row.lhs for row in table.rows if row.op == "~"}
    explained |= {row.rhs for row in table.rows if row.op == "=~"}
    residual = [name for name in table.observed if name not in table.exogenous]
    # What stands in a regression has its paths to factors there; the same path twice would hide one.
    structural = {name for row in table.rows if row.op == "~" for name in (row.lhs, row.rhs)}
    items = [name for name in residual if name not in structural]
    free_factors = [name for name in table.latent if name not in explained]
    regressions = _regressions(table)
    absent = []
    for group in range(1, table.groups + 1):
        pairs = [(f, "=~", item) for f in table.latent for item in items]
        pairs += [(a, "~~", b) for a, b in combinations(residual, 2)]
        pairs += [(a, "~~", b) for a, b in combinations(free_factors, 2)]
        pairs += [(outcome, "~", predictor) for outcome, predictor in regressions]
        absent += [
            Parameter(lhs, op, rhs, group, value=0.0)
            for lhs, op, rhs in pairs
            if (lhs, op, rhs, group) not in known
        ]
    return fixed + absent


def _regressions(table: ParameterTable) -> list[tuple[str, str]]:
    """Outcome and predictor of every regression among the variables that stand in one."""
    rows = [row for row in table.rows if row.op == "~"]
    names = dict.fromkeys([*(row.lhs for row in rows), *(row.rhs for row in rows)])
    items = {row.rhs for row in table.rows if row.op == "=~"}
    return [
        (outcome, predictor)
        for outcome, predictor in permutations(names, 2)
        if outcome not in table.exogenous and not (outcome in items and predictor in table.latent)
    ]


def _indices(solution: Solution, candidates: list[Parameter]) -> pd.DataFrame:
    table, q, k = solution.table, solution.table.n_free, len(candidates)
    extra = [row._replace(free=q + i) for i, row in enumerate(candidates)]
    released = {(row.lhs, row.op, row.rhs, row.group) for row in extra}
    rows = [r for r in table.rows if (r.lhs, r.op, r.rhs, r.group) not in released] + extra
    wide = replace(table, rows=tuple(rows), transform=np.eye(q + k), offset=np.zeros(q + k))
    built = tuple(
        s.with_exogenous(table.exogenous, g.cov, g.mean if table.mean_structure else None)
        for s, g in zip(structures(wide), solution.data.groups, strict=True)
    )
    theta = np.concatenate([solution.theta, [float(row.value or 0.0) for row in candidates]])
    discrepancy = with_structures(solution.discrepancy, built)
    # Expected information, as in lavaan, whatever the standard errors use: the observed one may be
    # far from positive definite in the direction of a path that the data want.
    point = discrepancy.at(theta)
    gradient, curve = discrepancy.derivatives(point, exact=False)
    gradient, curve = gradient / 2, curve / 2
    if isinstance(discrepancy, LeastSquares):
        # lavaan weighs the least-squares gradient by n - 1 and the information by n.
        gradient = gradient * solution.multiplier / solution.data.n
    transform = table.transform
    epc, index, usable = _released(gradient, curve, transform, solution.data.n)
    values = row_values(solution)
    by_row = dict(zip(table.rows, values, strict=True))
    all_values = np.concatenate([[by_row[r] for r in rows[:-k]], epc])
    scaled = standardised(
        replace(wide, definitions=()),
        built,
        point.implied,
        theta,
        all_values,
        ordered=solution.settings.ordered,
    )
    return _frame(candidates, index, epc, scaled, usable)


def _released(
    gradient: Array, curve: Array, transform: Array, n: int
) -> tuple[Array, Array, Array]:
    """Expected changes, indices, and which are usable, of the parameters behind the model's own (of
    ``transform``).
    """
    q = len(transform)
    inside = transform.T @ curve[:q, :q] @ transform
    across = transform.T @ curve[:q, q:]
    spread = np.diag(curve)[q:] - np.sum(across * np.linalg.solve(inside, across), axis=0)
    usable = spread > 1e-8 * np.maximum(np.diag(curve)[q:], 1e-300)
    spread = np.where(usable, spread, np.nan)
    slope = gradient[q:]
    return -slope / spread, n * slope**2 / spread, usable


def _frame(
    candidates: list[Parameter], index: Array, epc: Array, scaled: Standardised, usable: Array
) -> pd.DataFrame:
    k = len(candidates)
    frame = pd.DataFrame(
        {
            "lhs": [row.lhs for row in candidates],
            "op": [row.op for row in candidates],
            "rhs": [row.rhs for row in candidates],
            "group": [row.group for row in candidates],
            "mi": index,
            "epc": epc,
            "sepc_lv": scaled.std_lv[-k:],
            "sepc_all": scaled.std_all[-k:],
        }
    )
    return pd.DataFrame(frame.loc[usable])


def _limited(solution: Solution, candidates: list[Parameter]) -> pd.DataFrame:
    """The same of ordinal items beside numbers or predictors."""
    table = solution.table.original or solution.table
    q, k = table.n_free, len(candidates)
    extra = [row._replace(free=q + i, value=None) for i, row in enumerate(candidates)]
    released = {(row.lhs, row.op, row.rhs, row.group) for row in extra}
    rows = [r for r in table.rows if (r.lhs, r.op, r.rhs, r.group) not in released] + extra
    wide = replace(table, rows=tuple(rows), transform=np.eye(q + k), offset=np.zeros(q + k))
    discrepancy, inner = limited_discrepancy(wide, solution.data, solution.settings)
    theta = np.concatenate([solution.theta[:q], [float(row.value or 0.0) for row in candidates]])
    point = discrepancy.own(discrepancy.at(theta))
    if not isinstance(point, LimitedPoint) or point.full is None:
        raise TypeError("no limited-information point")
    gradient = discrepancy.derivatives(point, exact=False)[0] / 2
    gradient = gradient * solution.multiplier / solution.data.n
    curve = discrepancy.information(theta, solution.data.shares)
    epc, index, usable = _released(gradient, curve, solution.table.transform[:q], solution.data.n)
    built = tuple(
        s.with_exogenous(table.exogenous, g.cov, g.mean)
        for s, g in zip(structures(inner), solution.data.groups, strict=True)
    )
    implied = tuple(structure.implied(point.full) for structure in built)
    known = {
        (r.lhs, r.op, r.rhs, r.group): v
        for r, v in zip(solution.table.rows, row_values(solution), strict=True)
    }
    values = [known[r.lhs, r.op, r.rhs, r.group] for r in rows[:-k]]
    scaled = standardised(
        replace(inner, definitions=()), built, implied, point.full, np.concatenate([values, epc])
    )
    return _frame(candidates, index, epc, scaled, usable)
