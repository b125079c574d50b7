"""What a reader of a fitted model must be told before believing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy.linalg import lapack

from analysis.covariance.matrices import Array, Implied
from analysis.covariance.solution import Solution
from analysis.covariance.statistics import TestStatistics
from analysis.covariance.text.model import Model

# Rows per free parameter (Bentler & Chou 1987) and in all (Boomsma 1985) below which advice is given.
ROWS_PER_PARAMETER = 5
ROWS = 100
_NOTHING = 1e-9  # a covariance smaller than this is 0 but for rounding


def solution_warnings(
    solution: Solution, tests: TestStatistics, fit: Mapping[str, float]
) -> tuple[str, ...]:
    """Warnings about data, convergence, inadmissible estimates, sample size and robust measures that
    do not exist, as sentences.
    """
    found = list(solution.data.warnings)
    if not solution.optimum.converged:
        found.append(
            f"the estimation did not converge in {solution.optimum.iterations} iterations; "
            "the estimates are where it stopped, not a minimum, and are no result: there are neither "
            "standard errors nor fit measures. Simplify the model or give start() values"
        )
    elif solution.information_inverse is None:
        found.append(
            "standard errors could not be computed: the information matrix is singular at the estimates"
        )
    found += _negative_variances(solution)
    found += _residual_correlations(solution)
    found += _latent_covariances(solution)
    advice = size_advice(solution)
    if advice is not None:
        found.append(advice)
    if not solution.optimum.converged:
        return tuple(found)
    if tests.df == 0:
        found.append(
            "the model has no degrees of freedom: it fits any data, and its fit says nothing"
        )
    return (*found, *_undefined_scaling(tests, fit))


def labels_of_all_groups(model: Model, groups: int) -> tuple[str, ...]:
    """What one label for several groups holds equal, as lavaan warns; nothing for one group or a label each."""
    held = [
        f"{path.name} ({path.modifiers[0].label})"
        for path in model.paths
        if len(path.modifiers) == 1 and path.modifiers[0].label
    ]
    if groups < 2 or not held:
        return ()
    each = ", ".join(f"a{number}" for number in range(1, groups + 1))
    return (
        f"one label holds a parameter equal in every group: {', '.join(held)}; where groups may differ, give"
        f" each a label, such as c({each})*",
    )


def improprieties(solution: Solution) -> tuple[str, ...]:
    """Why a solution is none to interpret: it did not converge, is not determined, or holds variances
    below 0 or correlations beyond 1, of factors or residuals. Empty for a proper one.
    """
    if not solution.optimum.converged:
        return ("the estimation did not converge",)
    undetermined = solution.information_inverse is None
    return (
        *(["the estimates are not determined (singular information)"] if undetermined else []),
        *_negative_variances(solution),
        *_residual_correlations(solution),
        *_latent_covariances(solution),
    )


def _undefined_scaling(tests: TestStatistics, fit: Mapping[str, float]) -> list[str]:
    """Why scaled and robust measures are missing: a scaling factor that is not positive."""
    cause = "not positive, which happens in small samples"
    if tests.scaling is not None and not tests.scaling.defined:
        return [
            f"the scaling factor of the robust test is {tests.scaling.factor:.3g}, {cause}: the "
            "scaled test and the scaled and robust fit measures do not exist; the plain ones assume "
            "normal data"
        ]
    found = []
    if tests.baseline_scaling is not None and not tests.baseline_scaling.defined:
        found.append(
            "the scaling factor of the independence model's test is "
            f"{tests.baseline_scaling.factor:.3g}, {cause}: scaled and robust CFI and TLI do not "
            "exist; the plain ones assume normal data"
        )
    robust = ("rmsea_robust",) if found else ("cfi_robust", "tli_robust", "rmsea_robust")
    absent = [name for name in robust if np.isnan(fit.get(name, 0.0))]
    if absent:
        found.append(
            f"{', '.join(absent)}: a scaling factor of the robust fit measures is {cause}, and they "
            "do not exist; use the scaled ones"
        )
    return found


def size_advice(solution: Solution) -> str | None:
    """The warning that there are few rows for the model's parameters, None where there are enough."""
    needed = max(ROWS, ROWS_PER_PARAMETER * solution.table.n_parameters)
    if solution.data.n >= needed:
        return None
    return (
        f"n = {solution.data.n} is below the advice of {needed} rows for "
        f"{solution.table.n_parameters} free parameters; trust intervals more than tests"
    )


def told_once(fits: Iterable[tuple[Solution, tuple[str, ...]]]) -> tuple[str, ...]:
    """The warnings of several fits to the same rows; that rows are few is said of the first alone."""
    said: dict[str, None] = {}
    advised = False
    for solution, warnings in fits:
        advice = size_advice(solution)
        said |= dict.fromkeys(text for text in warnings if text != advice or not advised)
        advised = advised or advice is not None
    return tuple(said)


def _place(solution: Solution, group: int) -> str:
    label = solution.data.groups[group - 1].label
    return f" in group {label}" if label else ""


def _negative_variances(solution: Solution) -> list[str]:
    at = {name: i for i, name in enumerate(solution.table.observed)}
    found = []
    for row in solution.table.rows:
        if row.op != "~~" or row.lhs != row.rhs:
            continue
        if row.free >= 0:
            value = float(solution.theta[row.free])
        elif solution.settings.ordered and row.lhs in at:
            i = at[row.lhs]
            value = 1 - float(solution.implied[row.group - 1].sigma[i, i])
        else:
            continue
        if value < 0:
            kind = "residual variance" if row.lhs in at else "variance"
            found.append(
                f"Heywood case: the {kind} of {row.lhs}{_place(solution, row.group)} is negative ({value:.3g}); "
                "the model may be wrong, or the sample too small for it"
            )
    return found


def _residual_correlations(solution: Solution) -> list[str]:
    names = solution.table.observed
    items = set(names) - set(solution.table.exogenous)
    if not any(
        row.op == "~~" and row.lhs != row.rhs and row.lhs in items and row.rhs in items
        for row in solution.table.rows
    ):
        return []
    return [
        f"{why}{_place(solution, number)}; the model may be wrong, or the sample too small for it"
        for number, implied in enumerate(solution.implied, start=1)
        if (why := improper_residuals(implied, names)) is not None
    ]


def is_indefinite(block: Array) -> bool:
    """Whether covariances belong to correlations that cannot be; of a variance that is not positive, which is
    told by itself, nothing is said.
    """
    variances = block.diagonal()
    if not len(block) or not np.isfinite(block).all() or (variances <= 0).any():
        return False
    sd = np.sqrt(variances)
    return bool(lapack.dpotrf(block / (sd[:, None] * sd) + 1e-8 * np.eye(len(sd)))[1])


def improper_residuals(implied: Implied, names: Sequence[str]) -> str | None:
    """Why the residual covariances of the observed variables are none, as the beginning of a sentence;
    None where they are proper, or where a variance that is not positive is told of anyway.
    """
    before = np.linalg.inv(implied.total)  # of the paths
    p = implied.observed
    block = (before @ implied.covariance @ before.T)[:p, :p]
    some = (np.abs(block) > _NOTHING).sum(axis=1) > 1  # whose residuals covary at all
    own = [name for name, covaries in zip(names, some, strict=True) if covaries]
    block = block[np.ix_(some, some)]
    if (block.diagonal() <= _NOTHING).any() or not is_indefinite(block):
        return None
    sd = np.sqrt(block.diagonal())
    correlations = block / (sd[:, None] * sd)
    beyond = [
        f"{own[i]} and {own[j]}"
        for i, j in zip(*np.nonzero(np.triu(np.abs(correlations) > 1, 1)), strict=True)
    ]
    which = f": those of {', '.join(beyond)} correlate beyond 1" if beyond else ""
    return f"the covariance matrix of the residuals is not positive definite{which}"


def _latent_covariances(solution: Solution) -> list[str]:
    found = []
    p, latent = len(solution.table.observed), len(solution.table.latent)
    for number, implied in enumerate(solution.implied, start=1):
        block = implied.covariance[p : p + latent, p : p + latent]
        if is_indefinite(block):
            found.append(
                f"the covariance matrix of the latent variables{_place(solution, number)} is not positive "
                "definite: factors correlate beyond 1; join or drop some"
            )
    return found
