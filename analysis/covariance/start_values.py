"""Starting values near the solution, from the sample covariances in closed form."""

from __future__ import annotations

import math

import numpy as np

from analysis.covariance.matrices import Array
from analysis.covariance.parameter_table import Parameter, ParameterTable


def start_values(
    table: ParameterTable, covariances: tuple[Array, ...], means: tuple[Array, ...]
) -> Array:
    """Values of all free parameters to start from; ``start()`` in the model overrides.

    Loadings compare each indicator's covariances with its fellows to the marker's (one step of a
    ratio estimator); factor variances follow; regressions and factor covariances start at 0.
    """
    start = np.zeros(table.n_free)
    for group in range(1, table.groups + 1):
        rows = [row for row in table.rows if row.group == group]
        cov, mean = covariances[group - 1], means[group - 1]
        at = {name: i for i, name in enumerate(table.observed)}
        loadings, variances = _measurement(rows, at, cov)
        for row in rows:
            if row.free < 0:
                continue
            start[row.free] = _one(row, at, cov, mean, loadings, variances)
    for row in table.rows:
        if row.free >= 0 and row.start is not None:
            start[row.free] = row.start
    return start


def _one(
    row: Parameter,
    at: dict[str, int],
    cov: Array,
    mean: Array,
    loadings: dict[tuple[str, str], float],
    variances: dict[str, float],
) -> float:
    if row.op == "=~":
        return loadings[row.lhs, row.rhs]
    if row.op == "~1":
        return float(mean[at[row.lhs]]) if row.lhs in at else 0.0
    if row.op == "~~" and row.lhs == row.rhs:
        if row.lhs in at:
            return variances.get(row.lhs, 0.5 * float(cov[at[row.lhs], at[row.lhs]]))
        return variances[row.lhs]
    return 0.0


def _measurement(
    rows: list[Parameter], at: dict[str, int], cov: Array
) -> tuple[dict[tuple[str, str], float], dict[str, float]]:
    """Start loadings by (factor, indicator) and variances of factors and measured items."""
    loadings: dict[tuple[str, str], float] = {}
    variances: dict[str, float] = {}
    claimed: dict[str, float] = {}
    fixed_variance = {
        r.lhs: r.value for r in rows if r.op == "~~" and r.lhs == r.rhs and r.value is not None
    }
    factors: dict[str, list[Parameter]] = {}
    for row in rows:
        if row.op == "=~":
            factors.setdefault(row.lhs, []).append(row)
    for factor, paths in factors.items():
        items = [path.rhs for path in paths if path.rhs in at]
        if len(items) < len(paths) or not items:  # second order: its indicators are latent
            variances[factor] = 0.1
            loadings |= {(factor, p.rhs): 1.0 if p.value is None else p.value for p in paths}
            continue
        where = [at[item] for item in items]
        raw, spread = _one_factor(cov[np.ix_(where, where)])
        size = np.abs(raw) / np.sqrt(cov.diagonal()[where])
        marker = next((k for k, path in enumerate(paths) if path.value), None)
        scale = 1.0
        if marker is not None and size[marker] > 1e-3 * size.max():
            scale = float((paths[marker].value or 1.0) / raw[marker])
        elif fixed_variance.get(factor):
            scale = math.sqrt(spread / (fixed_variance[factor] or 1.0))
        variances[factor] = spread / scale**2
        for path, value in zip(paths, (raw * scale).tolist(), strict=True):
            loadings[factor, path.rhs] = value if path.value is None else path.value
            share = loadings[factor, path.rhs] ** 2 * variances[factor]
            claimed[path.rhs] = max(claimed.get(path.rhs, 0.0), share)
    for item, share in claimed.items():
        own = float(cov[at[item], at[item]])
        variances[item] = min(max(own - share, 0.2 * own), own)
    for name, value in fixed_variance.items():
        variances.setdefault(name, float(value or 1.0))
    return loadings, variances


def _one_factor(cov: Array) -> tuple[Array, float]:
    """Loadings on the covariances' first axis and the factor variance that goes with them.

    The correlations' leading eigenvector, with the diagonal replaced by each item's largest
    correlation, is close to a principal-axis solution, cheap for any number of items, and knows no
    units.
    """
    k = len(cov)
    if k == 1:
        return np.ones(1), 0.9 * float(cov[0, 0])
    sd = np.sqrt(cov.diagonal())
    reduced = cov / (sd[:, None] * sd)
    off = np.abs(reduced)
    np.fill_diagonal(off, 0.0)
    np.fill_diagonal(reduced, np.minimum(off.max(axis=0), 0.9))
    vector = reduced.sum(axis=0)
    if not vector.any():
        vector = np.ones(k)
    for _ in range(5):
        vector = reduced @ vector
        vector = vector / max(math.sqrt(vector @ vector), 1e-300)
    value = float(vector @ reduced @ vector)
    return vector * sd, max(value, 0.05)
