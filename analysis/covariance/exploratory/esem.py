"""Exploratory structural equation models (Asparouhov & Muthén 2009) of confirmatory ones.

All items load on all factors; the target says which loadings the author meant to be zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.covariance.exploratory.rotation import Rotation
from analysis.covariance.text.model import Model, Modifier, Path
from analysis.errors import ModelError

BLOCK = "esem"
GENERAL = ("G", "general", "general_factor")


@dataclass(frozen=True)
class Esem:
    """A model with one exploratory block, its a priori target (items by factors, NaN where a loading is
    free) and the rotation to it.
    """

    model: Model
    target: pd.DataFrame
    rotation: Rotation


def exploratory(model: Model, *, bifactor: bool = False, starts: int = 30) -> Esem:
    """The model with all cross-loadings of its factors free, and with the target that they are zero.

    ``bifactor`` adds a general factor of all items and makes the factors uncorrelated (Morin, Arens &
    Marsh 2016). Raises ModelError for a model that is exploratory already, or has fewer than two
    factors of items.
    """
    if model.blocks:
        raise ModelError(
            "the model has exploratory blocks already; name their rotation instead of asking for an ESEM"
        )
    latent = set(model.latent)
    factors: dict[str, list[str]] = {}
    for path in model.paths:
        if path.op == "=~" and path.rhs not in latent:
            if path.modifiers != (Modifier(),):
                raise ModelError(
                    f"{path.name}: loadings of an ESEM are rotated, so that none is fixed, labelled or "
                    "started at a value; write the item alone",
                    line=path.line or None,
                    column=path.column or None,
                )
            factors.setdefault(path.lhs, []).append(path.rhs)
    if len(factors) < (1 if bifactor else 2):
        raise ModelError("an ESEM needs at least two factors measured by items (=~)")
    items = list(dict.fromkeys(item for own in factors.values() for item in own))
    general = _general(model) if bifactor else None
    names = [*([general] if general else []), *factors]
    loadings = [Path(factor, "=~", item) for factor in names for item in items]
    others = [path for path in model.paths if not (path.op == "=~" and path.lhs in factors)]
    blocks = tuple((factor, BLOCK) for factor in names)
    whole = Model(
        (*loadings, *others),
        model.definitions,
        model.constraints,
        model.reversed_items,
        blocks,
    )
    method = "bi-target" if bifactor else "target"
    return Esem(whole, target_of_factors(factors, items, general), Rotation(method, starts=starts))


def target_of_factors(
    factors: Mapping[str, Sequence[str]], items: Sequence[str], general: str | None = None
) -> pd.DataFrame:
    """Items by factors: NaN (free) where an item is the factor's own, 0 elsewhere; free on ``general``."""
    found = pd.DataFrame(0.0, index=list(items), columns=list(factors))
    for factor, own in factors.items():
        found.loc[list(own), factor] = np.nan
    if general is not None:
        found.insert(0, general, np.nan)
    return found


def _general(model: Model) -> str:
    taken = {*model.latent, *model.observed}
    return next(
        name for name in (*GENERAL, *(f"G{k}" for k in range(len(taken) + 1))) if name not in taken
    )
