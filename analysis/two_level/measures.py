"""Fit of a two-level model: of both levels together, and of each by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.covariance.estimation import Point
from analysis.covariance.fit_measures import (
    NAN,
    chi_square_pvalue,
    fit_measures,
    incremental,
    rmsea,
)
from analysis.covariance.matrices import Array
from analysis.covariance.minimiser import Optimum
from analysis.covariance.parameter_table import ParameterTable
from analysis.covariance.statistics import Scaling
from analysis.two_level.clusters import ClusterData
from analysis.two_level.grouped import GroupedDiscrepancy
from analysis.two_level.model import LEVEL_NAMES
from analysis.two_level.solution import SolvedGroup, TwoLevelSolution, solve_at
from analysis.two_level.table import TwoLevelTable
from analysis.two_level.unrestricted import (
    Reduced,
    independence,
    independence_at,
    level_values,
    with_fixed,
)

COUNTS = ("npar", "df", "baseline_df", "df_scaled", "baseline_df_scaled", "ntotal")
# Measures of complete single-level samples, which have no two-level form.
_NOT_OF_TWO_LEVELS = ("mfi", "ecvi", "cn_05", "cn_01")


@dataclass(frozen=True)
class LevelFit:
    """Fit of one level's model beside an unrestricted other level (Ryu & West 2009).

    ``n`` is what RMSEA divides by: rows within clusters, clusters between them. ``srmr`` is of the
    correlations of the whole model's solution. Of MLR the statistic is scaled by ``scaling_factor``, and
    all that is made of it. NaN where the model has no degrees of freedom or did not converge.
    """

    level: int
    n: int
    chisq: float
    df: int
    pvalue: float
    cfi: float
    tli: float
    rmsea: float
    rmsea_ci_lower: float
    rmsea_ci_upper: float
    srmr: float
    scaling_factor: float | None = None  # of MLR

    @property
    def name(self) -> str:
        """within or between"""
        return LEVEL_NAMES[self.level]


def measures(solution: TwoLevelSolution) -> dict[str, float]:
    """Every measure of both levels together by lavaan's name with underscores; NaN but for counts where
    the fit did not converge.
    """
    found = _measures(solution)
    if solution.optimum.converged and solution.unrestricted:
        return found
    return {name: value if name in COUNTS else NAN for name, value in found.items()}


def degrees_of_freedom(solution: TwoLevelSolution) -> int:
    """Moments given the fixed predictors, less the parameters."""
    return solution.table.saturated_parameters - solution.table.joint.n_parameters


def log_likelihood(solution: TwoLevelSolution, points: Sequence[Point]) -> float:
    """Of each group's point, given the fixed predictors of one level alone, as lavaan counts them: those
    within as rows drawn by themselves, those between as clusters. A predictor of both levels is not a
    given one.
    """
    pairs = zip(solution.data, points, strict=True)
    return sum(_group_likelihood(solution.table, data, point) for data, point in pairs)


def _group_likelihood(table: TwoLevelTable, data: ClusterData, point: Point) -> float:
    model, (within, between) = data.model, table.levels
    total = -0.5 * (data.n * point.value + data.cells * math.log(2 * math.pi))
    inner = [k for k, name in enumerate(within.observed) if name in _given(within, model.both)]
    outer = [k for k, name in enumerate(model.between_only) if name in between.exogenous]
    by_cluster = data.cluster_weights
    by_row = data.row_weights
    if by_cluster is not None:
        spread = np.repeat(by_cluster, data.sizes)
        by_row = spread if by_row is None else by_row * spread
    return total - _own(data.rows[:, inner], by_row) - _own(data.between[:, outer], by_cluster)


def _given(table: ParameterTable, both: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in table.exogenous if name not in both)


def _own(columns: Array, weights: Array | None) -> float:
    """Normal log-likelihood of complete columns (n, k) at their own moments; 0 for none."""
    n, k = columns.shape
    if k == 0:
        return 0.0
    share = np.full(n, 1.0) if weights is None else weights
    away = columns - share @ columns / share.sum()
    cov = (away * (share / share.sum())[:, None]).T @ away
    return float(-0.5 * share.sum() * (k * np.log(2 * np.pi) + np.linalg.slogdet(cov)[1] + k))


def _baseline(solution: TwoLevelSolution) -> tuple[Reduced, ...]:
    """Each group's model of independent variables."""
    return tuple(
        independence(data, solution.table, h1)
        for data, h1 in zip(solution.data, solution.h1, strict=True)
    )


def _above(solution: TwoLevelSolution, models: Sequence[Reduced]) -> float:
    """Twice the log-likelihood that each group's model lacks to the unrestricted one, summed; NaN where
    one did not converge.
    """
    if not all(one.optimum.converged for one in models):
        return NAN
    return sum(
        data.n * (one.optimum.point.value - h1.point.value)
        for data, one, h1 in zip(solution.data, models, solution.h1, strict=True)
    )


def _measures(solution: TwoLevelSolution) -> dict[str, float]:
    table, n = solution.table, solution.n
    baseline = _baseline(solution)
    df = degrees_of_freedom(solution)
    baseline_df = table.saturated_parameters - sum(one.parameters for one in baseline)
    chisq = max(n * (solution.point.value - solution.unrestricted_value), 0.0)
    baseline_chisq = _above(solution, baseline)
    out = fit_measures(
        chisq=chisq,
        df=df,
        baseline_chisq=baseline_chisq,
        baseline_df=baseline_df,
        n=n,
        n_groups=table.groups,
        npar=table.joint.n_parameters,
        fmin=solution.point.value / 2,
        logl=log_likelihood(solution, solution.point.points),
        unrestricted_logl=log_likelihood(solution, [one.point for one in solution.h1]),
    )
    for name in _NOT_OF_TWO_LEVELS:
        del out[name]
    within, between = (residual(solution, level) for level in (0, 1))
    out |= {"srmr": within + between, "srmr_within": within, "srmr_between": between}
    if solution.robust:
        out |= _scaled(solution, baseline, chisq, df, baseline_chisq, baseline_df)
    return {name: float(value) for name, value in out.items()}


def residual(solution: TwoLevelSolution, level: int) -> float:
    """SRMR of one level (0 within, 1 between): the root mean square of the differences between the
    unrestricted and the implied correlations, the diagonal's zeros counted, as lavaan's; of several groups
    the mean by their rows.
    """
    weights = solution.discrepancy.weights
    parts = [_group_residual(group, level) for group in solution.groups]
    return sum(w * part for w, part in zip(weights, parts, strict=True))


def _group_residual(group: SolvedGroup, level: int) -> float:
    sample, implied = group.h1.covariances[level], group.implied[level].sigma
    if not (np.isfinite(implied).all() and (implied.diagonal() > 0).all()):
        return NAN
    if (sample.diagonal() <= 0).any():
        return NAN
    difference = (_correlation(sample) - _correlation(implied))[np.tril_indices(len(sample))]
    return float(np.sqrt(np.mean(difference**2)))


def _correlation(cov: Array) -> Array:
    sd = np.sqrt(cov.diagonal())
    return np.asarray(cov / (sd[:, None] * sd))


def trace(model: Reduced) -> float:
    """tr(A^-1 B) of a model, A its observed information and B the products of the clusters' scores."""
    point = model.optimum.point
    information = model.discrepancy.derivatives(point, exact=True)[1] / 2
    scores = model.discrepancy.scores(point)
    meat = scores.T @ scores / model.discrepancy.n
    if model.transform is not None:
        information, meat = (
            model.transform.T @ part @ model.transform for part in (information, meat)
        )
    return float(np.trace(np.linalg.solve(information, meat)))


def unrestricted_trace(solution: TwoLevelSolution) -> float:
    """That of all groups' unrestricted models, given the fixed predictors."""
    total = 0.0
    for data, h1 in zip(solution.data, solution.h1, strict=True):
        inner = with_fixed(solution.table, h1, 0, 0)
        outer = with_fixed(solution.table, h1, 1, len(inner.positions))
        whole = GroupedDiscrepancy.of((data,), ((inner, outer),))
        theta = np.concatenate(
            [level_values(part, h1, k, as_is=True) for k, part in enumerate((inner, outer))]
        )
        total += trace(Reduced(whole, Optimum(whole.at(theta), theta, 0, True)))
    return total


def _scaled(
    solution: TwoLevelSolution,
    baseline: Sequence[Reduced],
    chisq: float,
    df: int,
    baseline_chisq: float,
    baseline_df: int,
) -> dict[str, float]:
    """Scaled and robust measures: Yuan & Bentler's (2000) factor as Mplus and lavaan have it, with the
    unrestricted model's traces at its own estimates.
    """
    table, n, groups = solution.table, solution.n, solution.table.groups
    unrestricted = unrestricted_trace(solution)
    inverse = solution.information_inverse
    own = NAN
    if inverse is not None:
        own = float(np.trace(inverse @ table.joint.reduced(solution.meat)))
    independent = sum(map(trace, baseline))
    factor = Scaling((unrestricted - own) / df if df > 0 else NAN)
    baseline_factor = Scaling((unrestricted - independent) / baseline_df if baseline_df else NAN)
    corrected, baseline_corrected = factor.apply(chisq), baseline_factor.apply(baseline_chisq)
    if df == 0:
        corrected = chisq
    out = {
        "chisq_scaled": corrected,
        "df_scaled": float(df),
        "pvalue_scaled": chi_square_pvalue(corrected, df),
        "chisq_scaling_factor": factor.factor,
        "baseline_chisq_scaled": baseline_corrected,
        "baseline_df_scaled": float(baseline_df),
        "baseline_pvalue_scaled": chi_square_pvalue(baseline_corrected, baseline_df),
        "baseline_chisq_scaling_factor": baseline_factor.factor,
        "scaling_factor_h1": unrestricted / table.saturated_parameters,
        "scaling_factor_h0": own / table.joint.n_free,
    }
    relative = incremental(corrected, df, baseline_corrected, baseline_df)
    out |= {f"{name}_scaled": value for name, value in relative.items()}
    robust = incremental(
        chisq,
        df,
        baseline_chisq,
        baseline_df,
        scaling=factor.factor,
        baseline_scaling=baseline_factor.factor,
    )
    out |= {f"{name}_robust": robust[name] for name in ("cfi", "tli", "nnfi", "rni")}
    scaled = rmsea(chisq, df * factor.factor if factor.defined else NAN, n, n_groups=groups)
    better = rmsea(chisq, df, n, n_groups=groups, scaling=factor.factor, interval_chisq=corrected)
    for kind, value in (("scaled", scaled), ("robust", better)):
        out |= {
            f"rmsea_{kind}": value.estimate,
            f"rmsea_ci_lower_{kind}": value.ci_lower,
            f"rmsea_ci_upper_{kind}": value.ci_upper,
            f"rmsea_pvalue_{kind}": value.pvalue,
            f"rmsea_notclose_pvalue_{kind}": value.notclose_pvalue,
        }
    return out


def level_fits(solution: TwoLevelSolution) -> tuple[LevelFit, ...]:
    """Each level's own fit, within first; empty where parameters are tied across levels, or the fit did
    not converge.

    The chi-square of a model that restricts one level and leaves the other unrestricted tells which
    level misfits, which that of both hardly does for the level between, whose clusters are few.
    """
    if not solution.optimum.converged:
        return ()
    found = []
    for level in (0, 1):
        own = solve_at(solution, level)
        if own is None:
            return ()
        found.append(_level_fit(solution, level, own))
    return tuple(found)


def _level_fit(solution: TwoLevelSolution, level: int, found: Reduced) -> LevelFit:
    data, table = solution.data, solution.table
    n = solution.n if level == 0 else solution.n_clusters
    df = table.saturated_parameters - found.parameters
    srmr = residual(solution, level)
    if not found.optimum.converged:
        return LevelFit(level + 1, n, NAN, df, NAN, NAN, NAN, NAN, NAN, NAN, srmr)
    independent = [
        independence_at(own, table, h1, level) for own, h1 in zip(data, solution.h1, strict=True)
    ]
    chisq = max(solution.n * (found.optimum.point.value - solution.unrestricted_value), 0.0)
    baseline_chisq = _above(solution, independent)
    baseline_df = table.saturated_parameters - sum(one.parameters for one in independent)
    factor: float | None = None
    if solution.robust:
        whole = unrestricted_trace(solution)
        factor = (whole - trace(found)) / df if df > 0 else NAN
        chisq = Scaling(factor).apply(chisq) if df > 0 else chisq
        spread = (whole - sum(map(trace, independent))) / baseline_df if baseline_df > 0 else NAN
        baseline_chisq = Scaling(spread).apply(baseline_chisq)
    relative = incremental(chisq, df, baseline_chisq, baseline_df)
    close = rmsea(chisq, df, n, n_groups=table.groups)
    return LevelFit(
        level + 1,
        n,
        chisq,
        df,
        chi_square_pvalue(chisq, df),
        relative["cfi"],
        relative["tli"],
        close.estimate,
        close.ci_lower,
        close.ci_upper,
        srmr,
        factor,
    )
