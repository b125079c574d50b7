"""Reverse-keyed items counted from the other end of their scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.moments import numeric


def turning_points(data: pd.DataFrame, items: Sequence[str]) -> dict[str, float]:
    """For each item the sum of its lowest and highest answer: what a turned answer is subtracted from.

    Raises DataError for an item without answers, and what ``numeric`` raises.
    """
    if not items:
        return {}
    found = {}
    for item, answers in zip(items, numeric(data, items).T, strict=True):
        if np.isnan(answers).all():
            raise DataError(f"{item} has no answers to turn; leave the item out")
        found[item] = float(np.nanmin(answers) + np.nanmax(answers))
    return found


def turned(data: pd.DataFrame, points: Mapping[str, float]) -> pd.DataFrame:
    """The data with each of the items subtracted from its turning point."""
    if not points:
        return data
    answers = numeric(data, tuple(points))
    return data.assign(
        **{item: point - answers[:, j] for j, (item, point) in enumerate(points.items())}
    )


def scale_reversal_sentences(points: Mapping[str, float]) -> tuple[str, ...]:
    """What a reader must know of each item that is turned about the ends of its scale."""
    return tuple(
        f"{item} is read the other way round, as {point:g} - {item}: the ends of its scale change places"
        for item, point in points.items()
    )


def reversal_sentences(points: Mapping[str, float]) -> tuple[str, ...]:
    """What a reader must know of each turned item."""
    return tuple(
        f"{item} is read the other way round, as {point:g} - {item}: its lowest and highest answer in "
        "the data change places"
        for item, point in points.items()
    )
