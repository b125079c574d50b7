"""A two-level model made complete: every parameter of both levels, numbered over both.

Each level follows the rules of a model without levels, with lavaan's for means: a variable of both levels
has its intercept between clusters, and 0 within; one that is only within clusters has it there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from analysis.covariance.completion import complete
from analysis.covariance.model import Model
from analysis.covariance.parameter_constraints import (
    constraint_transform,
    label_ties,
    numbered,
    restrictions_of,
    settled,
)
from analysis.covariance.parameter_table import Parameter, ParameterTable, exogenous_of
from analysis.errors import ModelError
from analysis.two_level.model import BETWEEN, WITHIN, TwoLevelModel

# The unrestricted model has the square of them as parameters: of 40 it takes about a minute.
MAX_VARIABLES = 50


@dataclass(frozen=True)
class TwoLevelTable:
    """Both levels' parameters. ``joint`` has all rows, a row's ``group`` being its level; ``within`` and
    ``between`` have their own, as tables of one group, with the same free positions.
    """

    model: TwoLevelModel
    joint: ParameterTable
    within: ParameterTable
    between: ParameterTable
    predictors: tuple[tuple[str, ...], tuple[str, ...]]  # observed, by level, fixed or not

    @property
    def levels(self) -> tuple[ParameterTable, ParameterTable]:
        """Within and between."""
        return self.within, self.between

    @property
    def saturated_parameters(self) -> int:
        """Parameters of the unrestricted model, given the moments of fixed predictors."""
        covariances = sum(_pairs(t.observed) - _pairs(t.exogenous) for t in self.levels)
        return covariances + len(self.free_means)

    @property
    def free_means(self) -> tuple[tuple[int, str], ...]:
        """Level and name of each mean that an unrestricted model estimates."""
        own = [
            (WITHIN, name) for name in self.model.within_only if name not in self.within.exogenous
        ]
        return (
            *own,
            *((BETWEEN, n) for n in self.between.observed if n not in self.between.exogenous),
        )

    @property
    def tied_across(self) -> bool:
        """Whether a label or a constraint holds parameters of both levels together."""
        if self.model.constraints:
            return True
        level = {row.free: row.group for row in self.joint.free_rows()}
        return any(level[a] != level[b] for a, b in self.joint.equalities)


def two_level_table(
    model: TwoLevelModel, *, std_lv: bool = False, orthogonal: bool = False, fixed_x: bool = True
) -> TwoLevelTable:
    """The complete table. Raises ModelError as ``complete`` does for a model without levels."""
    for name, own in (("within", model.within), ("between", model.between)):
        if len(own.observed) > MAX_VARIABLES:
            raise ModelError(
                f"the level {name} clusters has {len(own.observed)} variables; at most {MAX_VARIABLES} at each "
                "level can be fitted, whose unrestricted model is fitted, too"
            )
    tables = [
        complete(level, mean_structure=True, std_lv=std_lv, orthogonal=orthogonal, fixed_x=fixed_x)
        for level in (model.within, model.between)
    ]
    rows: list[Parameter] = []
    for level, table in zip((WITHIN, BETWEEN), tables, strict=True):
        rows += [_row(row, level, model) for row in table.rows]
    rows, pairs = settled(numbered(rows), label_ties(rows))
    whole = Model((), model.definitions, model.constraints)
    transform, offset, equalities = constraint_transform(whole, rows, pairs)
    joint = ParameterTable(
        tuple(rows),
        model.observed,
        model.within.latent + model.between.latent,
        (),
        2,
        True,
        model.definitions,
        transform,
        offset,
        tuple(equalities),
        bool(equalities) or bool(model.constraints),
        restrictions=restrictions_of(whole, rows),
    )
    joint.require_linear("two-level models")
    within, between = (
        replace(
            table,
            rows=tuple(row._replace(group=1) for row in rows if row.group == level),
            definitions=(),
            transform=transform,
            offset=offset,
            equalities=(),
        )
        for level, table in zip((WITHIN, BETWEEN), tables, strict=True)
    )
    predictors = exogenous_of(model.within), exogenous_of(model.between)
    return TwoLevelTable(model, joint, within, between, predictors)


def _row(row: Parameter, level: int, model: TwoLevelModel) -> Parameter:
    split = level == WITHIN and row.op == "~1" and row.lhs in model.both
    if split and not row.said and not row.exogenous:
        row = row._replace(free=-1, value=0.0)
    return row._replace(group=level)


def _pairs(names: tuple[str, ...]) -> int:
    return len(names) * (len(names) + 1) // 2
