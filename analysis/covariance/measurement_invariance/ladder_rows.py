"""The rows of a ladder of ordinal items: turned, joined, the reference group first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from analysis.covariance.data import reference_first, require_group_column
from analysis.covariance.ordinal.joined_categories import joined_categories
from analysis.covariance.text.model import Model
from analysis.moments import Moments
from analysis.reversal import reversal_sentences, turned, turning_points


def ladder_rows(
    data: pd.DataFrame,
    model: Model,
    group: str,
    *,
    ordered: Sequence[str],
    reference: str | None,
    join: bool,
    missing: str,
) -> tuple[pd.DataFrame | Mapping[str, Moments], tuple[str, ...]]:
    """The rows as the ladder's models take them, and what a reader must know of what was done to them.

    Reversed items are turned; with ``join`` categories of the items ``ordered`` that not every group uses
    are put together. Raises MissingItem without the grouping column, DataError for a ``reference`` that
    is no group.
    """
    points = turning_points(data, model.reversed_items)
    data, said = turned(data, points), reversal_sentences(points)
    labels = require_group_column(data, group)
    if join:
        data, joined = joined_categories(
            data, ordered, labels, complete=model.observed, pairwise=missing == "pairwise"
        )
        said += joined
    return reference_first(data, group, reference), said
