"""What a fitted model leaves unexplained, correlation by correlation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.covariance.matrices import Array


def residual_correlations(
    names: tuple[str, ...], sample: Array, implied: Array, *, kind: str = "bentler"
) -> pd.DataFrame:
    """Sample minus implied correlations (p, p).

    ``bentler`` divides residual covariances by the sample's standard deviations; ``bollen``
    subtracts two correlation matrices. They agree where the model reproduces the variances.
    """
    sd = np.sqrt(np.diag(sample))
    if kind == "bentler":
        residual = (sample - implied) / np.outer(sd, sd)
    else:
        implied_sd = np.sqrt(np.diag(implied))
        residual = sample / np.outer(sd, sd) - implied / np.outer(implied_sd, implied_sd)
    return pd.DataFrame(residual, index=list(names), columns=list(names))
