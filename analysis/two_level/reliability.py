"""How alike rows of a cluster are, and how reliable a scale is at each level, with their intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.covariance.matrices import Array, GroupStructure
from analysis.covariance.solution import well_conditioned_inverse
from analysis.covariance.wald import Z_95
from analysis.two_level.grouped import scores_of
from analysis.two_level.model import LEVEL_NAMES
from analysis.two_level.solution import SolvedGroup, TwoLevelSolution

STEP = 1e-4  # of the central differences, in standard errors: units must not matter
Limits = tuple[float | None, float | None]
NO_LIMITS: Limits = (None, None)


@dataclass(frozen=True)
class ItemShare:
    """One variable's variance within and between clusters, by maximum likelihood without a model; its
    intraclass correlation with its 95 % interval, and the design effect of its mean. None where there is
    no variance, or where the interval does not exist.
    """

    item: str
    within: float
    between: float
    icc: float | None
    icc_ci_lower: float | None
    icc_ci_upper: float | None
    design_effect: float | None
    group: str = ""


@dataclass(frozen=True)
class LevelReliability:
    """Composite reliability of a factor's items at one level, with its 95 % interval; None for an improper
    solution.
    """

    factor: str
    level: int
    items: int
    omega: float | None
    ci_lower: float | None
    ci_upper: float | None
    group: str = ""

    @property
    def name(self) -> str:
        """within or between"""
        return LEVEL_NAMES[self.level]


def item_shares(solution: TwoLevelSolution) -> tuple[ItemShare, ...]:
    """Of each variable of both levels: between / (between + within), of the unrestricted model, as
    lavaan's ``icc``; the design effect is 1 + (mean size - 1) times it (Kish 1965; Muthén & Satorra 1995).

    Intervals are those of the delta method on the logit, which keeps them between 0 and 1; robust of MLR.
    """
    return tuple(one for group in solution.groups for one in _group_shares(solution, group))


def _group_shares(solution: TwoLevelSolution, group: SolvedGroup) -> list[ItemShare]:
    h1 = group.h1
    within, between = h1.covariances
    model, size = solution.table.model, group.data.n / group.data.n_clusters
    vcov = _unrestricted_vcov(group, robust=solution.robust)
    found = []
    for name in model.both:
        i, j = model.within.observed.index(name), model.between.observed.index(name)
        inside, outside = float(within[i, i]), float(between[j, j])
        total = inside + outside
        if total <= 0:
            found.append(ItemShare(name, inside, outside, None, None, None, None, group.name))
            continue
        icc = outside / total
        limits = NO_LIMITS
        if vcov is not None:
            places = [
                _variance_place(structure, k)
                for structure, k in (
                    (h1.discrepancy.within, i),
                    (h1.discrepancy.between, j),
                )
            ]
            slope = np.array([-outside, inside]) / total**2
            limits = _limits(icc, float(slope @ vcov[np.ix_(places, places)] @ slope))
        effect = 1 + (size - 1) * icc
        found.append(ItemShare(name, inside, outside, icc, *limits, effect, group.name))
    return found


def level_reliabilities(solution: TwoLevelSolution) -> tuple[LevelReliability, ...]:
    """Omega of each factor with two items or more, at its level (Geldhof, Preacher & Zyphur 2014).

    The squared sum of the factor's loadings times its variance, over the implied variance of the sum of
    its items at that level. That within is of a row's standing in its cluster; that between is of the
    cluster's true mean, not of the mean of the rows that were seen, which adds their sampling. Intervals
    as those of ``item_shares``.
    """
    if not solution.optimum.converged:
        return ()
    return tuple(one for group in solution.groups for one in _group_omegas(solution, group))


def _group_omegas(solution: TwoLevelSolution, group: SolvedGroup) -> list[LevelReliability]:
    found = []
    for level, (table, structure) in enumerate(
        zip(solution.table.levels, group.structures, strict=True), start=1
    ):
        for k, factor in enumerate(table.latent, start=structure.p):
            items = [
                table.observed.index(row.rhs)
                for row in table.rows
                if (row.op, row.lhs, row.group) == ("=~", factor, group.number)
                and row.rhs in table.observed
            ]
            if len(items) < 2:
                continue
            omega, variance = _omega(solution, structure, k, items)
            if not 0 <= omega <= 1:
                found.append(
                    LevelReliability(factor, level, len(items), None, *NO_LIMITS, group.name)
                )
                continue
            limits = NO_LIMITS if variance is None else _limits(omega, variance)
            found.append(LevelReliability(factor, level, len(items), omega, *limits, group.name))
    return found


def _omega(
    solution: TwoLevelSolution, structure: GroupStructure, k: int, items: list[int]
) -> tuple[float, float | None]:
    """A factor's omega and its sampling variance, None without one of the estimates."""
    theta, vcov = solution.theta, solution.vcov
    if vcov is None:
        return float(_omegas(structure, k, items, theta[None])[0]), None
    errors = np.sqrt(np.maximum(vcov.diagonal(), 0.0))
    steps = STEP * np.where(errors > 0, errors, 1.0)
    moved = np.vstack([theta, theta + np.diag(steps), theta - np.diag(steps)])
    found = _omegas(structure, k, items, moved)
    slope = (found[1 : len(theta) + 1] - found[len(theta) + 1 :]) / (2 * steps)
    return float(found[0]), float(slope @ vcov @ slope)


def _omegas(structure: GroupStructure, k: int, items: list[int], thetas: Array) -> Array:
    """Omega at each of the parameters (r,)."""
    directed, implied = structure.matrices(thetas)[0], structure.implied(thetas)
    common = directed[:, items, k].sum(axis=1) ** 2 * implied.covariance[:, k, k]
    total = implied.sigma[:, items][:, :, items].sum(axis=(1, 2))
    return np.asarray(common / total)


def _unrestricted_vcov(group: SolvedGroup, *, robust: bool) -> Array | None:
    """Sampling covariance of the unrestricted model's parameters; None where it does not exist."""
    h1, n = group.h1, group.data.n
    if not h1.converged:
        return None
    inverse = well_conditioned_inverse(h1.discrepancy.derivatives(h1.point, exact=True)[1] / 2)
    if inverse is None:
        return None
    if robust:
        scores = scores_of(h1.discrepancy, h1.point)
        inverse = inverse @ (scores.T @ scores / n) @ inverse
    return np.asarray(inverse / n)


def _variance_place(structure: GroupStructure, i: int) -> int:
    """Where a variable's variance stands among the parameters of a level without a model."""
    at = np.flatnonzero((structure.s_row == i) & (structure.s_col == i))[0]
    return int(structure.positions[len(structure.d_row) + at])


def _limits(value: float, variance: float) -> Limits:
    """A 95 % interval of a share, on the logit."""
    if not (0 < value < 1 and variance >= 0 and math.isfinite(variance)):
        return NO_LIMITS
    middle, reach = special.logit(value), Z_95 * math.sqrt(variance) / (value * (1 - value))
    lower, upper = special.expit([middle - reach, middle + reach])
    return float(lower), float(upper)
