"""Parameters to moments: implied means and covariances, and their derivatives, in closed form.

Reticular action form (McArdle & McDonald 1984) with all variables, observed first, in one vector:
directed paths A, covariances S, intercepts m. With B = (I - A)^-1 and G its observed rows,
Sigma = G S G', mu = G m. The derivative of Sigma for each parameter has rank two,
dSigma = u w' + w u', so that everything second-order costs products of (p, q) matrices only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import lapack

from analysis.covariance.parameter_table import ParameterTable
from analysis.errors import ModelError

Array = np.ndarray


@dataclass(frozen=True)
class Implied:
    """Moments of one group implied by parameter values, with the pieces derivatives need."""

    sigma: Array  # (p, p)
    mu: Array  # (p,)
    total: Array  # (v, v) B = (I - A)^-1: total effects plus identity
    covariance: Array  # (v, v) of all variables, observed first
    mean: Array  # (v,) of all variables
    observed: int

    @cached_property
    def inverse(self) -> tuple[Array, float] | None:
        """Sigma's inverse and log-determinant, or None when it is not positive definite."""
        return positive_inverse(self.sigma)

    def with_unit_variances(self) -> Implied:
        """The same with every observed variance 1, as behind ordinal items."""
        p = self.observed
        sigma, covariance = self.sigma.copy(), self.covariance.copy()
        np.fill_diagonal(sigma, 1.0)
        covariance[:p, :p] = sigma
        return Implied(sigma, self.mu, self.total, covariance, self.mean, p)

    @property
    def precision(self) -> Array:
        """Sigma's inverse; FloatingPointError when it is not positive definite."""
        if self.inverse is None:
            raise FloatingPointError("implied covariance is not positive definite")
        return self.inverse[0]


@dataclass(frozen=True)
class Factors:
    """Derivatives of one group's moments for its free parameters.

    dSigma_k = u[:, k] w[:, k]' + w[:, k] u[:, k]' and dmu_k = m[:, k]; (p, k) each.
    """

    u: Array
    w: Array
    m: Array


@dataclass(frozen=True)
class GroupStructure:
    """Where one group's parameters stand in A, S and m; ``positions`` are their free positions,
    directed first, then symmetric, then intercepts.
    """

    observed: tuple[str, ...]
    latent: tuple[str, ...]
    directed: Array  # (v, v) fixed values
    symmetric: Array
    intercepts: Array  # (v,)
    d_row: Array
    d_col: Array
    s_row: Array
    s_col: Array
    m_row: Array
    positions: Array
    s_weight: Array  # 1/2 for variances, 1 for covariances

    @property
    def p(self) -> int:
        """Number of observed variables."""
        return len(self.observed)

    def with_exogenous(
        self, names: tuple[str, ...], cov: Array, mean: Array | None
    ) -> GroupStructure:
        """The same structure with the sample moments of observed predictors as fixed values;
        ``mean`` is None without a mean structure.
        """
        if not names:
            return self
        at = [self.observed.index(name) for name in names]
        symmetric, intercepts = self.symmetric.copy(), self.intercepts.copy()
        symmetric[np.ix_(at, at)] = cov[np.ix_(at, at)]
        if mean is not None:
            intercepts[at] = mean[at]
        return GroupStructure(**{**self.__dict__, "symmetric": symmetric, "intercepts": intercepts})

    def matrices(self, theta: Array) -> tuple[Array, Array, Array]:
        """A, S and m filled with the free parameters' values."""
        own = theta[self.positions]
        nd, ns = len(self.d_row), len(self.s_row)
        directed, symmetric = self.directed.copy(), self.symmetric.copy()
        intercepts = self.intercepts.copy()
        directed[self.d_row, self.d_col] = own[:nd]
        symmetric[self.s_row, self.s_col] = own[nd : nd + ns]
        symmetric[self.s_col, self.s_row] = own[nd : nd + ns]
        intercepts[self.m_row] = own[nd + ns :]
        return directed, symmetric, intercepts

    def implied(self, theta: Array) -> Implied:
        """The moments at ``theta`` (all groups' free parameters)."""
        directed, symmetric, intercepts = self.matrices(theta)
        identity = np.eye(len(directed))
        total = np.linalg.inv(identity - directed)
        covariance = total @ symmetric @ total.T
        p = self.p
        mean = total @ intercepts
        return Implied(covariance[:p, :p], mean[:p], total, covariance, mean, p)

    def factors(self, implied: Implied) -> Factors:
        """First derivatives of the moments for this group's free parameters."""
        p = implied.observed
        g = implied.total[:p]
        h = implied.covariance[:p]
        k = len(self.positions)
        nd, ns = len(self.d_row), len(self.s_row)
        u, w, m = np.zeros((p, k)), np.zeros((p, k)), np.zeros((p, k))
        u[:, :nd] = g[:, self.d_row]
        w[:, :nd] = h[:, self.d_col]
        u[:, nd : nd + ns] = g[:, self.s_row]
        w[:, nd : nd + ns] = g[:, self.s_col] * self.s_weight
        m[:, :nd] = g[:, self.d_row] * implied.mean[self.d_col]
        m[:, nd + ns :] = g[:, self.m_row]
        return Factors(u, w, m)

    def second_order(self, implied: Implied, q: Array, r: Array) -> Array:
        """sum over moments of weight times second derivative: tr(q d2Sigma) + r' d2mu, (k, k)."""
        p = implied.observed
        total, t = implied.total, implied.mean
        g, h = total[:p], implied.covariance[:p]
        gq = g.T @ q
        gqg, gqh, rg = gq @ g, gq @ h, r @ g
        row, col, s_row, s_col = self.d_row, self.d_col, self.s_row, self.s_col
        nd, ns = len(row), len(s_row)
        result = np.zeros((len(self.positions),) * 2)
        effects, forces = total.take(col, axis=0), gqg.take(row, axis=0)
        slope = rg.take(row)[:, None]
        y = effects.take(row, axis=1)
        x = gqh.take(row, axis=0).take(col, axis=1) + slope * t.take(col) / 2
        xy = x * y
        within = implied.covariance.take(col, axis=0).take(col, axis=1)
        result[:nd, :nd] = 2 * (xy + xy.T + within * forces.take(row, axis=1))
        cross = forces.take(s_row, axis=1) * effects.take(s_col, axis=1)
        cross += forces.take(s_col, axis=1) * effects.take(s_row, axis=1)
        result[:nd, nd : nd + ns] = 2 * cross * self.s_weight
        result[nd : nd + ns, :nd] = result[:nd, nd : nd + ns].T
        if len(self.m_row):
            result[:nd, nd + ns :] = slope * effects.take(self.m_row, axis=1)
            result[nd + ns :, :nd] = result[:nd, nd + ns :].T
        return result


def positive_inverse(matrix: Array) -> tuple[Array, float] | None:
    """Inverse and log-determinant of a positive definite matrix, None for any other."""
    # Not LAPACK's dpotri: OpenBLAS runs it in threads even for small matrices, which on a busy
    # machine costs a hundred times the arithmetic.
    factor, inverse, failed = lapack.dposv(matrix, np.eye(len(matrix)), lower=1)
    if failed:
        return None
    log_determinant = 2.0 * float(np.log(factor.diagonal()).sum())
    if not math.isfinite(log_determinant):
        return None
    return (inverse + inverse.T) / 2, log_determinant


def structures(table: ParameterTable) -> tuple[GroupStructure, ...]:
    """One structure a group from a complete parameter table.

    Raises ModelError for paths that form a circle whose total effects do not exist.
    """
    names = table.observed + table.latent
    at = {name: i for i, name in enumerate(names)}
    size = len(names)
    result = []
    for group in range(1, table.groups + 1):
        fixed = np.zeros((size, size)), np.zeros((size, size)), np.zeros(size)
        cells: tuple[list[tuple[int, int, int]], ...] = ([], [], [])
        for row in table.rows:
            if row.group != group:
                continue
            kind = {"=~": 0, "~": 0, "~~": 1, "~1": 2}[row.op]
            i, j = at[row.lhs], at.get(row.rhs, 0)
            if row.op == "=~":
                i, j = j, i
            if row.free >= 0:
                cells[kind].append((i, j, row.free))
            elif row.value is not None and kind == 2:
                fixed[2][i] = row.value
            elif row.value is not None:
                fixed[kind][i, j] = row.value
                if kind == 1:
                    fixed[1][j, i] = row.value
        d, s, m = (np.array(c, dtype=int).reshape(-1, 3) for c in cells)
        structure = GroupStructure(
            table.observed,
            table.latent,
            *fixed,
            d[:, 0],
            d[:, 1],
            s[:, 0],
            s[:, 1],
            m[:, 0],
            np.concatenate([d[:, 2], s[:, 2], m[:, 2]]),
            np.where(s[:, 0] == s[:, 1], 0.5, 1.0),
        )
        _check_circles(structure, names)
        result.append(structure)
    return tuple(result)


def _check_circles(structure: GroupStructure, names: tuple[str, ...]) -> None:
    """A variable that is regressed on itself through fixed paths of weight 1 has no moments."""
    identity = np.eye(len(names))
    if abs(np.linalg.det(identity - structure.directed)) < 1e-12:
        raise ModelError(
            "the fixed paths form a circle, so that the total effects are infinite; remove one of them"
        )


def vech_index(p: int) -> tuple[Array, Array]:
    """Rows and columns of the lower triangle, column by column: the order of vech."""
    columns, rows = np.triu_indices(p)
    return rows, columns


def jacobian(factors: Factors, *, means: bool) -> Array:
    """Derivatives (moments, k) of the stacked moments: means first when asked, then vech(Sigma)."""
    rows, columns = vech_index(len(factors.u))
    delta = factors.u[rows] * factors.w[columns] + factors.u[columns] * factors.w[rows]
    return np.vstack([factors.m, delta]) if means else delta
