"""Do sampling weights change the paths? The same model with and without them."""

from __future__ import annotations

import pandas as pd

from analysis.composite.drawn_rows import require_columns
from analysis.composite.model import PlsModel
from analysis.composite.pls import fit_pls
from analysis.composite.result import PlsResult
from analysis.covariance.drawn_rows import weights_in


def both_weightings(found: PlsResult, data: pd.DataFrame, model: str | PlsModel) -> pd.DataFrame:
    """Columns source, target, weighted, unweighted, difference; ``found`` is the weighted fit.

    The unweighted fit is of the same rows: those that have a weight above 0. Raises as ``fit_pls``.
    """
    settings = found.settings
    require_columns(data, found.drawn)
    name = found.drawn.weights
    rows = data if name is None else data[weights_in(data, name) > 0]
    other = fit_pls(
        rows,
        model,
        scheme=settings.scheme,
        consistent=settings.consistent,
        higher_order=settings.higher_order,
        interaction=settings.interaction,
        missing="listwise" if found.missing == "listwise" else "mean",
        cluster=found.drawn.cluster,
    )
    weighted, unweighted = found.paths["estimate"], other.paths["estimate"]
    return pd.DataFrame(
        {
            "source": found.paths["source"],
            "target": found.paths["target"],
            "weighted": weighted,
            "unweighted": unweighted,
            "difference": weighted - unweighted,
        }
    )
