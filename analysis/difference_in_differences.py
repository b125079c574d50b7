"""Difference in differences: how much more one series changed than a control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.errors import TooFewCases
from analysis.robust_regression import Term, series_fit

LEAST_SIDE = 3  # months
LEAST_TREND = 4  # months before, to look at their trends


@dataclass(frozen=True)
class DifferenceInDifferences:
    """How much more the treated mean changed than the control's, in the unit of the means.

    ``before``: how much steeper the treated series rose than the control's, a month, in the months
    before; None below ``LEAST_TREND`` of them.
    """

    effect: Term
    before: Term | None
    months: tuple[int, int]  # before and after
    lags: int
    freedom: int
    method: str = "difference in differences of monthly means, Newey-West errors"


def difference_in_differences(
    times: Sequence[int],
    treated: Sequence[float],
    control: Sequence[float],
    counts: Sequence[tuple[float, float]],
    *,
    change: int,
    answer_variances: tuple[float, float],
    confidence: float = 0.95,
) -> DifferenceInDifferences:
    """The change of treated minus control at a known time, with errors for a series.

    ``times``: the months as rising whole numbers; those from ``change`` on are after it. ``counts``:
    answers behind each month's two means, whose variances are ``answer_variances``. One treated and one control
    series tell nothing of how series differ, so the error rests on how their difference moves from
    month to month (Bertrand, Duflo & Mullainathan 2004: answers of one month are not independent, and
    months in a row are not either), with each month weighted by the precision of its difference.
    Raises TooFewCases below ``LEAST_SIDE`` months on a side.

    Coverage of the 95 % intervals in 2,000 simulations each, with 60 answers a month on both sides:
    .96 with 12 and 12 months, .98 with 8 and 4. Where the difference has shocks of its own that go on
    (AR(1), rho .4), half as large as its sampling error: .93 and .95; as large as it: .89 and .87.

    References: Card, D., & Krueger, A. B. (1994). Minimum wages and employment. American Economic
    Review, 84, 772-793. Bertrand, M., Duflo, E., & Mullainathan, S. (2004). How much should we trust
    differences-in-differences estimates? Quarterly Journal of Economics, 119, 249-275.
    """
    at = np.asarray(times, dtype=float)
    after = at >= change
    sides = int((~after).sum()), int(after.sum())
    if min(sides) < LEAST_SIDE:
        raise TooFewCases(LEAST_SIDE, min(sides), what="months on a side")
    gap = np.asarray(treated, dtype=float) - np.asarray(control, dtype=float)
    n = np.asarray(counts, dtype=float)
    variances = answer_variances[0] / n[:, 0] + answer_variances[1] / n[:, 1]
    weights = 1 / (1 / n[:, 0] + 1 / n[:, 1])

    def fitted(column: np.ndarray, rows: np.ndarray) -> tuple[Term, int, int]:
        fit = series_fit(
            np.column_stack([np.ones(int(rows.sum())), column[rows]]),
            gap[rows],
            times=at[rows],
            weights=weights[rows],
            variances=variances[rows],
            confidence=confidence,
        )
        return fit.term(np.array([0.0, 1.0])), fit.lags, fit.freedom

    effect, lags, freedom = fitted(after.astype(float), np.ones_like(after))
    before = fitted(at, ~after)[0] if sides[0] >= LEAST_TREND else None
    return DifferenceInDifferences(effect, before, sides, lags, freedom)
