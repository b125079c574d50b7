"""A fit whose first loadings cannot carry their factors' units, tried again with unit variances."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.covariance.completion import complete
from analysis.covariance.solution import Solution, solve
from analysis.covariance.text.model import Model
from analysis.errors import ModelError

WEAK = 0.2  # a standardised loading below which an item is named as a poor marker


def by_unit_variances(model: Model, stopped: Solution) -> tuple[Solution, str] | None:
    """The solution with the factors' variances fixed at 1, and the sentence that says so; None
    where that is not the same model or does not converge either.

    A first item that hardly loads makes the other loadings, which are multiples of its own, run away.
    Unit variances say the same without dividing by it. Equations between parameters may say
    something else in other units: such models stay as they are.
    """
    settings, known = stopped.settings, stopped.table
    if settings.std_lv or model.constraints or known.restrictions or not known.latent:
        return None
    try:
        table = complete(
            model,
            groups=known.groups,
            mean_structure=known.mean_structure,
            equal=settings.equal,
            free=settings.free,
            std_lv=True,
            orthogonal=settings.orthogonal,
            fixed_x=settings.fixed_x and not settings.ordered,
            ordered=settings.ordered,
            thresholds=settings.thresholds,
            theta=settings.parametrization == "theta",
        )
        if table.n_parameters != known.n_parameters:
            return None
        solution = solve(table, stopped.data, replace(settings, std_lv=True))
    except ModelError:
        return None
    lower = solution.optimum.point.value <= stopped.optimum.point.value
    if not (solution.optimum.converged and lower):
        return None
    return solution, _sentence(model, solution)


def _sentence(model: Model, solution: Solution) -> str:
    weak = [
        f"{item} loads {loading:.2f} on {factor}"
        for factor in model.latent
        for item in model.indicators(factor)[:1]
        if abs(loading := _loading(solution, factor, item)) < WEAK
    ]
    cause = f" ({'; '.join(weak)})" if weak else ""
    return (
        f"with the first loading of each factor fixed at 1 the estimation did not converge{cause}; the "
        "factors' variances were fixed at 1 instead, which is the same model in other units. Put an "
        "item that measures its factor well first"
    )


def _loading(solution: Solution, factor: str, item: str) -> float:
    """The standardised loading in the first group."""
    names = [*solution.table.observed, *solution.table.latent]
    implied, structure = solution.implied[0], solution.structures[0]
    i, j = names.index(item), names.index(factor)
    variance = implied.covariance.diagonal()
    total = 1.0 if solution.settings.ordered and i < implied.observed else float(variance[i])
    directed = structure.matrices(solution.theta)[0]
    return float(directed[i, j] * np.sqrt(max(variance[j], 0.0) / total))
