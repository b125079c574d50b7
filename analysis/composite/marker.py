"""Measured latent marker: what paths are left when common method variance is taken out?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.composite.cases import Missing
from analysis.composite.layout import CompositeOptions
from analysis.composite.model import Construct, Path, PlsModel
from analysis.composite.pls import fit_pls
from analysis.composite.result import PlsResult
from analysis.composite.text import read_model
from analysis.errors import DataError, MissingItem, ModelError

ENOUGH_ITEMS = 4


@dataclass(frozen=True)
class MarkerCorrection:
    """Paths without and with the marker controlled.

    ``paths``: source, target, plain, corrected, change, lower and upper (interval of the corrected
    path, if bootstrapped), conclusion_changes (the interval leaves out zero in one fit only).
    ``marker_paths``: target, estimate (effect of the marker on each explained construct).
    """

    items: tuple[str, ...]
    paths: pd.DataFrame
    marker_paths: pd.DataFrame
    largest_change: float
    n: int
    warnings: tuple[str, ...]


def marker_correction(
    data: pd.DataFrame,
    model: str | PlsModel,
    items: Sequence[str],
    *,
    settings: CompositeOptions = CompositeOptions(),  # noqa: B008 - frozen
    missing: Missing = "mean",
    bootstrap: int = 0,
    seed: int | None = None,
) -> MarkerCorrection:
    """Construct-level correction with a measured latent marker (Chin et al. 2013, MISQ 37(1)).

    items: answers unrelated by theory to the model's constructs, answered in the same way. A
    formative (Mode B) composite of them leads to every construct that is explained, so that a
    path of the model is the effect beyond what the method shares: the regression of each target
    holds the marker, which takes the method out of its antecedents as well. Chin et al. draw one
    marker composite a construct; one for all is the same regression with common weights, and
    stays identified where constructs are many.

    Raises as ``fit_pls``; DataError without items, ModelError when one is in the model already.
    """
    if not items:
        raise DataError("a marker needs items; give at least four that theory keeps apart")
    absent = [item for item in items if item not in data.columns]
    if absent:
        raise MissingItem(f"not among the data's columns: {', '.join(absent)}")
    plain = read_model(model) if isinstance(model, str) else model
    shared = [item for item in items if item in plain.items]
    if shared:
        raise ModelError(f"{', '.join(shared)} belongs to the model and cannot be a marker")
    name = "Marker"
    while name in plain.names:
        name += "_"
    targets = list(dict.fromkeys(path.target for path in plain.paths))
    corrected = PlsModel(
        (*plain.constructs, Construct(name, tuple(items), "B")),
        (*plain.paths, *(Path(name, target) for target in targets)),
    )
    fits = [
        fit_pls(
            data,
            m,
            scheme=settings.scheme,
            consistent=settings.consistent,
            higher_order=settings.higher_order,
            interaction=settings.interaction,
            missing=missing,
            bootstrap=bootstrap,
            seed=seed,
            statistics=["paths"],
            bca=False,
            fit_test=False,
        )
        for m in (plain, corrected)
    ]
    table = _comparison(fits[0], fits[1])
    of_marker = fits[1].paths[fits[1].paths["source"] == name]
    notes = []
    if len(items) < ENOUGH_ITEMS:
        notes.append(
            f"{len(items)} marker items; Chin et al. (2013) find that at least four are needed"
        )
    return MarkerCorrection(
        tuple(items),
        table,
        of_marker[["target", "estimate"]].reset_index(drop=True),
        float(table["change"].abs().max()),
        fits[1].n,
        tuple(notes),
    )


def _comparison(plain: PlsResult, corrected: PlsResult) -> pd.DataFrame:
    table = plain.paths[["source", "target", "estimate"]].rename(columns={"estimate": "plain"})
    pairs = list(zip(table["source"], table["target"], strict=True))
    table["corrected"] = [corrected.path(source, target) for source, target in pairs]
    table["change"] = table["corrected"] - table["plain"]
    if plain.bootstrap is not None and corrected.bootstrap is not None:
        before = plain.bootstrap.tables["paths"].loc[pairs]
        after = corrected.bootstrap.tables["paths"].loc[pairs]
        table["lower"], table["upper"] = after["lower"].to_numpy(), after["upper"].to_numpy()
        table["conclusion_changes"] = _clear(before) != _clear(after)
    return table


def _clear(table: pd.DataFrame) -> object:
    """Which intervals leave out zero."""
    return ((table["lower"] > 0) | (table["upper"] < 0)).to_numpy()
