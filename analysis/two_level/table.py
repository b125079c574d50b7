"""A two-level model made complete: every parameter of both levels, numbered over both.

Each level follows the rules of a model without levels, with lavaan's for means: a variable of both levels
has its intercept between clusters, and 0 within; one that is only within clusters has it there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.covariance.completion import complete
from analysis.covariance.parameter_constraints import (
    EQUAL,
    constraint_transform,
    equal_ties,
    equal_words,
    label_ties,
    numbered,
    restrictions_of,
    settled,
)
from analysis.covariance.parameter_table import Parameter, ParameterTable, exogenous_of
from analysis.covariance.text.model import Model
from analysis.errors import ModelError
from analysis.two_level.model import (
    BETWEEN,
    WITHIN,
    TwoLevelModel,
    block_of,
    group_of,
    level_of,
)

# The unrestricted model has the square of them as parameters: of 40 it takes about a minute.
MAX_VARIABLES = 50


@dataclass(frozen=True)
class TwoLevelTable:
    """Both levels' parameters. ``joint`` has all rows, a row's ``group`` being its block (see
    ``model.block_of``); ``within`` and ``between`` have their own, as tables of all groups, with the same
    free positions.
    """

    model: TwoLevelModel
    joint: ParameterTable
    within: ParameterTable
    between: ParameterTable
    predictors: tuple[tuple[str, ...], tuple[str, ...]]  # observed, by level, fixed or not
    groups: int = 1

    @property
    def levels(self) -> tuple[ParameterTable, ParameterTable]:
        """Within and between."""
        return self.within, self.between

    def places(self, level: int) -> list[int]:
        """Where a level's rows (0 within, 1 between) stand in ``joint``, first group first."""
        return [r for r, row in enumerate(self.joint.rows) if level_of(row.group) == level + 1]

    @property
    def saturated_parameters(self) -> int:
        """Parameters of all groups' unrestricted models, given the moments of fixed predictors."""
        covariances = sum(_pairs(t.observed) - _pairs(t.exogenous) for t in self.levels)
        return self.groups * (covariances + len(self.free_means))

    @property
    def free_means(self) -> tuple[tuple[int, str], ...]:
        """Level and name of each mean that a group's unrestricted model estimates."""
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
        level = {row.free: level_of(row.group) for row in self.joint.free_rows()}
        return any(level[a] != level[b] for a, b in self.joint.equalities)


def two_level_table(
    model: TwoLevelModel,
    *,
    groups: int = 1,
    equal: Sequence[str] = (),
    free: Sequence[str] = (),
    std_lv: bool = False,
    orthogonal: bool = False,
    fixed_x: bool = True,
) -> TwoLevelTable:
    """The complete table. Raises ModelError as ``complete`` does for a model without levels.

    ``equal`` names kinds of parameters held equal over groups at each level that has them, ``free`` single
    ones that are not. With equal intercepts, which items have between clusters, the means of the factors
    between are free from the second group on.
    """
    for name, own in (("within", model.within), ("between", model.between)):
        if len(own.observed) > MAX_VARIABLES:
            raise ModelError(
                f"the level {name} clusters has {len(own.observed)} variables; at most {MAX_VARIABLES} at each "
                "level can be fitted, whose unrestricted model is fitted, too"
            )
    equal = equal_words(equal, groups=groups, ordered=False)
    tables = _completed(
        model,
        equal,
        free,
        groups=groups,
        std_lv=std_lv,
        orthogonal=orthogonal,
        fixed_x=fixed_x,
    )
    predictors = exogenous_of(model.within), exogenous_of(model.between)
    rows: list[Parameter] = []
    place: dict[tuple[int, int], int] = {}
    for group in range(1, groups + 1):
        for level, (table, _, _) in zip((WITHIN, BETWEEN), tables, strict=True):
            for at, row in enumerate(table.rows):
                if row.group == group:
                    place[level, at] = len(rows)
                    rows.append(_row(row, level, model))
    ties = label_ties(rows)
    for level, (table, words, left) in zip((WITHIN, BETWEEN), tables, strict=True):
        held = equal_ties(table.rows, frozenset(table.latent), words, left, predictors[level - 1])
        ties += [(place[level, a], place[level, b]) for a, b in held]
    rows, pairs = settled(numbered(rows), ties)
    whole = Model((), model.definitions, model.constraints)
    transform, offset, equalities = constraint_transform(whole, rows, pairs)
    joint = ParameterTable(
        tuple(rows),
        model.observed,
        model.within.latent + model.between.latent,
        (),
        2 * groups,
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
            rows=tuple(
                row._replace(group=group_of(row.group))
                for row in rows
                if level_of(row.group) == level
            ),
            definitions=(),
            transform=transform,
            offset=offset,
            equalities=(),
        )
        for level, (table, _, _) in zip((WITHIN, BETWEEN), tables, strict=True)
    )
    return TwoLevelTable(model, joint, within, between, predictors, groups)


def _completed(
    model: TwoLevelModel,
    equal: Sequence[str],
    free: Sequence[str],
    *,
    groups: int,
    std_lv: bool,
    orthogonal: bool,
    fixed_x: bool,
) -> list[tuple[ParameterTable, list[str], list[str]]]:
    """Each level's table with what of ``equal`` and ``free`` it has. Raises ModelError for words that no
    level has.
    """
    found = []
    for own in (model.within, model.between):
        plain = complete(
            own,
            groups=groups,
            mean_structure=True,
            std_lv=std_lv,
            orthogonal=orthogonal,
            fixed_x=fixed_x,
        )
        latent = frozenset(plain.latent)
        words = [word for word in equal if any(EQUAL[word](row, latent) for row in plain.rows)]
        names = {row.name for row in plain.rows}
        names |= {f"{row.rhs}~~{row.lhs}" for row in plain.rows if row.op == "~~"}
        left = [name for name in free if name.replace(" ", "") in names] if words else []
        if words:
            plain = complete(
                own,
                groups=groups,
                mean_structure=True,
                equal=words,
                free=left,
                std_lv=std_lv,
                orthogonal=orthogonal,
                fixed_x=fixed_x,
            )
        found.append((plain, words, left))
    for word in equal:
        if not any(word in words for _, words, _ in found):
            raise ModelError(
                f"equal: the model has no {word.replace('_', ' ')} to hold equal; take the word out"
            )
    for name in free:
        if not any(name in left for _, _, left in found):
            raise ModelError(
                f"free: {name!r} is no parameter of a level that equal holds; write it as in the "
                "estimates, for example 'visual=~x2' or 'x3~1'"
            )
    return found


def _row(row: Parameter, level: int, model: TwoLevelModel) -> Parameter:
    fixed = not row.said and row.op == "~1" and level == WITHIN and not row.exogenous
    if fixed and (row.lhs in model.both or not _own_means(row.lhs, model)):
        row = row._replace(free=-1, value=0.0)
    return row._replace(group=block_of(row.group, level))


def _own_means(name: str, model: TwoLevelModel) -> bool:
    """Whether a variable within has a mean there: one that is within alone, or a factor of such."""
    if name not in model.within.latent:
        return name in model.within_only
    return all(item in model.within_only for item in model.within.indicators(name))


def _pairs(names: tuple[str, ...]) -> int:
    return len(names) * (len(names) + 1) // 2
