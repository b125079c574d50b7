"""All fit measures of a fitted model, with the scaled and robust ones where its estimator has them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.covariance.data import GroupData
from analysis.covariance.estimation import LeastSquares
from analysis.covariance.fit_measures import (
    NAN,
    chi_square_pvalue,
    fit_measures,
    gfi,
    incremental,
    rmsea,
    without,
)
from analysis.covariance.matrices import Array, vech_index
from analysis.covariance.missing import fiml
from analysis.covariance.ordinal.limited_discrepancy import LimitedDiscrepancy
from analysis.covariance.ordinal.limited_measures import residual_measures, weighted_gfi
from analysis.covariance.robust_fit import RobustBasis, implied_covariances, robust_basis
from analysis.covariance.solution import Solution
from analysis.covariance.statistics import TestStatistics

COUNTS = ("npar", "df", "baseline_df", "df_scaled", "baseline_df_scaled", "ntotal")


def measures(solution: Solution, tests: TestStatistics) -> dict[str, float]:
    """Every measure by lavaan's name with underscores; NaN but for counts where the fit did not
    converge, whose numbers belong to no solution.
    """
    found = _measures(solution, tests)
    if solution.optimum.converged:
        return found
    return {name: value if name in COUNTS else NAN for name, value in found.items()}


def _measures(solution: Solution, tests: TestStatistics) -> dict[str, float]:
    data, settings = solution.data, solution.settings
    means = solution.table.mean_structure
    n_groups = len(data.groups)
    group_n = [group.size for group in data.groups]
    own = own_items(solution)
    limited = solution.discrepancy
    if isinstance(limited, LimitedDiscrepancy):
        return _limited(solution, limited, tests)
    out = fit_measures(
        chisq=tests.chisq,
        df=tests.df,
        baseline_chisq=tests.baseline_chisq,
        baseline_df=tests.baseline_df,
        n=data.n,
        npar=_parameters(solution),
        logl=tests.logl,
        unrestricted_logl=tests.unrestricted_logl,
        n_groups=n_groups,
        group_n=group_n,
        multiplier=solution.multiplier,
        fmin=tests.fmin,
        sample=[group.cov[own][:, own] for group in data.groups],
        implied=[sigma[own][:, own] for sigma in implied_covariances(solution)],
        sample_mean=[group.mean[own] for group in data.groups] if means else None,
        implied_mean=[implied.mu[own] for implied in solution.implied] if means else None,
        n_moments=tests.n_moments if settings.ordered else None,
        gfi_value=_weighted_gfi(solution),
        zero_moments=_thresholds(solution),
    )
    if settings.unweighted:
        # Unweighted least squares has no chi-square distribution to take a probability from.
        out["pvalue"] = out["baseline_pvalue"] = NAN
    if settings.ordered:
        out |= {"srmr_mplus": NAN, "srmr_mplus_nomean": NAN}
        moments = tests.n_moments / n_groups
        out["wrmr"] = float(np.sqrt(tests.chisq / moments)) if n_groups == 1 else NAN
        del out["ecvi"]
    if tests.scaling is not None and tests.baseline_scaling is not None:
        out |= _scaled(solution, tests)
    basis = None if settings.auxiliary else robust_basis(solution, tests)
    if basis is not None:
        out |= _robust(basis, tests, solution.multiplier, n_groups)
    if settings.auxiliary:  # whose moments are no part of what the model explains
        out = {name: value for name, value in out.items() if name not in ("gfi", "agfi", "pgfi")}
    return {name: float(value) for name, value in out.items()}


def own_items(solution: Solution) -> slice | Array:
    """Which observed variables the model is about: all but auxiliary ones."""
    outside = solution.settings.auxiliary
    if not outside:
        return slice(None)
    return np.flatnonzero([name not in outside for name in solution.table.observed])


def _limited(
    solution: Solution, discrepancy: LimitedDiscrepancy, tests: TestStatistics
) -> dict[str, float]:
    """Of ordinal items beside numbers or predictors."""
    n_groups = len(solution.data.groups)
    out = fit_measures(
        chisq=tests.chisq,
        df=tests.df,
        baseline_chisq=tests.baseline_chisq,
        baseline_df=tests.baseline_df,
        n=solution.data.n,
        npar=solution.table.n_parameters,
        n_groups=n_groups,
        multiplier=solution.multiplier,
        fmin=tests.fmin,
        n_moments=tests.n_moments,
        gfi_value=weighted_gfi(solution, discrepancy),
    )
    if solution.settings.unweighted:
        out["pvalue"] = out["baseline_pvalue"] = NAN
    out |= residual_measures(solution, discrepancy)
    out["wrmr"] = float(np.sqrt(tests.chisq / tests.n_moments)) if n_groups == 1 else NAN
    del out["ecvi"]
    out |= _scaled(solution, tests)
    basis = robust_basis(solution, tests)
    if basis is not None:
        out |= _robust(basis, tests, solution.multiplier, n_groups)
    return {name: float(value) for name, value in out.items()}


def _parameters(solution: Solution) -> int:
    """Free parameters, with an ordinal model's thresholds, which are all free."""
    if not solution.settings.ordered:
        return solution.table.n_parameters
    thresholds = sum(group.ordinal.n_thresholds for group in solution.data.groups)
    return solution.table.n_parameters + thresholds


def _thresholds(solution: Solution) -> int:
    """Thresholds of one group, on average; 0 for continuous items."""
    if not solution.settings.ordered:
        return 0
    total = sum(group.ordinal.n_thresholds for group in solution.data.groups)
    return total // len(solution.data.groups)


def _weighted_gfi(solution: Solution) -> float:
    """1 - e' V e / s' V s, averaged over groups; for complete-data likelihood the trace form."""
    discrepancy, groups = solution.discrepancy, solution.data.groups
    if isinstance(discrepancy, fiml.FimlDiscrepancy):
        return _incomplete_gfi(solution)
    if not isinstance(discrepancy, LeastSquares):
        means = solution.table.mean_structure
        return gfi(
            [group.cov for group in groups],
            [implied.sigma for implied in solution.implied],
            sample_mean=[group.mean for group in groups] if means else None,
            implied_mean=[implied.mu for implied in solution.implied] if means else None,
            group_n=[group.size for group in groups],
            precision=[implied.precision for implied in solution.implied],
            fixed=solution.exogenous,
        )
    values = []
    for group, implied, v in zip(
        solution.data.groups, solution.implied, discrepancy.weights, strict=True
    ):
        i, j = vech_index(len(group.cov))
        s, sigma = group.cov[i, j], implied.sigma[i, j]
        if discrepancy.means:
            s, sigma = np.concatenate([group.mean, s]), np.concatenate([implied.mu, sigma])
        if discrepancy.keep is not None:
            s, sigma = s[discrepancy.keep], sigma[discrepancy.keep]
        e = s - sigma
        size = float(s @ (v * s if v.ndim == 1 else v @ s))
        if group.polychoric is not None and group.polychoric.gamma is not None:
            thresholds = np.concatenate(group.polychoric.thresholds)
            variance = np.diag(group.polychoric.gamma)[: len(thresholds)]
            if solution.settings.unweighted:
                variance = np.ones(len(thresholds))
            size += float(np.sum(thresholds**2 / variance))
        values.append(1 - float(e @ (v * e if v.ndim == 1 else v @ e)) / size)
    return float(np.average(values, weights=solution.data.shares))


def _incomplete_gfi(solution: Solution) -> float:
    """The same as lavaan has it for incomplete rows: pairwise moments, weighted by the expected
    information of the patterns at the model.
    """
    values = []
    for group, implied, found in zip(
        solution.data.groups, solution.implied, solution.optimum.point.pieces, strict=True
    ):
        mean, cov = _known_moments(group)
        misfit = fiml.expected_distance(found, mean - implied.mu, cov - implied.sigma)
        known = without(mean, solution.exogenous), without(cov, solution.exogenous)
        values.append(1 - misfit / fiml.expected_distance(found, *known))
    return float(np.average(values, weights=solution.data.shares))


def _known_moments(group: GroupData) -> tuple[Array, Array]:
    """Of incomplete rows the pairwise moments; of weighted ones those of EM, as lavaan has it."""
    if group.design.weights is not None:
        return group.mean, group.cov
    rows = pd.DataFrame(group.required_rows)
    return rows.mean().to_numpy(), rows.cov().to_numpy() * (group.n - 1) / group.n


def _scaled(solution: Solution, tests: TestStatistics) -> dict[str, float]:
    if tests.scaling is None or tests.baseline_scaling is None:
        return {}
    chisq = tests.scaling.apply(tests.chisq)
    baseline = tests.baseline_scaling.apply(tests.baseline_chisq)
    df, baseline_df = tests.df, tests.baseline_df
    out = {
        "chisq_scaled": chisq,
        "df_scaled": float(df),
        "pvalue_scaled": chi_square_pvalue(chisq, df),
        "chisq_scaling_factor": tests.scaling.factor,
        "baseline_chisq_scaled": baseline,
        "baseline_df_scaled": float(baseline_df),
        "baseline_pvalue_scaled": chi_square_pvalue(baseline, baseline_df),
        "baseline_chisq_scaling_factor": tests.baseline_scaling.factor,
    }
    shifted = solution.settings.scaled_and_shifted
    if shifted:
        out["chisq_shift_parameter"] = tests.scaling.shift
    for name, value in incremental(chisq, df, baseline, baseline_df).items():
        out[f"{name}_scaled"] = value
    if tests.h1_factor is not None and tests.h0_factor is not None:
        out |= {"scaling_factor_h1": tests.h1_factor, "scaling_factor_h0": tests.h0_factor}
    # The plain statistic against c * df, or the shifted one against df: the same for MLR and MLM.
    approximation = rmsea(
        chisq if shifted else tests.chisq,
        df if shifted else df * tests.scaling.factor if tests.scaling.defined else NAN,
        solution.multiplier,
        n_groups=len(solution.data.groups),
    )
    out |= {
        "rmsea_scaled": approximation.estimate,
        "rmsea_ci_lower_scaled": approximation.ci_lower,
        "rmsea_ci_upper_scaled": approximation.ci_upper,
        "rmsea_pvalue_scaled": approximation.pvalue,
        "rmsea_notclose_pvalue_scaled": approximation.notclose_pvalue,
    }
    return out


def _robust(
    basis: RobustBasis, tests: TestStatistics, size: float, n_groups: int
) -> dict[str, float]:
    relative = incremental(
        basis.chisq,
        tests.df,
        basis.baseline_chisq,
        tests.baseline_df,
        scaling=basis.scaling,
        baseline_scaling=basis.baseline_scaling,
    )
    value = rmsea(
        basis.chisq,
        tests.df,
        size,
        n_groups=n_groups,
        scaling=basis.scaling,
        interval_chisq=basis.interval_chisq,
        interval_scaling=basis.interval_scaling,
    )
    return {
        **{f"{name}_robust": relative[name] for name in ("cfi", "tli", "nnfi", "rni")},
        "rmsea_robust": value.estimate,
        "rmsea_ci_lower_robust": value.ci_lower,
        "rmsea_ci_upper_robust": value.ci_upper,
        "rmsea_pvalue_robust": value.pvalue,
        "rmsea_notclose_pvalue_robust": value.notclose_pvalue,
    }
