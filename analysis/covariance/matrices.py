"""Parameters to moments: implied means and covariances, and their derivatives, in closed form.

Reticular action form (McArdle & McDonald 1984) with all variables, observed first, in one vector:
directed paths A, covariances S, intercepts m. With B = (I - A)^-1 and G its observed rows,
Sigma = G S G', mu = G m. The derivative of Sigma for each parameter has rank two,
dSigma = u w' + w u', so that everything second-order costs products of (p, q) matrices only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from scipy.linalg import lapack

from analysis.covariance.parameter_table import ParameterTable
from analysis.errors import ModelError

Array = np.ndarray


@dataclass(frozen=True)
class Implied:
    """Moments of one group implied by parameter values, with the pieces derivatives need.

    Many parameter vectors at once put an axis before those named here.
    """

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
    """Derivatives of one group's moments for its k free parameters.

    dSigma_k = u[:, k] w[:, k]' + w[:, k] u[:, k]' and dmu_k = m[:, k]; (p, k) each, with m a
    multiple of u.
    """

    both: Array  # (p, 2 k) u beside w
    slope: Array  # (k,) m over u

    @property
    def size(self) -> int:
        """Number of parameters k."""
        return len(self.slope)

    @property
    def u(self) -> Array:
        """(p, k)"""
        return self.both[:, : len(self.slope)]

    @property
    def w(self) -> Array:
        """(p, k)"""
        return self.both[:, len(self.slope) :]

    @cached_property
    def m(self) -> Array:
        """(p, k)"""
        return np.asarray(self.u * self.slope)


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

    @cached_property
    def place(self) -> slice | Array:
        """Selects the group's parameters among all free ones; a slice where they are neighbours."""
        at = self.positions
        neighbours = len(at) > 0 and bool((at == np.arange(at[0], at[0] + len(at))).all())
        return slice(int(at[0]), int(at[0]) + len(at)) if neighbours else at

    @cached_property
    def block(self) -> tuple[slice | Array, ...]:
        """Selects the group's rows and columns of a matrix over all free parameters."""
        place = self.place
        return (place, place) if isinstance(place, slice) else np.ix_(place, place)

    @cached_property
    def depth(self) -> int | None:
        """Length of the longest chain of directed paths, None for circles or chains beyond 4."""
        pattern = (self.directed != 0).astype(float)
        pattern[self.d_row, self.d_col] = 1.0
        power = pattern
        for depth in range(1, 5):
            power = power @ pattern
            if not power.any():
                return depth
        return None

    @cached_property
    def identity(self) -> Array:
        """(v, v)"""
        return np.eye(len(self.directed))

    @cached_property
    def filling(self) -> tuple[Array, Array, Array]:
        """A, S and m with their fixed values as one vector, its cells that vary, and the free
        position in each.
        """
        v = len(self.directed)
        fixed = np.concatenate([self.directed.ravel(), self.symmetric.ravel(), self.intercepts])
        upper, lower = self.s_row * v + self.s_col, self.s_col * v + self.s_row
        cells = [self.d_row * v + self.d_col, v * v + upper, 2 * v * v + self.m_row, v * v + lower]
        nd, ns = len(self.d_row), len(self.s_row)
        sources = np.concatenate([self.positions, self.positions[nd : nd + ns]])
        return fixed, np.concatenate(cells), sources

    @cached_property
    def columns(self) -> tuple[Array, Array, Array]:
        """Columns of [G H] that make u and w, their weights, and the entry of (mean, 0, 1) that
        makes m of u.
        """
        v, nd, ns, nm = len(self.directed), len(self.d_row), len(self.s_row), len(self.m_row)
        sides = [self.d_row, self.s_row, self.m_row, v + self.d_col, self.s_col, self.m_row]
        weight = np.concatenate([np.ones(2 * nd + ns + nm), self.s_weight, np.zeros(nm)])
        slope = np.concatenate([self.d_col, np.full(ns, v), np.full(nm, v + 1)])
        return np.concatenate(sides), weight, slope

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
        return replace(self, symmetric=symmetric, intercepts=intercepts)

    def matrices(self, theta: Array) -> tuple[Array, Array, Array]:
        """A, S and m filled with the free parameters' values, for one vector (q,) or many (r, q)."""
        fixed, cells, sources = self.filling
        many = theta.shape[:-1]
        filled = np.empty((*many, len(fixed)))
        filled[...] = fixed
        filled[..., cells] = theta[..., sources]
        v = len(self.directed)
        cut = v * v
        return (
            filled[..., :cut].reshape(*many, v, v),
            filled[..., cut : 2 * cut].reshape(*many, v, v),
            filled[..., 2 * cut :],
        )

    def total_effects(self, directed: Array) -> Array:
        """B = (I - A)^-1 for one A (v, v) or many (r, v, v)."""
        if self.depth is None:
            return np.asarray(np.linalg.inv(self.identity - directed))
        # Without circles the inverse is the finite sum I + A + A A + ...
        total: Array = self.identity + directed
        for _ in range(self.depth - 1):
            total = self.identity + directed @ total
        return total

    def implied(self, theta: Array) -> Implied:
        """The moments at ``theta`` (all groups' free parameters), for one vector or many."""
        directed, symmetric, intercepts = self.matrices(theta)
        total = self.total_effects(directed)
        covariance = total @ symmetric @ total.swapaxes(-1, -2)
        mean = (total @ intercepts[..., None])[..., 0]
        p = self.p
        return Implied(covariance[..., :p, :p], mean[..., :p], total, covariance, mean, p)

    def factors(self, implied: Implied) -> Factors:
        """First derivatives of the moments for this group's free parameters."""
        p = implied.observed
        columns, weight, slope = self.columns
        sides = np.concatenate([implied.total[:p], implied.covariance[:p]], axis=1)
        means = np.concatenate([implied.mean, (0.0, 1.0)])
        return Factors(sides.take(columns, axis=1) * weight, means.take(slope))

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


def log_determinant(matrix: Array) -> float:
    """Of a positive definite matrix."""
    return 2.0 * float(np.log(lapack.dpotrf(matrix)[0].diagonal()).sum())


def positive_inverse(matrix: Array) -> tuple[Array, float] | None:
    """Inverse and log-determinant of a positive definite matrix, None for any other."""
    root, failed = lapack.dpotrf(matrix, lower=1)
    if failed:
        return None
    log_determinant = 2.0 * float(np.log(root.diagonal()).sum())
    if not math.isfinite(log_determinant):
        return None
    # The triangle's inverse times itself is symmetric to the last digit.
    half = lapack.dtrtri(root, lower=1, overwrite_c=1)[0]
    return half.T @ half, log_determinant


def structures(table: ParameterTable) -> tuple[GroupStructure, ...]:
    """One structure a group from a complete parameter table.

    Raises ModelError for paths that form a circle whose total effects do not exist.
    """
    names = table.observed + table.latent
    at = {name: i for i, name in enumerate(names)}
    # Behind all others: of each composite, what its items beside the marker add up to.
    rest = {one.name: len(names) + k for k, one in enumerate(table.composites)}
    markers = {(one.name, one.marker) for one in table.composites}
    size = len(names) + len(rest)
    result = []
    for group in range(1, table.groups + 1):
        fixed = np.zeros((size, size)), np.zeros((size, size)), np.zeros(size)
        cells: tuple[list[tuple[int, int, int]], ...] = ([], [], [])
        for row in table.rows:
            if row.group != group or row.op in ("|", "~*~"):
                continue  # of thresholds and response scales there are no moments of variables
            if (row.lhs, row.rhs) in markers and row.op == "<~":
                weight = float(row.value or 0.0)
                fixed[0][at[row.rhs], [at[row.lhs], rest[row.lhs]]] = 1 / weight, -1 / weight
                continue
            kind = {"=~": 0, "<~": 0, "~": 0, "~~": 1, "~1": 2}[row.op]
            i = rest[row.lhs] if row.op == "<~" else at[row.lhs]
            j = at.get(row.rhs, 0)
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
    if structure.depth is not None:
        return
    if abs(np.linalg.det(structure.identity - structure.directed)) < 1e-12:
        raise ModelError(
            "the fixed paths form a circle, so that the total effects are infinite; remove one of them"
        )


@lru_cache(maxsize=8)
def vech_index(p: int) -> tuple[Array, Array]:
    """Rows and columns of the lower triangle, column by column: the order of vech."""
    columns, rows = np.triu_indices(p)
    rows.setflags(write=False)
    columns.setflags(write=False)
    return rows, columns


def jacobian(factors: Factors, *, means: bool) -> Array:
    """Derivatives (moments, k) of the stacked moments: means first when asked, then vech(Sigma)."""
    rows, columns = vech_index(len(factors.both))
    u, w = factors.u, factors.w
    delta = u[rows] * w[columns] + u[columns] * w[rows]
    return np.vstack([factors.m, delta]) if means else delta
