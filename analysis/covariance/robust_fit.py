"""On what robust CFI, TLI and RMSEA stand: chi-squares of complete normal data and their scaling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.covariance import robust
from analysis.covariance.estimation import LeastSquares
from analysis.covariance.matrices import Array, jacobian, positive_inverse, vech_index
from analysis.covariance.missing import fiml
from analysis.covariance.ordinal.limited_discrepancy import LimitedDiscrepancy
from analysis.covariance.solution import Solution
from analysis.covariance.statistics import Scaling, TestStatistics


@dataclass(frozen=True)
class RobustBasis:
    """Chi-squares and scaling factors on which robust CFI, TLI and RMSEA stand."""

    chisq: float
    scaling: float
    interval_chisq: float
    baseline_chisq: float
    baseline_scaling: float
    interval_scaling: float | None = None  # of a statistic shifted, whose scale is not its mean's


def implied_covariances(solution: Solution) -> list[Array]:
    covariances = [implied.sigma for implied in solution.implied]
    if solution.settings.ordered:
        covariances = [
            sigma - np.diag(np.diag(sigma)) + np.eye(len(sigma)) for sigma in covariances
        ]
    return covariances


def robust_basis(solution: Solution, tests: TestStatistics) -> RobustBasis | None:
    if tests.df == 0:
        return None
    discrepancy = solution.discrepancy
    if isinstance(discrepancy, fiml.FimlDiscrepancy):
        return _incomplete_basis(solution, tests)
    if tests.scaling is None or tests.baseline_scaling is None:
        return None
    if isinstance(discrepancy, LimitedDiscrepancy):
        return _limited_basis(solution, discrepancy, tests)
    if isinstance(discrepancy, LeastSquares):
        return _ordinal_basis(solution, discrepancy, tests)
    if solution.settings.scaled_and_shifted:
        # Means of both statistics, whose shift is no part of them.
        factor = tests.scaling.trace / tests.df
        baseline = tests.baseline_scaling.trace / tests.baseline_df
    else:
        factor, baseline = tests.scaling.factor, tests.baseline_scaling.factor
    return RobustBasis(
        tests.chisq,
        factor,
        tests.scaling.apply(tests.chisq),
        tests.baseline_chisq,
        baseline,
        tests.scaling.factor,
    )


def _ordinal_basis(
    solution: Solution, discrepancy: LeastSquares, tests: TestStatistics
) -> RobustBasis | None:
    """Normal-theory fit of the polychoric correlations at the DWLS estimates (Savalei 2021).

    None where a polychoric matrix is not positive definite.
    """
    keep = discrepancy.keep
    if keep is None:
        return None
    chisq = baseline = baseline_trace = 0.0
    parts = solution.weighted_jacobians(discrepancy)
    complete = []
    for sigma, group, (_, _, gamma, _) in zip(
        implied_covariances(solution), solution.data.groups, parts, strict=True
    ):
        model, data = positive_inverse(sigma), positive_inverse(group.cov)
        if model is None or data is None:
            return None
        distance = model[1] - data[1] + float(np.sum(model[0] * group.cov)) - len(sigma)
        chisq += group.size * distance
        baseline -= group.size * data[1]
        complete.append(robust.normal_weight(model[0], means=False)[np.ix_(keep, keep)])
        baseline_trace += float(np.trace(gamma))
    trace = projected_trace(
        [delta @ solution.table.transform for delta, *_ in parts],
        [np.diag(v) for _, v, _, _ in parts],
        complete,
        [gamma for _, _, gamma, _ in parts],
        solution.data.shares,
    )
    scaling = trace / tests.df
    return RobustBasis(
        chisq, scaling, Scaling(scaling).apply(chisq), baseline, baseline_trace / tests.baseline_df
    )


def _limited_basis(
    solution: Solution, discrepancy: LimitedDiscrepancy, tests: TestStatistics
) -> RobustBasis | None:
    """The same where all variables are ordinal; None with numbers or predictors, and where the text says
    thresholds, response scales or means, as in lavaan.
    """
    said = any(row.said and row.op in ("|", "~*~", "~1") for row in solution.table.rows)
    layout = discrepancy.layout
    if said or len(layout.numeric) or layout.predictors:
        return None
    p, own = len(layout.names), int(layout.starts[-1])
    parts = solution.weighted_jacobians(discrepancy)
    i, j = vech_index(p)
    chisq = baseline = baseline_trace = 0.0
    complete = []
    for fitted, sample, group, (_, _, gamma, _) in zip(
        discrepancy.fitted(solution.theta),
        discrepancy.samples,
        solution.data.groups,
        parts,
        strict=True,
    ):
        sigma = np.eye(p)
        sigma[i[i != j], j[i != j]] = sigma[j[i != j], i[i != j]] = fitted[own:]
        model, data = positive_inverse(sigma), positive_inverse(sample.covariance)
        if model is None or data is None:
            return None
        chisq += group.size * (model[1] - data[1] + float(np.sum(model[0] * sample.covariance)) - p)
        baseline -= group.size * data[1]
        weight = np.zeros((layout.size, layout.size))
        weight[own:, own:] = robust.normal_weight(model[0], means=False)[np.ix_(i != j, i != j)]
        complete.append(weight)
        baseline_trace += float(np.trace(gamma[own:, own:]))
    trace = projected_trace(
        [delta @ solution.table.transform for delta, *_ in parts],
        [np.diag(v) for _, v, _, _ in parts],
        complete,
        [gamma for _, _, gamma, _ in parts],
        solution.data.shares,
    )
    scaling = trace / tests.df
    return RobustBasis(
        chisq, scaling, Scaling(scaling).apply(chisq), baseline, baseline_trace / tests.baseline_df
    )


def _incomplete_basis(solution: Solution, tests: TestStatistics) -> RobustBasis | None:
    """Complete-data fit of the EM moments at the FIML estimates (Zhang & Savalei 2023).

    Their correction V6 with the plain, V3 with the robust test. None for more items than the
    information of all moments can be held for.
    """
    table = solution.table
    p = len(table.observed)
    if p > fiml.MAX_TENSOR_ITEMS or table.exogenous:
        return None
    independent = _independent_jacobian(p)
    jacobians, with_missing, complete, gammas = [], [], [], []
    chisq = baseline = 0.0
    for structure, implied, group, found in zip(
        solution.structures,
        solution.implied,
        solution.data.groups,
        solution.saturated,
        strict=True,
    ):
        information = fiml.moment_curvature(found, exact=True) / 2
        with_missing.append(information)
        complete.append(robust.normal_weight(np.linalg.inv(group.cov), means=True))
        if solution.settings.robust:
            f = fiml.saturated_factors(p)
            scores = fiml.casewise_scores(group.required_rows, found, group.mean, f)
            half = np.linalg.solve(information, group.design.products(scores) / group.size)
            gammas.append(np.linalg.solve(information, half.T))
        else:
            gammas.append(np.linalg.inv(information))
        delta = np.zeros((len(information), len(solution.theta)))
        delta[:, structure.positions] = jacobian(structure.factors(implied), means=True)
        jacobians.append(delta @ table.transform)
        distance = _complete_distance(group.cov, group.mean, implied.sigma, implied.mu)
        chisq += group.size * distance
        rows = group.required_rows
        means = group.design.mean(rows)
        spread = np.diag(group.design.mean((rows - means) ** 2))
        baseline += group.size * _complete_distance(group.cov, group.mean, spread, means)
    shares = solution.data.shares
    trace = projected_trace(jacobians, with_missing, complete, gammas, shares)
    alone = [np.kron(np.eye(len(shares))[g], independent) for g in range(len(shares))]
    baseline_trace = projected_trace(alone, with_missing, complete, gammas, shares)
    scaling = trace / tests.df
    return RobustBasis(
        chisq, scaling, Scaling(scaling).apply(chisq), baseline, baseline_trace / tests.baseline_df
    )


def _independent_jacobian(p: int) -> Array:
    """Moments (means, vech) by the independence model's parameters (means, variances)."""
    i, j = vech_index(p)
    delta = np.zeros((p + len(i), 2 * p))
    delta[np.arange(p), np.arange(p)] = 1.0
    delta[p + np.flatnonzero(i == j), p + np.arange(p)] = 1.0
    return delta


def _complete_distance(cov: Array, mean: Array, sigma: Array, mu: Array) -> float:
    precision = np.linalg.inv(sigma)
    shift = mean - mu
    return float(
        np.linalg.slogdet(sigma)[1]
        - np.linalg.slogdet(cov)[1]
        + np.sum(precision * cov)
        - len(cov)
        + shift @ precision @ shift
    )


def projected_trace(
    jacobians: list[Array],
    fitted: list[Array],
    weights: list[Array],
    gammas: list[Array],
    shares: Array,
) -> float:
    """tr(R' C R Gamma) over groups, R = I - Delta (Delta' W Delta)^-1 Delta' W.

    ``fitted`` are the W by which the estimates were found, ``weights`` the C in which the misfit
    is judged.
    """
    bread = sum(share * d.T @ w @ d for d, w, share in zip(jacobians, fitted, shares, strict=True))
    inverse = np.linalg.inv(bread)
    judged = [weight @ d for weight, d in zip(weights, jacobians, strict=True)]
    within = sum(share * d.T @ own for share, d, own in zip(shares, jacobians, judged, strict=True))
    trace = 0.0
    # By group with B = (Delta' W Delta)^-1 Delta' W: tr(C Gamma) - 2 tr(Delta' C Gamma B') and, of all
    # groups' Delta' C Delta, tr(Delta' C Delta B Gamma B').
    for d, w, gamma, weight, own, share in zip(
        jacobians, fitted, gammas, weights, judged, shares, strict=True
    ):
        back = inverse @ (d.T @ w)
        spread = gamma @ back.T
        trace += float(np.sum(weight * gamma) - 2 * share * np.sum(own * spread))
        trace += share * float(np.sum(within * (back @ spread)))
    return trace
