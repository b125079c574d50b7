"""What drawing rows in clusters costs the paths of a composite model in precision."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.composite.cases import Batch, Cases
from analysis.composite.estimate import Estimates, estimate
from analysis.composite.layout import Layout
from analysis.composite.resampling import resample


def path_design_effects(
    cases: Cases, layout: Layout, draws: np.ndarray, *, resamples: int, seed: int | None
) -> pd.DataFrame:
    """Columns source, target, se_rows, design_effect: an arrow a row.

    The design effect (Kish 1965) is the variance of the path over resamples of clusters, ``draws``
    (R, a), by that over as many resamples of rows (``se_rows`` squared), weights kept in both.
    """
    alone = replace(cases, clusters=None)
    _, reference = estimate(alone.whole(), layout)

    def paths(_: Batch, e: Estimates) -> dict[str, np.ndarray]:
        return {"paths": e.paths}

    rows = resample(alone, layout, reference, paths, resamples=resamples, seed=seed).draws["paths"]
    simple, nested = rows.std(axis=0, ddof=1), draws.std(axis=0, ddof=1)
    steady = simple <= 1e-12
    effect = np.where(steady, np.nan, (nested / np.where(steady, 1.0, simple)) ** 2)
    names = layout.names
    return pd.DataFrame(
        {
            "source": [names[source] for source, _ in layout.arrows],
            "target": [names[target] for _, target in layout.arrows],
            "se_rows": simple,
            "design_effect": effect,
        }
    )
