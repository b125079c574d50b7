"""The covariances of composites' items as estimates, in place of the parameters that stand for them."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pandas as pd

from analysis.covariance.matrices import Array
from analysis.covariance.solution import Solution
from analysis.covariance.wald import wald


def with_item_covariances(frame: pd.DataFrame, solution: Solution) -> pd.DataFrame:
    """The estimates with the variances and covariances within each block before the definitions.

    What the engine has in their place (loadings of the items beside the marker and their residuals) is
    left out. Standard errors by the delta method.
    """
    table = solution.table
    inner = {triple for one in table.composites for triple in one.inner}
    kept = [(row.lhs, row.op, row.rhs) not in inner for row in table.rows]
    parts = [
        frame.iloc[: len(kept)].loc[kept],
        _item_covariances(solution),
        frame.iloc[len(kept) :],
    ]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def _item_covariances(solution: Solution) -> pd.DataFrame:
    at = {name: i for i, name in enumerate(solution.table.observed)}
    pairs = [
        (left, right, group)
        for group in range(1, solution.table.groups + 1)
        for one in solution.table.composites
        for left, right in combinations_with_replacement(one.items, 2)
    ]
    found = np.array(
        [_covariance(solution, at[left], at[right], group - 1) for left, right, group in pairs]
    )
    est, se, standard, std_se = found.T
    defined = np.where(solution.optimum.converged, 1.0, np.nan)
    return pd.DataFrame(
        {
            "lhs": [left for left, *_ in pairs],
            "op": "~~",
            "rhs": [right for _, right, _ in pairs],
            "group": [group for *_, group in pairs],
            "label": "",
            "est": est,
            "se": se,
            **wald(est, se),
            "std_lv": est * defined,
            "std_all": standard * defined,
            "std_se": std_se,
        }
    )


def _covariance(solution: Solution, i: int, j: int, g: int) -> tuple[float, float, float, float]:
    """A covariance and its standard error, the correlation and its own."""
    sigma = solution.implied[g].sigma
    value, first, second = float(sigma[i, j]), float(sigma[i, i]), float(sigma[j, j])
    slope = _gradient(solution, i, j, g)
    scale = np.sqrt(first * second)
    by_variances = _gradient(solution, i, i, g) / first + _gradient(solution, j, j, g) / second
    turned = slope / scale - value / scale / 2 * by_variances
    standard = 1.0 if i == j else value / scale
    return value, _error(solution, slope), float(standard), _error(solution, turned)


def _gradient(solution: Solution, i: int, j: int, g: int) -> Array:
    structure = solution.structures[g]
    f = structure.factors(solution.implied[g])
    full = np.zeros(len(solution.theta))
    full[structure.positions] = f.u[i] * f.w[j] + f.u[j] * f.w[i]
    return full


def _error(solution: Solution, gradient: Array) -> float:
    if solution.vcov is None:
        return float("nan")
    variance = float(gradient @ solution.vcov @ gradient)
    return (
        0.0 if abs(variance) < 1e-24 else float(np.sqrt(variance)) if variance > 0 else float("nan")
    )
