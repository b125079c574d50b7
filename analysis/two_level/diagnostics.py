"""What a reader of a fitted two-level model must be told before believing it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product

from analysis.covariance.diagnostics import improper_residuals, is_indefinite
from analysis.two_level.model import LEVEL_NAMES, group_of, level_of
from analysis.two_level.solution import TwoLevelSolution


def solution_warnings(solution: TwoLevelSolution, fit: Mapping[str, float]) -> tuple[str, ...]:
    """Warnings about data, convergence, inadmissible estimates and measures that do not exist."""
    several = solution.table.groups > 1
    found = [
        f"{group.name}: {told}" if several else told
        for group in solution.groups
        for told in group.data.warnings
    ]
    if not solution.optimum.converged:
        found.append(
            f"the estimation did not converge in {solution.optimum.iterations} iterations; "
            "the estimates are where it stopped, not a minimum, and are no result: there are neither "
            "standard errors nor fit measures. Simplify the model at level 2, fix small residual variances "
            "there at 0 (item ~~ 0*item), or give start() values"
        )
    elif solution.information_inverse is None:
        found.append(
            "standard errors could not be computed: the information matrix is singular at the estimates"
        )
    if not solution.unrestricted:
        found.append(
            "the unrestricted two-level model did not converge, so that there are no fit measures; there "
            "may be too few clusters for the variables between them"
        )
    found += _negative_variances(solution)
    found += _residual_correlations(solution)
    found += _latent_covariances(solution)
    between = len({row.free for row in solution.table.between.rows if row.free >= 0})
    if solution.n_clusters <= between:
        found.append(
            f"{solution.n_clusters} clusters are no more than the {between} parameters between "
            "them; the standard errors of level 2 mean little"
        )
    every = solution.table.joint.n_parameters
    if solution.robust and between < solution.n_clusters <= every:
        found.append(
            f"{solution.n_clusters} clusters are no more than the {every} parameters; the robust "
            "standard errors and tests, which sum over clusters, mean little: compare them with ML's"
        )
    if not solution.optimum.converged:
        return tuple(found)
    if any(one.boundary for one in solution.h1) and solution.unrestricted:
        found.append(
            "the variables' unrestricted covariance between clusters is singular: some hardly vary "
            "between clusters, or vary as others do; chi-square then only nearly follows its distribution"
        )
    if solution.unrestricted and math.isnan(fit["baseline_chisq"]):
        found.append(
            "the model of independent variables did not converge, so that there are no CFI and TLI"
        )
    if fit["df"] == 0:
        found.append(
            "the model has no degrees of freedom: it fits any data, and its fit says nothing"
        )
    elif not fit.get("chisq_scaling_factor", 1.0) > 0:
        found.append(
            "the scaling factor of the robust test is not positive, which happens in small samples: "
            "scaled and robust fit measures do not exist; the plain ones assume normal data"
        )
    return tuple(found)


def _negative_variances(solution: TwoLevelSolution) -> list[str]:
    found = []
    for row in solution.table.joint.free_rows():
        value = float(solution.theta[row.free])
        if row.op != "~~" or row.lhs != row.rhs or value >= 0:
            continue
        level = level_of(row.group)
        own = solution.table.levels[level - 1]
        named = _named(solution, group_of(row.group))
        kind = "residual variance" if row.lhs in own.observed else "variance"
        found.append(
            f"Heywood case: the {kind} of {row.lhs} {LEVEL_NAMES[level]} clusters{named} is negative "
            f"({value:.3g}); the model may be wrong, or the clusters too few for it"
            + (
                f". Fixing it at 0 ({row.lhs} ~~ 0*{row.lhs}) is usual at level 2"
                if level == 2
                else ""
            )
        )
    return found


def _residual_correlations(solution: TwoLevelSolution) -> list[str]:
    found = []
    for group, level in product(solution.groups, (1, 2)):
        own, implied = solution.table.levels[level - 1], group.implied[level - 1]
        why = improper_residuals(implied, own.observed)
        if why is not None:
            place = f"{LEVEL_NAMES[level]} clusters{_named(solution, group.number)}"
            found.append(f"{why}, {place}; the model may be wrong, or the clusters too few for it")
    return found


def _latent_covariances(solution: TwoLevelSolution) -> list[str]:
    found = []
    for group, level in product(solution.groups, (1, 2)):
        own, implied = solution.table.levels[level - 1], group.implied[level - 1]
        p = len(own.observed)
        block = implied.covariance[p:, p:]
        if is_indefinite(block):
            found.append(
                f"the covariance matrix of the latent variables {LEVEL_NAMES[level]} clusters"
                f"{_named(solution, group.number)} is not "
                "positive definite: factors correlate beyond 1; join or drop some"
            )
    return found


def _named(solution: TwoLevelSolution, number: int) -> str:
    """The group's name, where there are several."""
    group = solution.groups[number - 1]
    return f" in {group.name}" if solution.table.groups > 1 else ""
