"""A complete model's parameters: every row of every group, free or fixed, with its constraints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.covariance.composites.composites import Composite
from analysis.covariance.restrictions import Restriction
from analysis.covariance.text.model import Definition, Model
from analysis.errors import ModelError


class Parameter(NamedTuple):
    """One row of the table. ``free`` is its position among the free parameters, or -1."""

    lhs: str
    op: str
    rhs: str
    group: int
    free: int = -1
    value: float | None = None
    start: float | None = None
    label: str = ""
    exogenous: bool = False
    said: bool = False  # by the author, not by a default
    lower: float | None = None  # bounds of the estimate
    upper: float | None = None

    @property
    def name(self) -> str:
        """``visual=~x2``: what the parameter is, whatever its group and label."""
        return f"{self.lhs}{self.op}{self.rhs}"


@dataclass(frozen=True)
class ParameterTable:
    """All parameters of all groups; ``free = transform @ reduced + offset`` under the constraints.

    ``equalities`` are the pairs of free positions that labels or ``equal`` hold together: the
    first of each set with each other one. ``restrictions`` are what no linear equation can say. Of a
    solution under them (or with values that ``follow``) ``transform`` spans the directions that they leave, ``bound`` counts the
    inequalities among those that take one away, and ``original`` is the table before.
    """

    rows: tuple[Parameter, ...]
    observed: tuple[str, ...]
    latent: tuple[str, ...]
    exogenous: tuple[str, ...]
    groups: int
    mean_structure: bool
    definitions: tuple[Definition, ...]
    transform: np.ndarray
    offset: np.ndarray
    equalities: tuple[tuple[int, int], ...]
    constrained: bool
    composites: tuple[Composite, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    bound: int = 0
    original: ParameterTable | None = None
    follow: int = 0  # the last positions, which follow from the parameters

    @property
    def n_free(self) -> int:
        """Free parameters before constraints tie some of them together."""
        return int(self.transform.shape[0])

    @property
    def n_parameters(self) -> int:
        """Free parameters that remain under the equations; an inequality takes none away."""
        return int(self.transform.shape[1]) + self.bound

    def require_linear(self, what: str) -> None:
        """Raise ModelError for inequalities, bounds and nonlinear equations, naming the first."""
        held = (self.original or self).restrictions
        if held:
            raise ModelError(
                f"{held[0].text}: {what} keep linear equations only; leave this one out for them"
            )

    def reduced(self, matrix: np.ndarray) -> np.ndarray:
        """A symmetric matrix over all free parameters as one over those that remain."""
        if not self.constrained:
            return matrix
        return np.asarray(self.transform.T @ matrix @ self.transform)

    def expanded(self, matrix: np.ndarray) -> np.ndarray:
        """A symmetric matrix over the parameters that remain as one over all free ones."""
        if not self.constrained:
            return matrix
        return np.asarray(self.transform @ matrix @ self.transform.T)

    def free_rows(self) -> list[Parameter]:
        """The row of each free position."""
        rows = [row for row in self.rows if row.free >= 0]
        return sorted(rows, key=lambda row: row.free)

    def position_of_label(self) -> dict[str, int]:
        """A free position for each label of a free parameter."""
        return {row.label: row.free for row in reversed(self.rows) if row.label and row.free >= 0}


def exogenous_of(model: Model) -> tuple[str, ...]:
    """Observed predictors that nothing in the model explains and whose variance nobody wrote."""
    outcomes = {path.lhs for path in model.paths if path.op == "~"}
    indicators = {path.rhs for path in model.paths if path.op in ("=~", "<~")}
    written = {n for p in model.paths if p.op in ("~~", "~1") for n in (p.lhs, p.rhs)}
    predictors = [path.rhs for path in model.paths if path.op == "~"]
    taken = outcomes | indicators | written | set(model.latent)
    return tuple(name for name in dict.fromkeys(predictors) if name not in taken)
