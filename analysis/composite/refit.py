"""Effect sizes by fitting the model again without each arrow."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.composite.cases import Missing
from analysis.composite.layout import CompositeOptions
from analysis.composite.model import PlsModel
from analysis.composite.pls import fit_pls
from analysis.composite.text import read_model
from analysis.moments import Moments


def refitted_f_squared(
    data: pd.DataFrame | Moments,
    model: str | PlsModel,
    *,
    settings: CompositeOptions = CompositeOptions(),  # noqa: B008 - frozen
    missing: Missing = "mean",
) -> pd.DataFrame:
    """f2 of every arrow with all weights estimated anew without it: source, target, f_squared.

    (R2 - R2 without) / (1 - R2), as R seminr does; it may be negative, for other weights may
    explain the target better. ``PlsResult.paths`` keeps the composites as they are, which is what
    Cohen's (1988) f2 asks. NaN for a main effect whose product stays in the model. Raises as
    ``fit_pls``. Validated against R seminr ``model_fsquares``.
    """
    whole = read_model(model) if isinstance(model, str) else model

    def explained(some: PlsModel) -> dict[str, float]:
        fit = fit_pls(
            data,
            some,
            scheme=settings.scheme,
            consistent=settings.consistent,
            higher_order=settings.higher_order,
            interaction=settings.interaction,
            missing=missing,
        )
        values = fit.r_squared["r_squared"]
        return dict(zip(values.index, values.tolist(), strict=True))

    full = explained(whole)
    rows = []
    for path in whole.paths:
        inside = [
            p
            for p in whole.paths
            if p.target == path.target and ":" in p.source and path.source in p.source.split(":")
        ]
        r2 = full[path.target]
        without = np.nan if inside else 0.0
        if not inside and len(whole.antecedents(path.target)) > 1:
            without = explained(_without(whole, path.source, path.target))[path.target]
        rows.append((path.source, path.target, (r2 - without) / (1 - r2)))
    return pd.DataFrame(rows, columns=["source", "target", "f_squared"])


def _without(model: PlsModel, source: str, target: str) -> PlsModel:
    """The model less an arrow, and less the constructs that nothing joins to it any more."""
    paths = tuple(p for p in model.paths if (p.source, p.target) != (source, target))
    joined = {name for p in paths for name in (*p.source.split(":"), p.target)}
    joined |= {part for c in model.higher if c.name in joined for part in c.parts}
    return PlsModel(tuple(c for c in model.constructs if c.name in joined), paths)
