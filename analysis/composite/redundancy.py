"""Redundancy analysis: does a formative construct measure what a global question asks?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.composite.model import Construct, Path, PlsModel
from analysis.composite.pls import fit_pls
from analysis.errors import DataError
from analysis.moments import Moments

CONVERGENT = 0.7


@dataclass(frozen=True)
class Redundancy:
    """Path from the formative composite to the global item(s), with its interval if bootstrapped.

    From .70 on (half of the variance shared) the formative items cover the concept.
    """

    items: tuple[str, ...]
    global_items: tuple[str, ...]
    path: float
    lower: float | None
    upper: float | None
    n: int

    @property
    def convergent(self) -> bool:
        """Whether the path reaches .70."""
        return self.path >= CONVERGENT


def redundancy_analysis(
    data: pd.DataFrame | Moments,
    items: Sequence[str],
    global_items: Sequence[str],
    *,
    bootstrap: int = 0,
    seed: int | None = None,
) -> Redundancy:
    """Convergent validity of formative items (Chin 1998; Cheah et al. 2018, IJCHM 30(11)).

    Raises as ``fit_pls``; DataError without items or global items.
    """
    if not items or not global_items:
        raise DataError("redundancy analysis needs formative items and at least one global item")
    model = PlsModel(
        (
            Construct("Formed", tuple(items), "B"),
            Construct("Global", tuple(global_items), "A", factor=True),
        ),
        (Path("Formed", "Global"),),
    )
    fit = fit_pls(data, model, bootstrap=bootstrap, seed=seed, statistics=["paths"], fit_test=False)
    ends: tuple[float | None, float | None] = (None, None)
    if fit.bootstrap is not None:
        row = fit.bootstrap.tables["paths"].iloc[0]
        ends = (float(row["lower"]), float(row["upper"]))
    return Redundancy(tuple(items), tuple(global_items), fit.path("Formed", "Global"), *ends, fit.n)
