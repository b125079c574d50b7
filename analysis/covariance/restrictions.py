"""What holds parameters that no linear equation can say: nonlinear equations, inequalities, bounds.

Linear equations are solved once, before anything is estimated (``parameter_constraints``). These are
kept by the minimiser, and an inequality that binds at the solution is an equation there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.covariance.text.expressions import (
    Dual,
    Expression,
    Label,
    Number,
    evaluate,
    labels_in,
)
from analysis.covariance.text.model import Constraint, Definition


@dataclass(frozen=True)
class Restriction:
    """``left == right``, or ``left >= right`` for an inequality (``equation`` is False).

    ``positions`` are those of the free parameters by label, ``fixed`` the values of the others, and
    ``definitions`` what ``:=`` makes of them. A bound (``bound`` is True) is on one parameter.
    """

    text: str
    left: Expression
    right: Expression
    equation: bool
    positions: Mapping[str, int]
    fixed: Mapping[str, float]
    definitions: tuple[Definition, ...] = ()
    bound: bool = False

    def at(self, theta: np.ndarray) -> Dual:
        """``left - right`` and its gradient (q,); NaN where either has no value."""
        return difference(
            self.left, self.right, self.positions, self.fixed, self.definitions, theta
        )


def difference(
    left: Expression,
    right: Expression,
    positions: Mapping[str, int],
    fixed: Mapping[str, float],
    definitions: Sequence[Definition],
    theta: np.ndarray,
) -> Dual:
    """``left - right`` at the free parameters' values, and its gradient (q,)."""
    size = len(theta)
    known: dict[str, Dual] = {name: (value, np.zeros(size)) for name, value in fixed.items()}
    for name, at in positions.items():
        gradient = np.zeros(size)
        gradient[at] = 1.0
        known[name] = float(theta[at]), gradient
    for definition in definitions:
        known[definition.name] = evaluate(definition.expression, known, size)
    one, other = evaluate(left, known, size), evaluate(right, known, size)
    return one[0] - other[0], one[1] - other[1]


def needed(
    constraint: Constraint, definitions: Sequence[Definition]
) -> tuple[tuple[Definition, ...], set[str]]:
    """The definitions that a constraint leads to, in their order, and every name it leads to."""
    names = {
        label.name for side in (constraint.left, constraint.right) for label in labels_in(side)
    }
    kept: list[Definition] = []
    for definition in reversed(definitions):
        if definition.name in names:
            kept.insert(0, definition)
            names |= {label.name for label in labels_in(definition.expression)}
    return tuple(kept), names


def restriction_of(
    constraint: Constraint,
    definitions: Sequence[Definition],
    positions: Mapping[str, int],
    fixed: Mapping[str, float],
) -> Restriction:
    """The constraint as a restriction; ``a < b`` becomes ``b >= a``."""
    own, names = needed(constraint, definitions)
    left, right = constraint.left, constraint.right
    if constraint.operator == "<":
        left, right = right, left
    return Restriction(
        constraint.text,
        left,
        right,
        constraint.operator == "==",
        {name: at for name, at in positions.items() if name in names},
        {name: value for name, value in fixed.items() if name in names},
        own,
    )


def bound(name: str, position: int, value: float, *, lower: bool) -> Restriction:
    """A free parameter's lower or upper bound."""
    own, limit = Label(name), Number(value)
    left, right = (own, limit) if lower else (limit, own)
    text = f"{name} {'>' if lower else '<'} {value:g}"
    return Restriction(text, left, right, False, {name: position}, {}, bound=True)
