"""Answer categories joined until every group has used each: thresholds are compared on those."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.covariance.matrices import Array
from analysis.moments import numeric


def joined_categories(
    data: pd.DataFrame,
    items: Sequence[str],
    labels: pd.Series,
    *,
    complete: Sequence[str] | None = None,
    pairwise: bool = False,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The items with neighbouring categories joined where a group used one of them never, and a
    sentence for each such item, whose categories are then numbered from 1.

    From the lowest category up, each takes in the next ones until every group has an answer in it;
    what is left at the top goes to the last. ``labels`` gives the rows' groups; rows without a group, or
    without one of the items (or of ``complete``), count for nothing: the model is fitted without them.
    With ``pairwise`` an answer counts whatever else is missing.
    """
    values = numeric(data, items)
    needed = values if complete is None else numeric(data, complete)
    known = labels.notna().to_numpy()
    if not pairwise:
        known = known & ~np.isnan(needed).any(axis=1)
    group = labels.astype(str).to_numpy()
    names = list(dict.fromkeys(group[known].tolist()))
    columns, said = {}, []
    for item, answers in zip(items, values.T, strict=True):
        there = known & ~np.isnan(answers)
        used = [np.unique(answers[there & (group == name)]) for name in names]
        bins = _bins(used)
        if any(len(own) > 1 for own in bins):
            columns[item] = _numbered(answers, bins)
            together = " and ".join(
                ", ".join(f"{value:g}" for value in own) for own in bins if len(own) > 1
            )
            absent = _unused(used, names)
            said.append(
                f"{item}: the answers {together} were joined, because thresholds are compared on "
                f"categories that every group uses ({absent})"
            )
    return data.assign(**columns), tuple(said)


def _bins(used: Sequence[Array]) -> list[list[float]]:
    """Categories in order, as lists of those joined."""
    bins: list[list[float]] = [[]]
    for value in np.unique(np.concatenate(used)).tolist():
        if bins[-1] and all(np.isin(bins[-1], own).any() for own in used):
            bins.append([])
        bins[-1].append(value)
    if len(bins) > 1 and not all(np.isin(bins[-1], own).any() for own in used):
        top = bins.pop()
        bins[-1].extend(top)
    return bins


def _numbered(answers: Array, bins: Sequence[Sequence[float]]) -> Array:
    found = np.full(len(answers), np.nan)
    for number, own in enumerate(bins, start=1):
        found[np.isin(answers, own)] = number
    return found


def _unused(used: Sequence[Array], names: Sequence[str]) -> str:
    every = np.unique(np.concatenate(used))
    absent = [(name, np.setdiff1d(every, own)) for name, own in zip(names, used, strict=True)]
    return "; ".join(
        f"nobody in group {name} chose {', '.join(f'{value:g}' for value in values)}"
        for name, values in absent
        if len(values)
    )
