"""Traces of normal-theory estimates' quadratic form, for a test scaled and shifted (MLMV).

tr(U Gamma) alone needs each row's distance only (``robust``); its square needs the moments' sampling
covariance itself (Asparouhov & Muthén 2010).
"""

from __future__ import annotations

import numpy as np

from analysis.covariance import robust
from analysis.covariance.data import GroupData
from analysis.covariance.matrices import Array, jacobian, vech_index
from analysis.covariance.solution import Solution
from analysis.covariance.u_gamma import Part, u_gamma_traces
from analysis.errors import ModelError

MAX_ITEMS = 60  # whose moments' covariances are held at once


def shifted_traces(solution: Solution) -> tuple[tuple[float, float], tuple[float, float]]:
    """tr(U Gamma) and tr((U Gamma)^2) of the model and of the independence model.

    Raises ModelError for more than 60 items.
    """
    table, means = solution.table, solution.table.mean_structure
    p, at = len(table.observed), solution.exogenous
    if p > MAX_ITEMS:
        raise ModelError(
            f"MLMV holds the sampling covariance of all moments, of at most {MAX_ITEMS} items; the model has "
            f"{p}: use MLM"
        )
    parts: list[Part] = []
    alone: list[Part] = []
    width = 2 * p if means else p
    for g, (structure, implied, group, share) in enumerate(
        zip(
            solution.structures,
            solution.implied,
            solution.data.groups,
            solution.data.shares,
            strict=True,
        )
    ):
        gamma = _gamma(group, at, means=means)
        local = jacobian(structure.factors(implied), means=means)
        delta = np.zeros((len(local), len(solution.theta)))
        delta[:, structure.positions] = local
        weight = robust.normal_weight(implied.precision, means=means)
        parts.append((delta, weight, gamma, float(share)))
        own = _independent_jacobian(p, at, means=means)
        place = np.zeros((len(own), len(solution.data.groups) * width))
        place[:, g * width : g * width + own.shape[1]] = own
        weight = robust.normal_weight(_independent_precision(group.cov, at), means=means)
        alone.append((place, weight, gamma, float(share)))
    used = np.flatnonzero(np.abs(np.vstack([place for place, *_ in alone])).sum(axis=0))
    chosen = np.eye(alone[0][0].shape[1])[:, used]
    return u_gamma_traces(parts, table.transform), u_gamma_traces(alone, chosen)


def _gamma(group: GroupData, exogenous: list[int], *, means: bool) -> Array:
    """n times the sampling covariance of (means,) vech(S), given fixed predictors."""
    rows = group.required_rows - group.mean
    i, j = vech_index(rows.shape[1])
    products = rows[:, i] * rows[:, j]
    first = rows
    slopes = robust.conditional_slopes(group.cov, exogenous)
    if slopes is not None:
        said = rows @ slopes
        products = products - said[:, i] * said[:, j]
        first = rows - said
    products = products - products.mean(axis=0)
    stacked = np.hstack([first, products]) if means else products
    return np.asarray(stacked.T @ stacked / len(rows))


def _independent_jacobian(p: int, exogenous: list[int], *, means: bool) -> Array:
    """Moments by the variances (and means) of all but fixed predictors."""
    i, j = vech_index(p)
    others = [k for k in range(p) if k not in exogenous]
    variances = np.zeros((len(i), len(others)))
    for column, k in enumerate(others):
        variances[(i == k) & (j == k), column] = 1.0
    if not means:
        return variances
    own = np.eye(p)[:, others]
    return np.block([[own, np.zeros_like(own)], [np.zeros((len(i), len(others))), variances]])


def _independent_precision(cov: Array, exogenous: list[int]) -> Array:
    independent = np.diag(np.diag(cov)).astype(float)
    if exogenous:
        block = np.ix_(exogenous, exogenous)
        independent[block] = cov[block]
    return np.asarray(np.linalg.inv(independent))
