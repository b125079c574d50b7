"""What each item looks like before any model: centre, spread, shape, floor and ceiling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.moments import numeric

FLOOR_CEILING_CUT = 0.15  # at one end: of total scores, the rule of Terwee et al. 2007
MOST_BARS = 101  # distinct values; a column with more is continuous and gets no histogram


@dataclass(frozen=True)
class ItemDescription:
    """One item's answers. Shares are 0..1 of the ``n`` answers given; NaN where undefined.

    ``skew`` is b1 = m3 / s^3 and ``kurtosis`` the excess b2 = m4 / s^4 - 3 with s the standard
    deviation of divisor n - 1 (type 3 of Joanes & Gill 1998, the default of R psych).
    ``floor`` and ``ceiling`` are the shares at ``lowest`` and ``highest``: the ends of the answer
    scale where it is known, else the ends found. ``histogram`` counts each value, ascending, and
    the scale's unused points too.
    """

    item: str
    n: int
    missing: int
    mean: float
    sd: float
    median: float
    skew: float
    kurtosis: float
    minimum: float
    maximum: float
    lowest: float
    highest: float
    floor: float
    ceiling: float
    histogram: tuple[tuple[float, int], ...]


def skew(values: np.ndarray) -> float:
    """Skewness b1 (type 3) of the non-missing values; NaN without variance."""
    return _standardised_moment(values, 3)


def kurtosis(values: np.ndarray) -> float:
    """Excess kurtosis b2 (type 3) of the non-missing values; NaN without variance."""
    return _standardised_moment(values, 4) - 3.0


def _standardised_moment(values: np.ndarray, power: int) -> float:
    values = values[~np.isnan(values)]
    if len(values) < 2:
        return float("nan")
    centred = values - values.mean()
    sd = np.sqrt(centred @ centred / (len(values) - 1))
    return float(np.mean(centred**power) / sd**power) if sd > 0 else float("nan")


def describe_items(
    data: pd.DataFrame,
    items: Sequence[str] | None = None,
    *,
    scales: Mapping[str, tuple[float, float]] | None = None,
) -> tuple[ItemDescription, ...]:
    """Describe each item from its own non-missing answers.

    data: items in columns. items: which (all when None). scales: item -> (lowest, highest) point
    of its answer scale. Raises MissingItem, and DataError for text or infinity.

    Validated against R psych ``describe`` (n, mean, sd, skew, kurtosis) to 1e-8.
    References: Joanes & Gill 1998; Terwee et al. 2007 (floor and ceiling).

    >>> describe_items(pd.DataFrame({"q": [1, 2, 2, 7]}), scales={"q": (1, 7)})[0].ceiling
    0.25
    """
    names = tuple(data.columns) if items is None else tuple(items)
    values = numeric(data, names)
    return tuple(
        _describe(name, values[:, j], (scales or {}).get(name)) for j, name in enumerate(names)
    )


def _describe(name: str, column: np.ndarray, scale: tuple[float, float] | None) -> ItemDescription:
    given = column[~np.isnan(column)]
    n = len(given)
    nan = float("nan")
    minimum, maximum = (float(given.min()), float(given.max())) if n else (nan, nan)
    lowest, highest = (float(scale[0]), float(scale[1])) if scale else (minimum, maximum)
    return ItemDescription(
        item=name,
        n=n,
        missing=len(column) - n,
        mean=float(given.mean()) if n else nan,
        sd=float(given.std(ddof=1)) if n > 1 else nan,
        median=float(np.median(given)) if n else nan,
        skew=skew(given),
        kurtosis=kurtosis(given),
        minimum=minimum,
        maximum=maximum,
        lowest=lowest,
        highest=highest,
        floor=float(np.mean(given <= lowest)) if n else nan,
        ceiling=float(np.mean(given >= highest)) if n else nan,
        histogram=_histogram(given, scale),
    )


def _histogram(
    given: np.ndarray, scale: tuple[float, float] | None
) -> tuple[tuple[float, int], ...]:
    values, counts = np.unique(given, return_counts=True)
    if len(values) > MOST_BARS:
        return ()
    bars = dict(zip(values.tolist(), counts.tolist(), strict=True))
    if scale and scale[1] - scale[0] < MOST_BARS:
        for point in np.arange(scale[0], scale[1] + 1).tolist():
            bars.setdefault(point, 0)
    return tuple(sorted(bars.items()))
