"""A proper solution where the first one is improper: the same model from several starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.covariance.diagnostics import improprieties
from analysis.covariance.matrices import Array
from analysis.covariance.sem import SemFit, fit_from, threads_for
from analysis.covariance.solution import Solution, solve
from analysis.errors import AnalysisError

STARTS = 6
SEED = 1
SAME = 1e-6  # of the discrepancy, by which a solution fits as well as another


@dataclass(frozen=True)
class Admitted:
    """A fit, and why it is not to be interpreted (empty where it is proper).

    ``tried``: what was done about an improper first solution, empty where that was proper.
    """

    fit: SemFit
    improper: tuple[str, ...]
    tried: str = ""

    @property
    def admissible(self) -> bool:
        """Whether the solution may be interpreted."""
        return not self.improper

    @property
    def warnings(self) -> tuple[str, ...]:
        """The fit's, after what was tried for it or why it is not to be interpreted."""
        said = self.reason or self.tried
        others = [text for text in self.fit.warnings if text not in self.improper]
        return (*([said] if said else []), *others)

    @property
    def reason(self) -> str:
        """Why there is nothing to report, with what was tried; empty for a proper solution."""
        return (
            "" if self.admissible else f"not admissible: {'; '.join(self.improper)}. {self.tried}"
        )


def admitted(fit: SemFit, *, starts: int = STARTS, seed: int = SEED) -> Admitted:
    """The fit if it is proper; else the best proper one of the same model from other starts, if that
    fits as well or better; else the first, with the reasons.

    The starts scale loadings and variances of the first one's by random factors and turn some signs.
    A proper solution that fits worse than an improper one is only a local minimum, and not taken.
    """
    reasons = improprieties(fit.solution)
    if not reasons:
        return Admitted(fit, ())
    with threads_for(len(fit.table.observed)):
        found = _solutions(fit.solution, starts, np.random.default_rng(seed))
    proper = [one for one in found if not improprieties(one)]
    # Of those that did not converge too: on their way to nowhere they may fit better than any minimum.
    lowest = min(map(_value, (fit.solution, *found)))
    best = min(proper, key=_value, default=None)
    how = f"{starts} further starts were tried (seed {seed})"
    if best is not None and _value(best) <= lowest + SAME:
        said = (
            f"{how}; the first solution was improper, this one is proper and fits as well or better"
        )
        return Admitted(fit_from(fit, best), (), said)
    ended = (
        f"{sum(one.optimum.converged for one in found)} converged, {len(proper)} of them properly"
    )
    worse = ", but fitting worse" if proper else ""
    return Admitted(fit, reasons, f"{how}: {ended}{worse}")


def _value(solution: Solution) -> float:
    return float(solution.optimum.point.value)


def _solutions(first: Solution, starts: int, rng: np.random.Generator) -> list[Solution]:
    found = []
    for _ in range(starts):
        start = _scattered(first, rng)
        try:
            found.append(solve(first.table, first.data, first.settings, start=start))
        except (AnalysisError, np.linalg.LinAlgError, FloatingPointError):
            continue  # this start leads nowhere
    return found


def _scattered(first: Solution, rng: np.random.Generator) -> Array:
    """Values to start from: loadings and variances of half the item's variance, give or take."""
    start = np.array(first.theta)
    at = {name: i for i, name in enumerate(first.table.observed)}
    for row in first.table.rows:
        if row.free < 0:
            continue
        variance = (
            float(first.data.groups[row.group - 1].cov.diagonal()[at[row.lhs]])
            if row.lhs in at
            else 1.0
        )
        if row.op == "~~" and row.lhs == row.rhs:
            start[row.free] = variance * rng.uniform(0.2, 0.8)
        elif row.op == "~~":
            start[row.free] = 0.0
        elif row.op == "=~" and row.rhs in at:
            own = float(first.data.groups[row.group - 1].cov.diagonal()[at[row.rhs]])
            sign = np.sign(start[row.free]) or 1.0
            turn = -1.0 if rng.random() < 0.15 else 1.0
            start[row.free] = sign * turn * np.sqrt(own) * rng.uniform(0.1, 0.8)
        elif row.op == "=~":
            start[row.free] = rng.uniform(0.3, 1.0)
    return start
