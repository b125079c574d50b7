"""Auxiliary variables in full information maximum likelihood: saturated correlates (Graham 2003).

Variables that are no part of the model but tell of its missing cells covary with each other, with every
observed predictor and with what the model leaves of every other observed variable. They change neither
the model's degrees of freedom nor what it says; cells that are missing at random given them cost no bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from analysis.covariance.completion import complete
from analysis.covariance.parameter_table import exogenous_of
from analysis.covariance.solution import Solution, solve
from analysis.covariance.statistics import TestStatistics, test_statistics
from analysis.covariance.text.model import Model, Path
from analysis.errors import ModelError


def with_auxiliary(model: Model, names: Sequence[str]) -> Model:
    """The model with the auxiliary variables as saturated correlates; as it is without any.

    Raises ModelError for one that stands in the model already, or twice.
    """
    if not names:
        return model
    for at, name in enumerate(names):
        if name in model.observed or name in model.latent or name in names[:at]:
            raise ModelError(f"auxiliary: {name} stands in the model already; leave it out")
    written = {(path.lhs, path.rhs) for path in model.paths if path.op == "~~"}
    predictors = exogenous_of(model)
    added = [
        Path(a, "~~", b)
        for i, a in enumerate(predictors)
        for b in predictors[i:]
        if (a, b) not in written and (b, a) not in written
    ]
    added += [Path(name, "~~", item) for name in names for item in model.observed]
    added += [Path(name, "~~", name) for name in names]
    added += [Path(a, "~~", b) for a, b in combinations(names, 2)]
    return replace(model, paths=(*model.paths, *added))


def left_free(model: Model, names: Sequence[str]) -> tuple[str, ...]:
    """The auxiliary variables' parameters by name, none of which groups hold equal."""
    own = set(names)
    paths = [path.name for path in model.paths if own & {path.lhs, path.rhs}]
    return (*paths, *(f"{name}~1" for name in names))


def with_baseline(tests: TestStatistics, solution: Solution) -> TestStatistics:
    """The statistics with an independence model in which the auxiliary variables covary with all."""
    table, names = solution.table, solution.settings.auxiliary
    own = [name for name in table.observed if name not in names]
    alone = Model(tuple(Path(name, "~~", name) for name in own))
    independent = complete(
        with_auxiliary(alone, names), groups=table.groups, mean_structure=True, fixed_x=False
    )
    settings = replace(solution.settings, equal=(), free=())
    found = test_statistics(solve(independent, solution.data, settings))
    return replace(
        tests,
        baseline_chisq=found.chisq,
        baseline_df=found.df,
        baseline_scaling=found.scaling,
    )
