"""Interactions of two scores beside statsmodels, and on a population whose slopes are known."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.errors import DataError, NoVariance, TooFewCases
from analysis.interactions import interaction


def people(n: int, steeper: float, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores from 1 to 7 and an outcome of -100, 0, 100 whose slope on the first depends on the second."""
    rng = np.random.default_rng(seed)
    both = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], n, method="cholesky")
    first, second = np.clip(np.round(4.5 + 1.3 * both), 1, 7).T
    latent = 0.5 * first + 0.3 * second + steeper * (first - 4.5) * (second - 4.5)
    latent = latent + rng.standard_normal(n) * (0.5 + 0.2 * first)
    ends = np.quantile(latent, [0.3, 0.6])
    return first, second, 100.0 * (np.searchsorted(ends, latent) - 1)


def test_estimates_errors_and_slopes_equal_statsmodels():
    first, second, outcome = people(240, -0.15)
    found = interaction(first, second, outcome)
    a, b = first - first.mean(), second - second.mean()
    fit = sm.OLS(outcome, np.column_stack([np.ones(240), a, b, a * b])).fit(
        cov_type="HC3", use_t=True
    )
    assert found.estimate == pytest.approx(fit.params[3], rel=1e-9)
    assert found.error == pytest.approx(fit.bse[3], rel=1e-9)
    assert (found.low, found.high) == pytest.approx(fit.conf_int()[3], rel=1e-9)
    assert found.p == pytest.approx(fit.pvalues[3], rel=1e-7)
    assert found.main == pytest.approx(fit.params[1:3], rel=1e-9)
    for slope in found.slopes:
        apart = slope.at * second.std(ddof=1)
        tested = fit.t_test([0, 1, 0, apart])
        assert slope.value == pytest.approx(second.mean() + apart)
        assert slope.estimate == pytest.approx(tested.effect[0], rel=1e-9)
        assert (slope.low, slope.high) == pytest.approx(tested.conf_int()[0], rel=1e-9)
    assert found.slopes[0].estimate > found.slopes[2].estimate
    turned = interaction(second, first, outcome)
    assert (turned.estimate, turned.error) == pytest.approx((found.estimate, found.error), rel=1e-9)
    moved = interaction(first + 10, 2 * second, outcome)
    assert moved.estimate == pytest.approx(found.estimate / 2, rel=1e-9)


def test_the_interval_holds_the_true_interaction_as_often_as_it_says():
    rng = np.random.default_rng(8)
    held = 0
    for _ in range(400):
        first, second = rng.standard_normal((2, 120))
        noise = rng.standard_normal(120) * (1 + 0.5 * np.abs(first))
        found = interaction(first, second, 2 * first + second - 0.7 * first * second + noise)
        held += found.low <= -0.7 <= found.high
    assert 0.92 <= held / 400 <= 0.98


def test_what_cannot_tell_an_interaction_is_refused():
    first, second, outcome = people(80, 0.0)
    with pytest.raises(TooFewCases, match="50"):
        interaction(first[:49], second[:49], outcome[:49])
    with pytest.raises(NoVariance, match="second score"):
        interaction(first, np.full(80, 4.0), outcome)
    with pytest.raises(DataError, match="missing"):
        interaction(first, np.where(np.arange(80) == 3, np.nan, second), outcome)
    half = np.repeat([0.0, 1.0], 40)
    with pytest.raises(DataError, match="too few values"):
        interaction(half, half, outcome)
