"""Weighted correlations, as R's survey computes them.

Numbers: R 4.2.2, survey 4.1-1. ``v <- svyvar(~x3 + y, D)`` with the raked design ``D`` of
test_weighted_regression; r and its error by the delta method from ``v`` and ``attr(v, "var")``; r also from
``cov.wt(cbind(d$x3, d$y), wt = weights(D) / sum(weights(D)), cor = TRUE)``.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.correlation import correlation
from analysis.errors import DataError
from analysis.weighted_correlation import weighted_correlation
from analysis.weighting import Weights, raked
from tests.analysis.test_weighted_regression import AGE, REGION, X, Y
from tests.analysis.test_weighting import AGES, REGIONS


def test_a_correlation_and_its_error_are_those_of_svyvar():
    both = raked({"region": REGION, "age": AGE}, {"region": REGIONS, "age": AGES})
    found = weighted_correlation(X[:, 2], Y, both)
    assert found.estimate == pytest.approx(0.7719478100483, rel=1e-9)
    assert found.error == pytest.approx(0.02998855754945, rel=1e-7)
    reach = 1.9801 * found.error / (1 - found.estimate**2)  # t of 119 degrees of freedom
    assert math.atanh(found.high) - math.atanh(found.estimate) == pytest.approx(reach, rel=1e-4)
    assert found.low < found.estimate < found.high < 1
    assert found.unweighted == pytest.approx(correlation(X[:, 2], Y).estimate)


def test_what_is_no_pair_is_refused():
    even = Weights(np.ones(120), np.ones((120, 1)))
    with pytest.raises(DataError, match="nothing varies"):
        weighted_correlation(np.ones(120), Y, even)
    with pytest.raises(DataError, match="are no pairs"):
        weighted_correlation(X[:, 2], Y[:100], even)
