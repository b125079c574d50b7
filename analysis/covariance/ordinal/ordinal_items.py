"""Which items a model takes as ordinal, and whether their moments must be those given predictors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.covariance.data import SemData, group_column, numeric_rows
from analysis.covariance.ordinal.polychoric import MAX_CATEGORIES
from analysis.covariance.parameter_table import exogenous_of
from analysis.covariance.text.model import Model
from analysis.errors import DataError, ModelError


def ordinal_items(model: Model, ordered: bool | Sequence[str], *, fixed_x: bool) -> tuple[str, ...]:
    """The ordinal items: all outcomes, those named, or none.

    Raises ModelError for a named item that is not in the model, or that is a predictor.
    """
    if not ordered:
        return ()
    predictors = exogenous_of(model) if fixed_x else ()
    outcomes = tuple(name for name in model.observed if name not in predictors)
    if isinstance(ordered, bool):
        return outcomes if ordered else ()
    for name in ordered:
        if name in predictors:
            raise ModelError(
                f"ordered: {name} only predicts others and is taken as it is; leave it out of ordered"
            )
        if name not in outcomes:
            raise ModelError(f"ordered: {name} is no item of the model; correct the name")
    return tuple(name for name in outcomes if name in ordered)


def plainly_ordinal(model: Model, items: Sequence[str], *, parametrization: str) -> bool:
    """Whether all items are ordinal, measured by factors alone, with free thresholds and unit scales.

    Their thresholds then say nothing of the model, and correlations alone are fitted.
    """
    latent = set(model.latent)
    return (
        len(items) == len(model.observed)
        and parametrization == "delta"
        and not any(
            path.op in ("|", "~*~", "~1") or (path.op == "~" and not {path.lhs, path.rhs} <= latent)
            for path in model.paths
        )
    )


def answers_of(
    data: SemData,
    names: Sequence[str],
    items: Sequence[str],
    group: str | None,
    *,
    pairwise: bool,
) -> dict[str, tuple[float, ...]]:
    """Each item's different answers over all groups, in rows that lack none unless ``pairwise``.

    Raises DataError for moments instead of rows, and for items of more than 20 answers.
    """
    if not isinstance(data, pd.DataFrame):
        raise DataError("ordinal estimation needs the rows; moments are not enough")
    rows = numeric_rows(data, tuple(names))
    known = np.ones(len(rows), dtype=bool) if pairwise else ~np.isnan(rows).any(axis=1)
    column = None if group is None else group_column(data, group)
    if column is not None:
        known &= column.notna().to_numpy()
    found = {}
    for name in items:
        answers = rows[known, list(names).index(name)]
        own = np.unique(answers[~np.isnan(answers)])
        if len(own) > MAX_CATEGORIES:
            raise DataError(
                f"{name} has {len(own)} different values; ordinal items have at most {MAX_CATEGORIES}: name "
                "the ordinal items in ordered, and this one counts as a number"
            )
        if len(own) < 2:
            raise DataError(f"{name} has fewer than two different answers; leave the item out")
        found[name] = tuple(own.tolist())
    return found
