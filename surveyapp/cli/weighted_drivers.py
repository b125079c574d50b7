"""What goes with a weighted score in a file: a weighted regression, and each predictor's part of R squared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from analysis.drivers import relative_importance
from analysis.weighted_regression import weighted_regression
from analysis.weighting import raked
from surveyapp.cli.outputs import Table, interval, number, probability
from surveyapp.errors import Invalid

SEED = 20_260_101
_HEAD = ("driver", "coefficient", "95% CI", "error", "p", "part of R squared", "95% CI of the part")


def weighted_drivers(
    kept: pd.DataFrame,
    attributes: Mapping[str, Sequence[str]],
    shares: Mapping[str, Mapping[str, float]],
    score: str,
    drivers: Sequence[str],
) -> tuple[Table, dict[str, Any]]:
    """A table and a document of the drivers of a score, from rows without missing values. Raises Invalid and
    DataError: for a driver that is not numbers, and what ``relative_importance`` raises."""
    for name in (score, *drivers):
        if not pd.api.types.is_numeric_dtype(kept[name]):
            raise Invalid(f"{name} is a column of texts; name one of numbers")
    weights = raked(attributes, shares)
    x = kept[list(drivers)].to_numpy(dtype=np.float64)
    y = kept[score].to_numpy(dtype=np.float64)
    parts = relative_importance(x, y, drivers, seed=SEED, weights=weights.values)
    fitted = weighted_regression(x, y, drivers, weights)
    rows = [
        [
            each.name,
            number(each.estimate),
            interval(each.low, each.high),
            number(each.error),
            probability(each.p),
            f"{100 * part.part:.1f}%",
            f"{100 * part.low:.1f}% to {100 * part.high:.1f}%",
        ]
        for each, part in zip(fitted.coefficients, parts.drivers, strict=True)
    ]
    title = (
        f"Drivers of {score}, weighted: n = {fitted.n}, R squared {number(fitted.r_squared)};"
        " errors are robust, parts are LMG with bootstrap intervals"
    )
    document = {
        "score": score,
        "regression": asdict(fitted),
        "importance": asdict(parts),
        "seed": SEED,
    }
    return (title, _HEAD, rows), document
