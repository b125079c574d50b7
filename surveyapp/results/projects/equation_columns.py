"""The variables of a model's regression as columns of numbers: a construct by its items' mean."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from surveyapp.errors import Conflict
from surveyapp.results.projects.model_equations import Equations


def variables_of_equation(
    data: pd.DataFrame,
    found: Equations,
    outcome: str,
    scales: Mapping[str, tuple[float, float]],
) -> pd.DataFrame:
    """A column for the outcome and each of its predictors, rows as in ``data``.

    An item as it is; a construct as the mean of its parts, missing where one of them is. Raises Conflict
    for an item that a step left out, for a reversed one without a scale, and for a construct that has no
    parts of its own.
    """
    terms = (outcome, *found.predictors[outcome])
    names = dict.fromkeys(part for term in terms for part in term.split(":"))
    return pd.DataFrame({name: _column(data, found, name, scales, ()) for name in names})


def _column(
    data: pd.DataFrame,
    found: Equations,
    name: str,
    scales: Mapping[str, tuple[float, float]],
    within: tuple[str, ...],
) -> pd.Series:
    parts = found.parts.get(name)
    if parts is None:
        if name not in data.columns:
            raise Conflict(
                f"{name} is no item of these answers and no construct with items; a mixed model is of"
                " observed variables, and a construct counts by the mean of its items."
            )
        values = pd.to_numeric(data[name], errors="coerce")
        if name not in found.reversed_items:
            return values
        if name not in scales:
            raise Conflict(
                f"{name} is reversed in the model, and the ends of its scale are not known."
            )
        lowest, highest = scales[name]
        return lowest + highest - values
    if name in within:
        raise Conflict(f"{name} is made of itself, so that it has no mean of items.")
    columns = [_column(data, found, part, scales, (*within, name)) for part in parts]
    return pd.concat(columns, axis=1).mean(axis=1, skipna=False)
