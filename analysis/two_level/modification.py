"""Modification indices at each level: how much chi-square would fall if a parameter were free."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.covariance.matrices import Array, structures
from analysis.covariance.modification import candidate_parameters
from analysis.covariance.parameter_table import Parameter, ParameterTable
from analysis.covariance.standardised import standardised
from analysis.two_level.estimates import row_values
from analysis.two_level.grouped import GroupedDiscrepancy, GroupedPoint
from analysis.two_level.solution import TwoLevelSolution

COLUMNS = ["lhs", "op", "rhs", "level", "group", "mi", "epc", "sepc_lv", "sepc_all"]


def modification_indices(solution: TwoLevelSolution, *, minimum: float = 0.0) -> pd.DataFrame:
    """lhs, op, rhs, level, group, mi, epc, sepc_lv, sepc_all, largest first (Sörbom 1989; Saris et al. 1987).

    Candidates at each level are those of a model without levels. Score tests of one degree of freedom by
    the expected information, under the model's constraints; of MLR, too, those of plain maximum
    likelihood. Empty for a fit that did not converge. Validated against: lavaan 0.6-14 ``modindices``.
    """
    if not solution.optimum.converged:
        return pd.DataFrame(columns=COLUMNS)
    q = solution.table.joint.n_free
    extras: list[list[Parameter]] = []
    for own in solution.table.levels:
        begin = q + sum(map(len, extras))
        found = candidate_parameters(own)
        extras.append([row._replace(free=begin + i) for i, row in enumerate(found)])
    wide = [_with(own, extra) for own, extra in zip(solution.table.levels, extras, strict=True)]
    built = [
        tuple(
            one.with_exogenous(table.exogenous, h1.covariances[k], h1.means[k])
            for one, h1 in zip(structures(table), solution.h1, strict=True)
        )
        for k, table in enumerate(wide)
    ]
    discrepancy = GroupedDiscrepancy.of(solution.data, tuple(zip(*built, strict=True)))
    released = [float(row.value or 0.0) for part in extras for row in part]
    theta = np.concatenate([solution.theta, released])
    point = discrepancy.at(theta)
    mi, epc, usable = _tests(solution, discrepancy, point)
    frames, at = [], 0
    values = row_values(solution)
    for k, (own, table, extra) in enumerate(zip(solution.table.levels, wide, extras, strict=True)):
        stop = at + len(extra)
        known = dict(zip(own.rows, values[solution.table.places(k)], strict=True))
        kept = [known[row] for row in table.rows[: len(table.rows) - len(extra)]]
        scaled = standardised(
            table,
            built[k],
            tuple(one.implied[k] for one in point.points),
            theta,
            np.concatenate([kept, epc[at:stop]]),
        )
        first = len(kept)
        frame = pd.DataFrame(
            {
                "lhs": [row.lhs for row in extra],
                "op": [row.op for row in extra],
                "rhs": [row.rhs for row in extra],
                "level": k + 1,
                "group": [row.group for row in extra],
                "mi": mi[at:stop],
                "epc": epc[at:stop],
                "sepc_lv": scaled.std_lv[first:],
                "sepc_all": scaled.std_all[first:],
            }
        )
        frames.append(frame.loc[usable[at:stop]])
        at = stop
    both = pd.concat(frames, ignore_index=True)
    both = both[both["mi"] >= minimum]
    return both.sort_values("mi", ascending=False, kind="stable").reset_index(drop=True)


def _with(table: ParameterTable, extra: list[Parameter]) -> ParameterTable:
    """The level's table with the candidates last, free, in place of what it fixes."""
    released = {(row.lhs, row.op, row.rhs, row.group) for row in extra}
    rows = [row for row in table.rows if (row.lhs, row.op, row.rhs, row.group) not in released]
    return replace(table, rows=(*rows, *extra))


def _tests(
    solution: TwoLevelSolution, discrepancy: GroupedDiscrepancy, point: GroupedPoint
) -> tuple[Array, Array, Array]:
    """Index and expected change of each candidate, and whether it is identified."""
    q, transform = solution.table.joint.n_free, solution.table.joint.transform
    gradient, curve = discrepancy.derivatives(point, exact=False)
    gradient, curve = gradient / 2, curve / 2
    inside = transform.T @ curve[:q, :q] @ transform
    across = transform.T @ curve[:q, q:]
    own = np.diag(curve)[q:]
    spread = own - np.sum(across * np.linalg.solve(inside, across), axis=0)
    usable = spread > 1e-8 * np.maximum(own, 1e-300)
    spread = np.where(usable, spread, np.nan)
    slope = gradient[q:]
    return solution.n * slope**2 / spread, -slope / spread, usable
