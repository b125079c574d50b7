"""Agreement of coders: Krippendorff's alpha for nominal codes, with a bootstrap interval."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.errors import DataError

Code = Hashable | None


@dataclass(frozen=True)
class Agreement:
    """Krippendorff's alpha; 1 is perfect agreement, 0 that of chance.

    ``estimate`` is None where nothing varies: agreement about a single code says nothing. ``low`` and
    ``high`` are None where too few resamples vary, and where nobody disagreed: resamples of such units
    show no disagreement either, however few the units are. ``observed`` is the share of agreeing pairs.
    """

    estimate: float | None
    low: float | None
    high: float | None
    observed: float
    units: int
    confidence: float
    resamples: int
    method: str = "Krippendorff's alpha, nominal; percentile bootstrap over units"


_FEWEST = 0.9  # of the resamples must vary for an interval


def krippendorff_alpha(
    codings: Sequence[Sequence[Code]],
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
    rng: np.random.Generator,
) -> Agreement:
    """Krippendorff's alpha of nominal codes.

    Parameters
    ----------
    codings : one sequence for each unit, with the code of each coder; None where a coder gave none.
        Units with fewer than two codes are left out.
    resamples : how many times units are drawn anew for the interval; 0 for none.

    Raises
    ------
    DataError : where no unit has two codes.

    Notes
    -----
    With n_uc coders who gave unit u code c, and m_u of all codes, each unit adds
    (m_u^2 - sum_c n_uc^2) / (m_u - 1) to the disagreeing pairs, of n = sum_u m_u values. alpha is
    1 - D_o / D_e, with D_e from the totals n_c. The bootstrap draws units with replacement.

    Validated against the worked examples of Krippendorff (2011): .095 (A), .692 (B), .743 (C).

    References
    ----------
    Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability. University of Pennsylvania.

    >>> krippendorff_alpha([["a", "a"], ["b", "b"]], resamples=0, rng=np.random.default_rng(1)).estimate
    1.0
    """
    counts = _counts(codings)
    each = np.ones((1, len(counts)))
    alpha, observed = _alphas(each, counts)
    estimate = None if np.isnan(alpha[0]) else float(alpha[0])
    low = high = None
    if resamples and estimate is not None:
        drawn = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=resamples)
        found = _alphas(drawn.astype(float), counts)[0]
        found = found[~np.isnan(found)]
        if len(found) >= _FEWEST * resamples and observed[0] < 1:
            tail = (1 - confidence) / 2
            low, high = (float(q) for q in np.quantile(found, [tail, 1 - tail]))
    return Agreement(estimate, low, high, float(observed[0]), len(counts), confidence, resamples)


def _counts(codings: Sequence[Sequence[Code]]) -> np.ndarray:
    """How many coders gave each unit (row) each code (column), of the units that two have coded."""
    given = [[code for code in unit if code is not None] for unit in codings]
    paired = [unit for unit in given if len(unit) > 1]
    if not paired:
        raise DataError("no unit was coded by two coders; agreement needs at least one")
    places: dict[Hashable, int] = {}
    for unit in paired:
        for code in unit:
            places.setdefault(code, len(places))
    counts = np.zeros((len(paired), len(places)))
    for row, unit in enumerate(paired):
        for code in unit:
            counts[row, places[code]] += 1
    return counts


def _alphas(weights: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Alpha and observed agreement for each row of weights of the units; NaN where nothing varies."""
    coders = counts.sum(axis=1)
    apart = (coders**2 - (counts**2).sum(axis=1)) / (coders - 1)
    n = weights @ coders
    totals = weights @ counts
    observed = (weights @ apart) / n
    expected = (n**2 - (totals**2).sum(axis=1)) / (n * (n - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha = np.where(expected > 0, 1 - observed / expected, np.nan)
    return alpha, 1 - observed
