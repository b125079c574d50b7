"""Who may have answered without reading: four indicators, proposed as flags, never deletions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2

from analysis.errors import AnalysisError, DataError
from analysis.moments import moments, numeric

INDICATORS = ("longstring", "irv", "mahalanobis", "speed")


@dataclass(frozen=True)
class CarelessCuts:
    """Where each indicator begins to flag.

    longstring: a run of identical answers of at least this share of the items (Curran 2016: half)
    and at least 6 long. irv: a standard deviation within the person at or below this many points
    of the scale (Dunn et al. 2018; 0: the same answer everywhere), where a person answered at
    least ``longstring_least`` items: two equal answers say nothing. mahalanobis: upper-tail
    probability of D2 (Meade & Craig 2012). seconds_per_item: faster than this (Huang et al. 2012).
    """

    longstring_share: float = 0.5
    longstring_least: int = 6
    irv: float = 0.0
    mahalanobis: float = 0.001
    seconds_per_item: float = 2.0


@dataclass(frozen=True)
class CarelessReport:
    """Per row (n,): the indicators' values (NaN where undefined) and which flagged it.

    ``flags`` has a column an indicator, in the order of ``INDICATORS``; ``flagged`` is any.
    ``warnings`` say which indicator could not be computed, and why.
    """

    cuts: CarelessCuts
    longstring_cut: int
    mahalanobis_cut: float
    longstring: np.ndarray
    irv: np.ndarray
    mahalanobis: np.ndarray
    seconds_per_item: np.ndarray
    flags: np.ndarray
    flagged: np.ndarray
    warnings: tuple[str, ...]


def longstring(values: np.ndarray) -> np.ndarray:
    """Longest run of identical consecutive answers in each row (n, p); a missing answer ends it.

    >>> longstring(np.array([[3, 3, 3, 1], [1, 2, 3, 4]])).tolist()
    [3, 1]
    """
    n, p = values.shape
    longest = np.zeros(n, dtype=int)
    run = np.zeros(n, dtype=int)
    for j in range(p):
        given = ~np.isnan(values[:, j])
        same = given & (values[:, j] == values[:, j - 1]) if j else np.zeros(n, dtype=bool)
        run = np.where(same, run + 1, given.astype(int))
        longest = np.maximum(longest, run)
    return longest


def intra_individual_variability(values: np.ndarray) -> np.ndarray:
    """Standard deviation (n - 1) of each row's answers; NaN with fewer than two."""
    count = (~np.isnan(values)).sum(axis=1)
    total = np.nansum(values, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / count
        squares = np.zeros(len(values))
        for column in values.T:  # one after the other: no second copy of all answers
            squares += np.where(np.isnan(column), 0.0, (column - mean) ** 2)
        variance = squares / (count - 1)
    return np.where(count > 1, np.sqrt(variance), np.nan)


def careless(
    data: pd.DataFrame,
    items: Sequence[str] | None = None,
    *,
    seconds: Sequence[float] | np.ndarray | pd.Series | None = None,
    cuts: CarelessCuts | None = None,
) -> CarelessReport:
    """Flag rows by longstring, intra-individual variability, Mahalanobis D2 and speed.

    data: answers as given (reverse-worded items not turned), items in the order asked. seconds:
    time each person took for these items, in the order of the rows; without it nobody is flagged
    for speed. D2 is computed for complete rows. Raises MissingItem, and DataError for text,
    infinity, or as many seconds as there are not rows.
    """
    names = list(data.columns) if items is None else list(items)
    chosen = cuts or CarelessCuts()
    values = numeric(data, names)
    n, p = values.shape
    longest_allowed = max(chosen.longstring_least, int(np.ceil(chosen.longstring_share * p)))
    runs, irv = longstring(values), intra_individual_variability(values)
    answered = (~np.isnan(values)).sum(axis=1)
    distance, said = _distances(data, names, values)
    distance_cut = float(chi2.isf(chosen.mahalanobis, p)) if p else float("nan")
    speed = np.full(n, np.nan)
    if seconds is not None:
        speed = np.asarray(seconds, dtype=float)
        if speed.shape != (n,):
            raise DataError(f"{n} rows need {n} times; found {speed.size}")
        speed = speed / max(p, 1)
    with np.errstate(invalid="ignore"):  # a comparison with NaN flags nobody
        flags = np.column_stack(
            [
                runs >= longest_allowed,
                (irv <= chosen.irv) & (answered >= chosen.longstring_least),
                distance > distance_cut,
                speed < chosen.seconds_per_item,
            ]
        )
    return CarelessReport(
        cuts=chosen,
        longstring_cut=longest_allowed,
        mahalanobis_cut=distance_cut,
        longstring=runs,
        irv=irv,
        mahalanobis=distance,
        seconds_per_item=speed,
        flags=flags,
        flagged=np.asarray(flags.any(axis=1)),
        warnings=said,
    )


def _distances(
    data: pd.DataFrame, names: list[str], values: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Squared Mahalanobis distance of complete rows from the mean (covariance of divisor n - 1)."""
    out = np.full(len(values), np.nan)
    try:
        found = moments(data, names, need=len(names) + 2)
        found.require_positive_definite()
    except AnalysisError as error:
        return out, (f"Mahalanobis distances: {error}",)
    complete = ~np.isnan(values).any(axis=1)
    centred = values[complete] - found.mean
    inverse = np.linalg.inv(found.cov * found.n / (found.n - 1))
    out[complete] = np.einsum("ij,jk,ik->i", centred, inverse, centred)
    return out, ()
