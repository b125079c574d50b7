"""The models that a two-level model stands between: unrestricted, and of independent variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.covariance.estimation import Discrepancy, Point
from analysis.covariance.matrices import Array, GroupStructure
from analysis.covariance.minimiser import Optimum, minimise
from analysis.two_level.clusters import ClusterData
from analysis.two_level.grouped import GroupedDiscrepancy, LevelDiscrepancy, discrepancy_of
from analysis.two_level.table import TwoLevelTable

# Of a correlation matrix, an eigenvalue below which it is none; and the least of one to start from.
NEGATIVE = -1e-7
LEAST = 0.05


@dataclass(frozen=True)
class Unrestricted:
    """The unrestricted model's maximum: ``covariances`` and ``means`` by level, within first.

    ``boundary``: the covariance between clusters is singular there, because the likelihood is higher
    still at one that is none.
    """

    discrepancy: LevelDiscrepancy
    point: Point
    covariances: tuple[Array, Array]
    means: tuple[Array, Array]
    converged: bool
    boundary: bool

    def definite(self, level: int) -> Array:
        """The covariance of a level (0 within, 1 between), made positive definite to start from."""
        cov = self.covariances[level]
        return _definite(cov) if level else cov


@dataclass(frozen=True)
class Reduced:
    """Another model of the same rows at its maximum; ``transform`` holds its constraints, if any."""

    discrepancy: GroupedDiscrepancy
    optimum: Optimum
    transform: Array | None = None

    @property
    def parameters(self) -> int:
        """Free parameters that remain under the constraints."""
        if self.transform is None:
            return len(self.optimum.point.theta)
        return int(self.transform.shape[1])


def level_structure(
    names: Sequence[str],
    first: int,
    *,
    means: Sequence[str],
    fixed: Sequence[str] = (),
    diagonal: bool = False,
    related: Sequence[str] = (),
) -> GroupStructure:
    """One level without a model: free covariances (with ``diagonal`` variances alone, and covariances
    of the ``related`` variables) and the named means, their positions counted from ``first``. The
    moments among ``fixed`` variables are not free.
    """
    p = len(names)
    out = {names.index(name) for name in fixed}
    kin = {names.index(name) for name in related}
    pairs = [
        (i, j)
        for j in range(p)
        for i in range(j, p)
        if not (i in out and j in out) and (i == j or not diagonal or (i in kin and j in kin))
    ]
    rows, columns = np.array(pairs, dtype=int).reshape(-1, 2).T
    m_row = np.array([names.index(name) for name in means if name not in fixed], dtype=int)
    nothing = np.zeros(0, dtype=int)
    return GroupStructure(
        tuple(names),
        (),
        np.zeros((p, p)),
        np.zeros((p, p)),
        np.zeros(p),
        nothing,
        nothing,
        rows,
        columns,
        m_row,
        first + np.arange(len(rows) + len(m_row)),
        np.where(rows == columns, 0.5, 1.0),
    )


def unrestricted(data: ClusterData) -> Unrestricted:
    """The unrestricted model's maximum, whose covariance between clusters has no negative eigenvalue."""
    model = data.model
    inner = level_structure(model.within.observed, 0, means=model.within_only)
    outer = level_structure(
        model.between.observed, len(inner.positions), means=model.between.observed
    )
    discrepancy = discrepancy_of(data, inner, outer)
    covariances, means = moment_estimates(data)
    start = np.concatenate(
        [
            _values(structure, cov, mean)
            for structure, cov, mean in zip((inner, outer), covariances, means, strict=True)
        ]
    )
    found = _minimum(discrepancy, start)
    point = found.point
    boundary = False
    if not found.converged or _smallest(point.implied[1].sigma) < NEGATIVE:
        found, boundary = _by_loadings(data, inner, outer, start, covariances[1])
        implied = found.point.implied
        theta = np.concatenate(
            [
                _values(structure, own.sigma, own.mu)
                for structure, own in zip((inner, outer), implied, strict=True)
            ]
        )
        point = discrepancy.at(theta)
    return Unrestricted(
        discrepancy,
        point,
        (point.implied[0].sigma, point.implied[1].sigma),
        (point.implied[0].mu, point.implied[1].mu),
        found.converged,
        boundary,
    )


def independence(data: ClusterData, table: TwoLevelTable, h1: Unrestricted) -> Reduced:
    """The model in which no variable has to do with another at either level, but for fixed predictors
    among each other.
    """
    return _reduced(data, table, h1, diagonal=(True, True))


def independence_at(
    data: ClusterData, table: TwoLevelTable, h1: Unrestricted, level: int
) -> Reduced:
    """Independent variables at one level (0 within, 1 between), unrestricted ones at the other."""
    return _reduced(data, table, h1, diagonal=(level == 0, level == 1))


def _reduced(
    data: ClusterData, table: TwoLevelTable, h1: Unrestricted, *, diagonal: tuple[bool, bool]
) -> Reduced:
    inner = with_fixed(table, h1, 0, 0, diagonal=diagonal[0])
    outer = with_fixed(table, h1, 1, len(inner.positions), diagonal=diagonal[1])
    start = np.concatenate([level_values(inner, h1, 0), level_values(outer, h1, 1)])
    discrepancy = GroupedDiscrepancy.of((data,), ((inner, outer),))
    return Reduced(discrepancy, _minimum(discrepancy, start))


def with_fixed(
    table: TwoLevelTable, h1: Unrestricted, level: int, first: int, *, diagonal: bool = False
) -> GroupStructure:
    """One level (0 within, 1 between) without a model, its fixed predictors at their moments."""
    own = table.levels[level]
    means = table.model.within_only if level == 0 else own.observed
    structure = level_structure(
        own.observed,
        first,
        means=means,
        fixed=own.exogenous,
        diagonal=diagonal,
        related=table.predictors[level],
    )
    return structure.with_exogenous(own.exogenous, h1.covariances[level], h1.means[level])


def level_values(
    structure: GroupStructure, h1: Unrestricted, level: int, *, as_is: bool = False
) -> Array:
    """One level's unrestricted moments as parameters of a structure without a model: to start from, and
    so made positive definite, or as they are.
    """
    cov = h1.covariances[level] if as_is else h1.definite(level)
    return _values(structure, cov, h1.means[level])


def moment_estimates(data: ClusterData) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Covariances and means by level from analysis of variance, the former made positive definite."""
    model = data.model
    within, between = list(model.within.observed), list(model.between.observed)
    rows, every = data.filled
    mean = rows.mean(axis=0)
    about = data.means - mean
    among = (data.sizes[:, None] * about).T @ about / (data.n_clusters - 1)
    full = (among - data.pooled) / data.mean_size
    cov = np.zeros((len(between),) * 2)
    own = every - every.mean(axis=0)
    vectors = np.hstack([own, about])
    plain = vectors.T @ vectors / data.n_clusters
    order = [*model.between_only, *within]
    for i, left in enumerate(between):
        for j, right in enumerate(between):
            if left in model.both and right in model.both:
                cov[i, j] = full[within.index(left), within.index(right)]
            else:
                cov[i, j] = plain[order.index(left), order.index(right)]
    inside = data.pooled.copy()
    only = [within.index(name) for name in model.within_only]
    total = rows - mean
    inside[np.ix_(only, only)] = (total[:, only].T @ total[:, only]) / data.n
    inner_mean = np.array([mean[i] if i in only else 0.0 for i in range(len(within))])
    centre = dict(zip(order, [*every.mean(axis=0), *mean], strict=True))
    outer_mean = np.array([centre[name] for name in between])
    least = np.array(
        [
            0.02 * inside[k, k] if (k := _index(within, name)) is not None else 0.0
            for name in between
        ]
    )
    return (_definite(inside), _definite(cov, least)), (inner_mean, outer_mean)


def _index(names: list[str], name: str) -> int | None:
    return names.index(name) if name in names else None


def _definite(cov: Array, least: Array | None = None) -> Array:
    """The nearest that has eigenvalues of at least ``LEAST`` in units of its variances."""
    variances = cov.diagonal().copy()
    floor = (
        np.full(len(cov), 1e-8 * max(float(variances.max()), 1e-300)) if least is None else least
    )
    variances = np.maximum(np.maximum(variances, floor), 1e-12)
    sd = np.sqrt(variances)
    correlation = cov / (sd[:, None] * sd)
    np.fill_diagonal(correlation, 1.0)
    values, vectors = np.linalg.eigh(correlation)
    if values[0] < LEAST:
        correlation = (vectors * np.maximum(values, LEAST)) @ vectors.T
        own = np.sqrt(correlation.diagonal())
        correlation /= own[:, None] * own
    return np.asarray(correlation * (sd[:, None] * sd))


def _smallest(cov: Array) -> float:
    """The smallest eigenvalue in units of the variances; -1 where one of them is not positive."""
    variances = cov.diagonal()
    if (variances <= 0).any():
        return -1.0
    sd = np.sqrt(variances)
    return float(np.linalg.eigvalsh(cov / (sd[:, None] * sd))[0])


def _values(structure: GroupStructure, cov: Array, mean: Array) -> Array:
    return np.concatenate([cov[structure.s_row, structure.s_col], mean[structure.m_row]])


def _minimum(discrepancy: Discrepancy, start: Array) -> Optimum:
    size = len(start)
    return minimise(discrepancy, start, np.eye(size), np.zeros(size))


def _by_loadings(
    data: ClusterData, inner: GroupStructure, outer: GroupStructure, start: Array, cov: Array
) -> tuple[Optimum, bool]:
    """The maximum with the covariance between clusters as L L', which cannot be improper."""
    p = outer.p
    rows, columns = np.tril_indices(p)
    directed, symmetric = np.zeros((2 * p, 2 * p)), np.zeros((2 * p, 2 * p))
    symmetric[np.arange(p, 2 * p), np.arange(p, 2 * p)] = 1.0
    nothing = np.zeros(0, dtype=int)
    first = len(inner.positions)
    triangle = replace(
        outer,
        latent=tuple(f"({name})" for name in outer.observed),
        directed=directed,
        symmetric=symmetric,
        intercepts=np.zeros(2 * p),
        d_row=rows,
        d_col=columns + p,
        s_row=nothing,
        s_col=nothing,
        positions=first + np.arange(len(rows) + len(outer.m_row)),
        s_weight=np.zeros(0),
    )
    root = np.linalg.cholesky(cov)
    means = start[first + len(outer.s_row) :]
    begin = np.concatenate([start[:first], root[rows, columns], means])
    found = _minimum(discrepancy_of(data, inner, triangle), begin)
    return found, _smallest(found.point.implied[1].sigma) < 1e-6
