"""Polychoric correlations of incomplete rows, each from the answers that it needs (lavaan's "pairwise")."""

from __future__ import annotations

import numpy as np

from analysis.covariance.design import Design
from analysis.covariance.matrices import Array
from analysis.covariance.ordinal.limited_moments import MomentLayout, limited_moments
from analysis.covariance.ordinal.polychoric import Polychoric, gaps_between
from analysis.errors import TooFewCases


def pairwise_polychoric(values: Array, names: tuple[str, ...], design: Design) -> Polychoric:
    """Thresholds from an item's answers, correlations from rows with both, of rows (n, p) with NaN.

    Their sampling covariance is times n, all rows. Unbiased where cells are missing completely at random
    (Asparouhov & Muthén 2010). Raises TooFewCases for a pair that fewer than 3 rows answered.

    Validated against: lavaan 0.6-14, ``missing = "pairwise"``.
    """
    seen = (~np.isnan(values)).astype(float)
    both = seen.T @ seen
    i, j = np.unravel_index(int(np.argmin(both)), both.shape)
    if both[i, j] < 3:
        raise TooFewCases(3, int(both[i, j]), what=f"rows with both {names[j]} and {names[i]}")
    categories = tuple(np.unique(column[~np.isnan(column)]) for column in values.T)
    counts = tuple(len(own) - 1 for own in categories)
    layout = MomentLayout(names, counts, ())
    found = limited_moments(
        values,
        np.zeros((len(values), 0)),
        layout,
        dict(zip(names, categories, strict=True)),
        design,
    )
    cuts = np.cumsum(counts)[:-1]
    thresholds = np.split(found.values[: int(layout.starts[-1])], cuts)
    return Polychoric(
        names,
        len(values),
        categories,
        tuple(thresholds),
        found.covariance,
        found.gamma,
        0,
        (*gaps_between(list(categories), names), *found.warnings),
        None if design.weights is None else design.size_of(len(values)),
    )
