"""Interrupted time series: did a level or a trend break where something was changed?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.errors import TooFewCases
from analysis.robust_regression import SeriesFit, Term, series_fit

LEAST_SIDE, LEAST = 3, 8  # months on either side, and in all
ADVISED_SIDE = 12  # Wagner et al. (2002)


@dataclass(frozen=True)
class InterruptedSeries:
    """What a segmented regression of monthly means gives, in the unit of the means.

    ``level`` is the jump in the first month after the change, ``slope`` how much steeper the line is
    from then on, a month; ``before`` is the slope of the months before. ``average`` is how far the
    months after lie on average from the line of the months before, carried on. ``line`` has the
    fitted value of each month, ``carried`` that of the earlier line.
    """

    level: Term
    slope: Term
    before: Term
    average: Term
    months: tuple[int, int]  # before and after
    lags: int
    freedom: int
    line: tuple[float, ...]
    carried: tuple[float, ...]
    method: str = "segmented regression, Newey-West errors"


def interrupted_series(
    times: Sequence[int],
    values: Sequence[float],
    counts: Sequence[float],
    *,
    change: int,
    answer_variance: float,
    confidence: float = 0.95,
) -> InterruptedSeries:
    """Level and slope change of a series of means at a known time.

    ``times``: the months as rising whole numbers, gaps allowed; those from ``change`` on are after it.
    ``values``: their means, each of ``counts`` answers whose variance is ``answer_variance``. Months
    weigh as many answers as they have. Raises TooFewCases below ``LEAST_SIDE`` months on a side and
    ``LEAST`` in all.

    Coverage of the 95 % intervals in 2,000 simulations each, with 60 answers a month, of level, slope
    and average: .97, .96, .96 with 12 and 12 months, .98, .98, .98 with 8 and 4. Where months have
    shocks of their own that go on (AR(1), rho .4), half as large as the sampling error: .93, .93, .92
    and .97, .96, .97; as large as it: .86, .85, .85 and .90, .90, .88. So they are too narrow where
    much else moves the months.

    References: Wagner, A. K., Soumerai, S. B., Zhang, F., & Ross-Degnan, D. (2002). Segmented
    regression analysis of interrupted time series studies in medication use research. Journal of
    Clinical Pharmacy and Therapeutics, 27, 299-309.
    """
    at = np.asarray(times, dtype=float)
    after = at >= change
    sides = int((~after).sum()), int(after.sum())
    if min(sides) < LEAST_SIDE:
        raise TooFewCases(LEAST_SIDE, min(sides), what="months on a side")
    if len(at) < LEAST:
        raise TooFewCases(LEAST, len(at), what="months")
    fit = _fit(at, after, values, counts, change, answer_variance, confidence)
    since = at - change
    design = _design(since, after)
    mean = design[after, 2:].mean(axis=0)
    earlier = design * np.array([1.0, 1.0, 0.0, 0.0])
    return InterruptedSeries(
        level=fit.term(np.array([0.0, 0.0, 1.0, 0.0])),
        slope=fit.term(np.array([0.0, 0.0, 0.0, 1.0])),
        before=fit.term(np.array([0.0, 1.0, 0.0, 0.0])),
        average=fit.term(np.array([0.0, 0.0, *mean])),
        months=sides,
        lags=fit.lags,
        freedom=fit.freedom,
        line=tuple(map(float, design @ fit.coefficients)),
        carried=tuple(map(float, earlier @ fit.coefficients)),
    )


def _design(since: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Constant, trend, level change, slope change; time counts from the change."""
    return np.column_stack([np.ones_like(since), since, after, since * after])


def _fit(
    at: np.ndarray,
    after: np.ndarray,
    values: Sequence[float],
    counts: Sequence[float],
    change: int,
    answer_variance: float,
    confidence: float,
) -> SeriesFit:
    n = np.asarray(counts, dtype=float)
    return series_fit(
        _design(at - change, after),
        np.asarray(values, dtype=float),
        times=at,
        weights=n,
        variances=answer_variance / n,
        confidence=confidence,
    )
