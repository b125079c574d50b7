"""Score tests of equality constraints: what chi-square would gain by freeing each one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.covariance.fit_measures import chi_square_pvalue
from analysis.covariance.solution import Solution


def score_tests(solution: Solution) -> pd.DataFrame:
    """One row an equality: name, lhs, op, rhs, groups held equal, x2, df (1), pvalue, epc.

    The univariate score (Lagrange multiplier) test of releasing the constraint, all others kept
    (Rao 1948; Bentler & Chou 1992). ``epc`` is how much the released parameter would move. Largest
    first.
    """
    table = solution.table
    gradient, curve = solution.discrepancy.derivatives(solution.optimum.point, exact=False)
    gradient, curve = gradient / 2, curve / 2
    transform = table.transform
    inside = transform.T @ curve @ transform
    free_rows = table.free_rows()
    rows = []
    for first, other in table.equalities:
        across = transform.T @ curve[:, other]
        spread = curve[other, other] - float(across @ np.linalg.solve(inside, across))
        slope = float(gradient[other])
        usable = spread > 1e-10 * curve[other, other]
        x2 = solution.data.n * slope**2 / spread if usable else float("nan")
        held, released = free_rows[first], free_rows[other]
        rows.append(
            {
                "name": released.name,
                "lhs": released.lhs,
                "op": released.op,
                "rhs": released.rhs,
                "group": held.group,
                "with_group": released.group,
                "with_name": held.name,
                "x2": x2,
                "df": 1,
                "pvalue": chi_square_pvalue(x2, 1),
                "epc": -slope / spread if usable else float("nan"),
            }
        )
    columns = ["name", "lhs", "op", "rhs", "group", "with_group", "with_name", "x2", "df", "pvalue"]
    frame = pd.DataFrame(rows, columns=[*columns, "epc"])
    return frame.sort_values("x2", ascending=False, kind="stable").reset_index(drop=True)
