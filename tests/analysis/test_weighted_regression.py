"""Weighted regressions and parts of R squared, as R computes them.

Numbers: R 4.2.2, survey 4.1-1. ``des <- svydesign(ids = ~1, data = d, weights = rep(1, 120))``;
``svyglm(y ~ x1 + x2 + x3, design = D)`` with ``D <- rake(des, list(~region, ~age), list(pr, pa), control =
list(maxit = 200, epsilon = 1e-12))`` and with ``postStratify(des, ~region, pr)``. Parts: the mean over all orders
of what a predictor adds to R squared, from ``cov.wt(d, wt = weights(D), cor = TRUE)$cor``.
"""

from __future__ import annotations

import numpy as np
import pytest

from analysis.drivers import relative_importance
from analysis.errors import DataError, TooFewCases
from analysis.weighted_regression import weighted_regression
from analysis.weighting import Weights, raked
from tests.analysis.test_weighting import AGES, REGIONS

N = np.arange(120)
REGION = ["NSE"[k] for k in N * 7 % 3 * (N % 5 != 0)]
AGE = ["yo"[int(k)] for k in N * N % 7 > 2]
Y = (N * 13 % 11).astype(float)
X = np.column_stack([N * 5 % 7, N * 3 % 5 + N % 2, (Y + N * 11 % 9) / 2]).astype(float)
NAMES = ("x1", "x2", "x3")


@pytest.fixture(scope="module")
def both() -> Weights:
    return raked({"region": REGION, "age": AGE}, {"region": REGIONS, "age": AGES})


def test_coefficients_and_robust_errors_are_those_of_svyglm(both: Weights):
    found = weighted_regression(X, Y, NAMES, both)
    estimates = (-0.02141729115357, -0.00654196119001, 1.20629433431145)
    errors = (0.0903760198210, 0.1115053877500, 0.0627228803231)
    assert [each.estimate for each in found.coefficients] == pytest.approx(estimates, rel=1e-8)
    assert [each.error for each in found.coefficients] == pytest.approx(errors, rel=1e-7)
    third = found.coefficients[2]
    assert (third.low, third.high) == pytest.approx((1.082063766594, 1.330524902028), rel=1e-7)
    assert found.coefficients[0].p == pytest.approx(8.13090459706e-01, rel=1e-7)
    assert found.intercept == pytest.approx(-0.27658778407984, rel=1e-7)
    assert (found.r_squared, found.df) == (pytest.approx(0.596074735398, rel=1e-9), 116)


def test_one_attribute_is_that_of_post_strata():
    found = weighted_regression(X, Y, NAMES, raked({"region": REGION}, {"region": REGIONS}))
    errors = (0.0893781909087, 0.1089810700734, 0.0592591767462)
    assert [each.error for each in found.coefficients] == pytest.approx(errors, rel=1e-8)
    assert found.coefficients[2].estimate == pytest.approx(1.2056542195521, rel=1e-9)


def test_parts_of_r_squared_come_from_weighted_correlations(both: Weights):
    found = relative_importance(X, Y, NAMES, seed=1, resamples=50, weights=both.values)
    parts = (0.00048157867719, 6.21470784697e-05, 0.595531009642)
    assert [each.part for each in found.drivers] == pytest.approx(parts, rel=1e-7)
    assert found.r_squared == pytest.approx(0.596074735398, rel=1e-9)
    assert found.drivers[2].low < parts[2] < found.drivers[2].high
    even = relative_importance(X, Y, NAMES, seed=1, resamples=50, weights=np.full(120, 3.0))
    plain = relative_importance(X, Y, NAMES, seed=1, resamples=50)
    for one, other in zip(even.drivers, plain.drivers, strict=True):
        assert (one.part, one.low, one.high) == pytest.approx((other.part, other.low, other.high))


def test_what_cannot_be_fitted_is_refused_by_name(both: Weights):
    with pytest.raises(DataError, match="x1 has the same value everywhere"):
        weighted_regression(np.column_stack([np.ones(120), X[:, 1:]]), Y, NAMES, both)
    with pytest.raises(DataError, match="determined by the others"):
        weighted_regression(np.column_stack([X[:, :2], X[:, 0] - X[:, 1]]), Y, NAMES, both)
    with pytest.raises(DataError, match="the outcome has the same value"):
        weighted_regression(X, np.ones(120), NAMES, both)
    with pytest.raises(DataError, match="do not fit"):
        weighted_regression(X[:50], Y[:50], NAMES, both)
    with pytest.raises(DataError, match="a value is missing"):
        weighted_regression(np.where(X > 5, np.nan, X), Y, NAMES, both)
    with pytest.raises(TooFewCases):
        weighted_regression(X[:4], Y[:4], NAMES, both)
    with pytest.raises(DataError, match="a weight above 0 each"):
        relative_importance(X, Y, NAMES, seed=1, weights=both.values - 5)
