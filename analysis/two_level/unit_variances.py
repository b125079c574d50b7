"""A two-level fit whose first loadings cannot carry their factors' units, tried again in unit variances."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.errors import ModelError
from analysis.two_level.model import TwoLevelModel
from analysis.two_level.solution import TwoLevelSolution, solve
from analysis.two_level.table import two_level_table

SAID = (
    "with the first loading of each factor fixed at 1 the estimation did not converge; the factors' "
    "variances were fixed at 1 instead, which is the same model in other units. Put an item first that "
    "measures its factor well at both levels"
)


def by_unit_variances(
    model: TwoLevelModel,
    stopped: TwoLevelSolution,
    *,
    equal: Sequence[str] = (),
    free: Sequence[str] = (),
    orthogonal: bool,
    fixed_x: bool,
) -> TwoLevelSolution | None:
    """The solution with the factors' variances fixed at 1; None where that is not the same model, or does
    not converge either.

    Between clusters, where items hardly vary, a first item may hardly load, and the other loadings, which
    are multiples of its own, run away. Labels and equations may say something else in other units.
    """
    known = stopped.table.joint
    if known.constrained or model.constraints or not known.latent or equal or free:
        return None
    try:
        table = two_level_table(
            model, groups=stopped.table.groups, std_lv=True, orthogonal=orthogonal, fixed_x=fixed_x
        )
        if table.joint.n_parameters != known.n_parameters:
            return None
        found = solve(table, stopped.data, robust=stopped.robust, h1=stopped.h1)
    except ModelError:
        return None
    lower = found.point.value <= stopped.point.value
    return found if found.optimum.converged and lower else None
