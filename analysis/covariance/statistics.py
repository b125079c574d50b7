"""Test statistics of a fitted model and of the independence model, plain and scaled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.covariance import design, robust
from analysis.covariance.data import GroupData
from analysis.covariance.estimation import LeastSquares, normal_information
from analysis.covariance.matrices import Array, Factors, vech_index
from analysis.covariance.missing import fiml
from analysis.covariance.ordinal.limited_discrepancy import LimitedDiscrepancy
from analysis.covariance.settings import Options
from analysis.covariance.shifted_tests import shifted_traces
from analysis.covariance.solution import Solution
from analysis.covariance.u_gamma import u_gamma_traces


@dataclass(frozen=True)
class Scaling:
    """How a statistic is corrected: ``chisq / factor + shift`` has about the mean (with ``shift``
    also the variance) of a chi-square; ``trace`` is tr(U Gamma), the mean of the uncorrected one.

    Small samples can make ``factor`` negative: then no corrected statistic exists.
    """

    factor: float
    shift: float = 0.0
    trace: float = float("nan")

    @property
    def defined(self) -> bool:
        """Whether the factor is positive, so that a corrected statistic exists."""
        return self.factor > 0

    def apply(self, chisq: float) -> float:
        """The corrected statistic; NaN where it does not exist."""
        return chisq / self.factor + self.shift if self.defined else float("nan")


@dataclass(frozen=True)
class TestStatistics:
    """Chi-squares of the model and of the independence model with what scales them."""

    __test__ = False  # the word means the statistic here, not a test case

    chisq: float
    df: int
    baseline_chisq: float
    baseline_df: int
    n_moments: int
    fmin: float
    logl: float | None = None
    unrestricted_logl: float | None = None
    scaling: Scaling | None = None
    baseline_scaling: Scaling | None = None
    h1_factor: float | None = None
    h0_factor: float | None = None


def test_statistics(solution: Solution) -> TestStatistics:
    """All of it for one fitted model."""
    table, settings = solution.table, solution.settings
    p, x = len(table.observed), len(table.exogenous)
    means = table.mean_structure
    if settings.ordered:
        thresholds = sum(group.ordinal.n_thresholds for group in solution.data.groups)
        n_moments = table.groups * p * (p - 1) // 2 + thresholds
        df = n_moments - thresholds - table.n_parameters
        baseline_df = table.groups * p * (p - 1) // 2
    else:
        each = p * (p + 1) // 2 - x * (x + 1) // 2 + ((p - x) if means else 0)
        n_moments = table.groups * each
        df = n_moments - table.n_parameters
        baseline_df = table.groups * (p * (p - 1) // 2 - x * (x - 1) // 2)
    if isinstance(solution.discrepancy, LimitedDiscrepancy):
        return _limited(solution, solution.discrepancy)
    if isinstance(solution.discrepancy, LeastSquares):
        return _least_squares(solution, solution.discrepancy, df, baseline_df, n_moments)
    if isinstance(solution.discrepancy, fiml.FimlDiscrepancy):
        return _incomplete(solution, df, baseline_df, n_moments)
    return _complete(solution, df, baseline_df, n_moments)


def _complete(solution: Solution, df: int, baseline_df: int, n_moments: int) -> TestStatistics:
    size, value = solution.multiplier, solution.optimum.point.value
    baseline = logl = h1_logl = 0.0
    at = solution.exogenous
    for group, structure_weight in zip(solution.data.groups, solution.data.shares, strict=True):
        p = len(group.mean)
        log_s = group.log_determinant
        weight = (group.n - 1) / size if solution.settings.unbiased else structure_weight
        baseline += weight * (_independent_log_determinant(group.cov, at) - log_s)
        own = group.size * (p * np.log(2 * np.pi) + log_s + p)
        h1_logl -= 0.5 * own
        if at:
            log_x = float(np.linalg.slogdet(group.cov[np.ix_(at, at)])[1])
            h1_logl += 0.5 * group.size * (len(at) * np.log(2 * np.pi) + log_x + len(at))
    logl = h1_logl - 0.5 * solution.data.n * value
    scaling = baseline_scaling = None
    factors: tuple[float | None, float | None] = (None, None)
    if solution.settings.robust:
        scaling, baseline_scaling, factors = _normal_scaling(solution, df, baseline_df, n_moments)
    return TestStatistics(
        max(size * value, 0.0),
        df,
        size * baseline,
        baseline_df,
        n_moments,
        value / 2,
        logl,
        h1_logl,
        scaling,
        baseline_scaling,
        *factors,
    )


def _independent_log_determinant(cov: Array, exogenous: list[int]) -> float:
    """Log-determinant of the covariance in which only observed predictors covary."""
    others = [i for i in range(len(cov)) if i not in exogenous]
    value = float(np.log(cov.diagonal()[others]).sum())
    if exogenous:
        value += float(np.linalg.slogdet(cov[np.ix_(exogenous, exogenous)])[1])
    return value


def _normal_scaling(
    solution: Solution, df: int, baseline_df: int, n_moments: int
) -> tuple[Scaling | None, Scaling | None, tuple[float | None, float | None]]:
    """Scaling factors of MLR (Yuan & Bentler 2000, traces apart) and MLM (Satorra & Bentler 1994);
    scale and shift of MLMV.
    """
    if solution.settings.estimator == "MLMV":
        own, alone = shifted_traces(solution)
        return (
            scaled_shifted(*own, df) if df > 0 else None,
            scaled_shifted(*alone, baseline_df) if baseline_df > 0 else None,
            (None, None),
        )
    transform = solution.table.transform
    mlr = solution.settings.estimator == "MLR"
    h1, baseline_h1, baseline_h0 = _mlr_traces(solution) if mlr else _mlm_traces(solution)
    information = solution.observed if mlr else solution.expected
    bread = transform.T @ information @ transform
    meat = transform.T @ solution.meat @ transform
    h0 = float(np.trace(np.linalg.solve(bread, meat)))
    factors = (h1 / n_moments, h0 / solution.table.n_free) if mlr else (None, None)
    spread = baseline_h1 - baseline_h0
    return (
        Scaling((h1 - h0) / df, trace=h1 - h0) if df > 0 else None,
        Scaling(spread / baseline_df, trace=spread) if baseline_df > 0 else None,
        factors,
    )


def _mlr_traces(solution: Solution) -> tuple[float, float, float]:
    """tr(A^-1 B) of the unrestricted model, for the model and for the independence model, and of the
    independence model.
    """
    means, at = solution.table.mean_structure, solution.exogenous
    h1 = baseline = 0.0
    for group in solution.data.groups:
        centred = group.required_rows - group.mean
        if not group.design.simple:
            found = _designed_traces(group, centred, at, means=means)
            h1, baseline = h1 + found[0], baseline + found[1]
            continue
        h1 += robust.gamma_trace(centred, np.linalg.inv(group.cov), group.cov, means=means)
        if at:
            part = group.cov[np.ix_(at, at)]
            inverse = np.linalg.inv(part)
            h1 -= robust.gamma_trace(centred[:, at], inverse, part, means=means)
        others = [i for i in range(len(group.cov)) if i not in at]
        baseline += robust.independent_trace(centred[:, others], means=means)
    return h1, h1, baseline


def _designed_traces(
    group: GroupData, centred: Array, exogenous: list[int], *, means: bool
) -> tuple[float, float]:
    """The unrestricted and the independence model's tr(A^-1 B) of weighted or clustered rows."""
    drawn = group.design
    inverse = np.linalg.inv(group.cov)
    h1 = design.saturated_trace(centred, inverse, drawn, means=means)
    if exogenous:
        inverse = np.linalg.inv(group.cov[np.ix_(exogenous, exogenous)])
        h1 -= design.saturated_trace(centred[:, exogenous], inverse, drawn, means=means)
    others = [i for i in range(len(group.cov)) if i not in exogenous]
    return h1, design.independent_trace(centred[:, others], drawn, means=means)


def _mlm_traces(solution: Solution) -> tuple[float, float, float]:
    """tr(V Gamma) at the weight of the model and of the independence model, and the part of the
    latter that its own parameters take.
    """
    means, at = solution.table.mean_structure, solution.exogenous
    unstructured = solution.settings.h1_information == "unstructured"
    h1 = baseline_h1 = baseline_h0 = 0.0
    for group, weight in zip(solution.data.groups, solution.weight_matrices, strict=True):
        centred = group.required_rows - group.mean
        slopes = robust.conditional_slopes(group.cov, at)
        own = robust.gamma_trace(centred, weight, group.cov, means=means, slopes=slopes)
        h1 += own
        if unstructured:
            baseline_h1 += own
            baseline_h0 += _independent_at_the_sample(group, weight, at, means=means)
            continue
        independent = _independent_inverse(group.cov, at)
        baseline_h1 += robust.gamma_trace(
            centred, independent, group.cov, means=means, slopes=slopes
        )
        baseline_h0 += (
            robust.independent_trace(centred, means=means)
            if slopes is None
            else robust.conditional_independent_trace(centred, slopes, at, means=means)
        )
    return h1, baseline_h1, baseline_h0


def _independent_at_the_sample(
    group: GroupData, weight: Array, exogenous: list[int], *, means: bool
) -> float:
    """tr(A^-1 B) of the independence model's variances (and means), weighed at the sample's moments."""
    p = len(group.cov)
    others = [i for i in range(p) if i not in exogenous]
    variances, zero = np.eye(p)[:, others], np.zeros(len(others))
    both, slope = np.hstack([variances, variances / 2]), zero
    if means:
        # A mean's derivative is a multiple of u with no part in the covariance.
        none = np.zeros((p, len(others)))
        both = np.hstack([variances, variances, variances / 2, none])
        slope = np.concatenate([zero, np.ones(len(others))])
    f = Factors(both, slope)
    meat = robust.score_products(
        group.required_rows,
        group.mean,
        weight,
        f,
        means=means,
        centre=True,
        slopes=robust.conditional_slopes(group.cov, exogenous),
    )
    bread = normal_information(f, weight, means=means)
    return float(np.trace(np.linalg.solve(bread, meat / group.n)))


def _independent_inverse(cov: Array, exogenous: list[int]) -> Array:
    independent = np.diag(np.diag(cov)).astype(float)
    if exogenous:
        block = np.ix_(exogenous, exogenous)
        independent[block] = cov[block]
    return np.asarray(np.linalg.inv(independent))


def _incomplete(solution: Solution, df: int, baseline_df: int, n_moments: int) -> TestStatistics:
    at = solution.exogenous
    logl = h1_logl = baseline_logl = 0.0
    h1 = baseline_h0 = 0.0
    for group, saturated, found in zip(
        solution.data.groups, solution.saturated, solution.optimum.point.pieces, strict=True
    ):
        rows = group.required_rows
        drawn = group.design
        own_x = _complete_log_likelihood(rows[:, at], drawn)
        h1_logl += saturated.log_likelihood - own_x
        logl += found.log_likelihood - own_x
        others = [j for j in range(rows.shape[1]) if j not in at]
        free = rows[:, others]
        away = free - drawn.mean(free)
        n, variances = drawn.size(free), drawn.mean(away**2)
        baseline_logl -= 0.5 * float(n @ (np.log(2 * np.pi * variances) + 1))
        if solution.settings.robust:
            baseline_h0 += design.independent_trace(away, drawn, means=True)
            h1 += fiml.saturated_trace(rows, saturated, group.mean, drawn)
            if at:
                mean, part = drawn.moments(rows[:, at])
                centred = rows[:, at] - mean
                h1 -= design.saturated_trace(centred, np.linalg.inv(part), drawn, means=True)
    scaling = baseline_scaling = None
    factors: tuple[float | None, float | None] = (None, None)
    if solution.settings.robust:
        transform = solution.table.transform
        bread = transform.T @ solution.observed @ transform
        h0 = float(np.trace(np.linalg.solve(bread, transform.T @ solution.meat @ transform)))
        scaling = Scaling((h1 - h0) / df, trace=h1 - h0) if df > 0 else None
        spread = h1 - baseline_h0
        baseline_scaling = Scaling(spread / baseline_df, trace=spread) if baseline_df else None
        factors = (h1 / n_moments, h0 / solution.table.n_free)
    return TestStatistics(
        max(2 * (h1_logl - logl), 0.0),
        df,
        2 * (h1_logl - baseline_logl),
        baseline_df,
        n_moments,
        (h1_logl - logl) / solution.data.n,
        logl,
        h1_logl,
        scaling,
        baseline_scaling,
        *factors,
    )


def _complete_log_likelihood(rows: Array, drawn: design.Design) -> float:
    """Normal log-likelihood of complete rows at their own moments; 0 for no columns."""
    n, p = rows.shape
    if p == 0:
        return 0.0
    cov = drawn.moments(rows)[1]
    return float(-0.5 * drawn.size_of(n) * (p * np.log(2 * np.pi) + np.linalg.slogdet(cov)[1] + p))


def _least_squares(
    solution: Solution, discrepancy: LeastSquares, df: int, baseline_df: int, n_moments: int
) -> TestStatistics:
    size, value = solution.multiplier, solution.optimum.point.value
    baseline = sum(
        sample.weight * _independent_discrepancy(group, v, discrepancy, solution.exogenous)
        for sample, group, v in zip(
            discrepancy.groups, solution.data.groups, discrepancy.weights, strict=True
        )
    )
    scaling = baseline_scaling = None
    if solution.settings.robust and df > 0:
        parts = solution.weighted_jacobians(discrepancy)
        settings = solution.settings
        scaling = scaled(*u_gamma_traces(parts, solution.table.transform), df, settings)
        empty = np.zeros((solution.table.n_free, 0))
        baseline_scaling = scaled(*u_gamma_traces(parts, empty), baseline_df, settings)
    fmin = 0.5 * value * size / solution.data.n
    return TestStatistics(
        size * value,
        df,
        float(size * baseline),
        baseline_df,
        n_moments,
        fmin,
        scaling=scaling,
        baseline_scaling=baseline_scaling,
    )


def _limited(solution: Solution, discrepancy: LimitedDiscrepancy) -> TestStatistics:
    """Of ordinal items beside numbers or predictors; the independence model has no covariances of what
    the predictors leave, and everything else free.
    """
    table, settings = solution.table, solution.settings
    pairs = slice(int(discrepancy.layout.starts[-1]), discrepancy.layout.size)
    n_moments = table.groups * discrepancy.layout.size
    df = n_moments - table.n_parameters
    baseline_df = table.groups * (pairs.stop - pairs.start)
    size, value = solution.multiplier, solution.optimum.point.value
    baseline = sum(
        share * float(np.sum(v[pairs] * sample.values[pairs] ** 2))
        for share, v, sample in zip(
            discrepancy.shares, discrepancy.weights, discrepancy.samples, strict=True
        )
    )
    scaling = baseline_scaling = None
    if settings.robust and df > 0:
        parts = solution.weighted_jacobians(discrepancy)
        scaling = scaled(*u_gamma_traces(parts, table.transform), df, settings)
        alone = [
            (delta[pairs], v[pairs], gamma[pairs, pairs], share) for delta, v, gamma, share in parts
        ]
        empty = np.zeros((table.n_free, 0))
        baseline_scaling = scaled(*u_gamma_traces(alone, empty), baseline_df, settings)
    return TestStatistics(
        size * value,
        df,
        size * baseline,
        baseline_df,
        n_moments,
        0.5 * value * size / solution.data.n,
        scaling=scaling,
        baseline_scaling=baseline_scaling,
    )


def scaled(first: float, second: float, df: int, settings: Options) -> Scaling:
    """The correction that the estimator makes, given tr(U Gamma) and tr((U Gamma)^2)."""
    if settings.scaled_and_shifted:
        return scaled_shifted(first, second, df)
    return Scaling(first / df, trace=first)


def _independent_discrepancy(
    group: GroupData, v: Array, discrepancy: LeastSquares, exogenous: list[int]
) -> float:
    """The least-squares minimum of the model with variances (and means) alone, in closed form.

    Observed predictors keep their sample moments, which leave no residual.
    """
    rows, columns = vech_index(len(group.cov))
    s = group.cov[rows, columns]
    free = rows == columns
    exact = np.isin(rows, exogenous) & np.isin(columns, exogenous)
    if discrepancy.means:
        s = np.concatenate([group.mean, s])
        free = np.concatenate([np.ones(len(group.mean), dtype=bool), free])
        exact = np.concatenate([np.isin(np.arange(len(group.mean)), exogenous), exact])
    if discrepancy.keep is not None:
        s, free, exact = s[discrepancy.keep], free[discrepancy.keep], exact[discrepancy.keep]
    if exact.any():
        s, free = s[~exact], free[~exact]
        v = v[~exact] if v.ndim == 1 else v[np.ix_(~exact, ~exact)]
    if v.ndim == 1:
        return float(np.sum((v * s**2)[~free]))
    held = s[~free]
    schur = v[np.ix_(~free, ~free)]
    cross = v[np.ix_(~free, free)]
    schur = schur - cross @ np.linalg.solve(v[np.ix_(free, free)], cross.T)
    return float(held @ schur @ held)


def scaled_shifted(first: float, second: float, df: int) -> Scaling:
    """The scale and shift that give the statistic a chi-square's mean and variance (Asparouhov &
    Muthén 2010); a factor of NaN where the statistic has no variance.
    """
    if not second > 0:
        return Scaling(float("nan"), float("nan"), first)
    scale = np.sqrt(df / second)
    return Scaling(float(1 / scale), float(df - scale * first), first)
