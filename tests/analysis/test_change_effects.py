"""Segmented regression and difference in differences: another program's numbers, and a known truth."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.difference_in_differences import difference_in_differences
from analysis.errors import DataError, TooFewCases
from analysis.interrupted_series import interrupted_series
from analysis.robust_regression import newey_west_lags, series_fit

MONTHS, CHANGE = range(12), 8
VALUES = [60.0, 63, 58, 64, 61, 66, 62, 65, 74, 71, 77, 73]
COUNTS = [40, 55, 30, 60, 45, 50, 52, 38, 41, 60, 35, 48]
CONTROL = [50.0, 52, 49, 53, 50, 54, 51, 52, 55, 53, 54, 56]
CONTROLS = [30, 40, 50, 45, 60, 35, 42, 51, 38, 44, 47, 33]


def test_a_segmented_regression_agrees_with_statsmodels():
    """statsmodels 0.15.0: WLS(y, x, weights=n).fit(cov_type="HAC", cov_kwds={"maxlags": 2,
    "use_correction": True}, use_t=True)."""
    found = interrupted_series(MONTHS, VALUES, COUNTS, change=CHANGE, answer_variance=0.0)
    assert (found.lags, found.freedom, found.months) == (2, 8, (8, 4))
    for term, estimate, error, p in (
        (found.before, 0.510140707390943, 0.12429877441664008, 0.003418122322535908),
        (found.level, 7.92762528453575, 1.349116947556795, 0.0003716111507775238),
        (found.slope, -0.20134715211577792, 0.3861402457247466, 0.6161869861335447),
    ):
        assert (term.estimate, term.se, term.p) == pytest.approx((estimate, error, p), rel=1e-8)
    assert found.level.low == pytest.approx(4.8165560245957595)
    assert found.level.high == pytest.approx(11.038694544475742)
    assert found.average.estimate == pytest.approx(
        found.level.estimate + 1.5 * found.slope.estimate
    )
    after = np.array(found.line[8:]) - np.array(found.carried[8:])
    assert found.average.estimate == pytest.approx(after.mean())


def test_a_difference_in_differences_agrees_with_statsmodels_and_with_four_means():
    """statsmodels 0.15.0: WLS(treated - control, ...) as above, weights 1 / (1 / n + 1 / m)."""
    counts = list(zip(COUNTS, CONTROLS, strict=True))
    found = difference_in_differences(
        MONTHS, VALUES, CONTROL, counts, change=CHANGE, answer_variances=(0.0, 0.0)
    )
    assert found.effect.estimate == pytest.approx(8.131948491129265)
    assert found.effect.se == pytest.approx(0.7827505173115071)
    assert found.effect.p == pytest.approx(1.1192255077459272e-06)
    assert found.before is not None and found.before.estimate == pytest.approx(0.34472622300136224)
    equal = difference_in_differences(
        MONTHS, VALUES, CONTROL, [(40, 40)] * 12, change=CHANGE, answer_variances=(0.0, 0.0)
    )
    (a, b), (c, d) = ((np.mean(each[8:]), np.mean(each[:8])) for each in (VALUES, CONTROL))
    assert equal.effect.estimate == pytest.approx((a - b) - (c - d))


def test_the_answers_own_spread_is_the_least_error():
    """A straight line without any noise has an error of its answers' spread, not of zero."""
    line = [50.0 + month for month in MONTHS]
    found = interrupted_series(MONTHS, line, COUNTS, change=CHANGE, answer_variance=400.0)
    n = np.array(COUNTS, dtype=float)
    x = np.column_stack([np.ones(12), np.arange(12) - 8, np.arange(12) >= 8, np.zeros(12)])
    x[:, 3] = x[:, 1] * x[:, 2]
    expected = np.sqrt(400 * np.linalg.inv(x.T @ (n[:, None] * x))[2, 2])
    assert found.level.se == pytest.approx(expected)
    assert found.level.estimate == pytest.approx(0, abs=1e-9) and found.level.p > 0.99


def test_a_gap_in_the_months_counts_as_one():
    near = {"weights": np.ones(6), "variances": np.zeros(6)}
    x, y = np.ones((6, 1)), np.array([1.0, 2, 3, 1, 2, 4])
    whole = series_fit(x, y, times=np.arange(6), **near)
    apart = series_fit(x, y, times=np.arange(6) * 10, **near)
    assert whole.lags == newey_west_lags(6) == 2
    plain = ((y - y.mean()) ** 2).sum() / 36 * 6 / 5  # no month is beside another
    assert apart.robust[0, 0] == pytest.approx(plain) != pytest.approx(whole.robust[0, 0])


def test_intervals_hold_a_known_jump_as_often_as_they_say():
    rng = np.random.default_rng(20_261_129)
    held = np.zeros(3)
    runs, months = 300, np.arange(16)
    for _ in range(runs):
        jump = rng.normal() * 5
        noise = rng.normal(size=(2, 16)) * np.sqrt(300 / 60)
        y = 50 + 0.2 * months + jump * (months >= 8) + noise[0]
        series = interrupted_series(months, y, [60] * 16, change=8, answer_variance=300.0)
        against = difference_in_differences(
            months, y, 40 + 0.2 * months + noise[1], [(60, 60)] * 16,
            change=8, answer_variances=(300.0, 300.0),
        )  # fmt: skip
        held += [
            term.low <= jump <= term.high for term in (series.level, series.average, against.effect)
        ]
    assert ((held / runs > 0.93) & (held / runs < 0.995)).all(), held / runs


def test_too_few_months_are_refused_with_their_number():
    with pytest.raises(TooFewCases, match="at least 8 usable months, have 7"):
        interrupted_series(range(7), VALUES[:7], COUNTS[:7], change=4, answer_variance=1.0)
    with pytest.raises(TooFewCases, match="at least 3 usable months on a side, have 2"):
        interrupted_series(range(10), VALUES[:10], COUNTS[:10], change=8, answer_variance=1.0)
    with pytest.raises(TooFewCases, match="at least 3 usable months on a side, have 2"):
        difference_in_differences(
            range(5), VALUES[:5], CONTROL[:5], [(9, 9)] * 5, change=3, answer_variances=(1.0, 1.0)
        )
    with pytest.raises(DataError, match="depend on each other"):
        series_fit(
            np.ones((5, 2)), np.arange(5.0), times=np.arange(5), weights=np.ones(5),
            variances=np.zeros(5),
        )  # fmt: skip
