"""Which rows and results of a project's model may be told of: those of enough respondents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import pandas as pd

from surveyapp.errors import Conflict


def of_large_groups(
    data: pd.DataFrame, group: str, used: Sequence[str], missing: str, minimum: int
) -> pd.DataFrame:
    """The rows of groups that are large enough to be told of. Raises Conflict where fewer than two are."""
    if group not in data.columns:
        raise Conflict(f"{group} makes no groups of these answers any more; fit the model without.")
    usable = data[list(used)].notna()
    counted = usable.all(axis=1) if missing == "listwise" else usable.any(axis=1)
    sizes = data.loc[counted, group].value_counts()
    large = [value for value in sizes.index if sizes[value] >= minimum]
    if len(large) < 2:
        raise Conflict(f"{group} makes fewer than two groups of {minimum} respondents or more.")
    return data[data[group].isin(large)]


def refuse_few(result: Mapping[str, Any], minimum: int) -> None:
    """Raise Conflict for a result of fewer respondents than may be told of, once those without an answer
    are left out."""
    n = result.get("n")
    if isinstance(n, Integral) and int(n) < minimum:
        raise Conflict(
            f"Fewer than {minimum} respondents answered all that this is computed from, too few to show; leave"
            " out an item that few answered, or use all available answers."
        )


def left_out_by(group: str, rows: int) -> list[str]:
    """What is said of rows without a group, or of one too small to be told of; nothing of none."""
    if not rows:
        return []
    people = "respondent was" if rows == 1 else "respondents were"
    return [
        f"{rows:,} {people} left out: without a value of {group}, or in a group too small to show"
    ]


def refuse_few_in_effect(
    data: pd.DataFrame, options: Mapping[str, Any], group: str | None, minimum: int
) -> None:
    """Raise Conflict where the weights leave an effective n (Kish 1965) below the minimum, in a group or in all:
    estimates would be those of a few respondents with large weights.
    """
    names = [options[name] for name in ("weights", "cluster_weights") if options.get(name)]
    if not names or not set(names) <= set(data.columns):
        return
    weights = data[names].apply(pd.to_numeric, errors="coerce").prod(axis=1, skipna=False)
    weights = weights[weights > 0]
    if weights.empty:
        return
    groups = data.loc[weights.index, group] if group else pd.Series("all", index=weights.index)
    effective = weights.groupby(groups).sum() ** 2 / (weights**2).groupby(groups).sum()
    if effective.min() < minimum:
        raise Conflict(
            f"Weighted by {' and '.join(names)}, fewer than {minimum} respondents carry the result (effective n),"
            " too few to show; choose other weights, or none."
        )
