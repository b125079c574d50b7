"""Differences of weighted scores, as R's survey computes them.

Numbers: R 4.2.2, survey 4.1-1. The first and the last 40 answers are strata of one design,
``des <- svydesign(ids = ~1, strata = ~per, data = d, weights = rep(1, 80))``, raked within each:
``D <- rake(des, list(~interaction(per, region), ~interaction(per, age)), ..., control = list(maxit = 200,
epsilon = 1e-12))``; ``svyttest(y ~ per, D)`` and ``summary(svyglm(y ~ per, D))``.
"""

from __future__ import annotations

import numpy as np
import pytest

from analysis.weighted_difference import weighted_difference
from analysis.weighting import WeightedMean, raked, weighted_mean
from tests.analysis.test_weighting import AGES, REGIONS

N = np.arange(80)
REGION = ["NSE"[k] for k in N * 7 % 3 * (N % 5 != 0)]
AGE = ["yo"[int(k)] for k in N * N % 7 > 2]
Y = np.minimum(10, N * 13 % 11 + (N >= 40)).astype(float)


def half(at: slice, add: float = 0.0) -> WeightedMean:
    weights = raked({"region": REGION[at], "age": AGE[at]}, {"region": REGIONS, "age": AGES})
    return weighted_mean(Y[at] + add, weights)


FIRST, LAST = slice(0, 40), slice(40, 80)


def test_a_difference_has_the_error_of_two_raked_strata():
    found = weighted_difference(half(LAST), half(FIRST))
    assert found is not None
    assert found.estimate == pytest.approx(0.709613917386, rel=1e-9)
    assert found.error == pytest.approx(0.742162161287, rel=1e-8)
    # R's 77 degrees of freedom; Welch's are those of each side's own spread.
    assert found.df == pytest.approx(77.4, abs=0.1)
    assert (found.low, found.high) == pytest.approx((-0.76822, 2.18745), abs=1e-3)
    assert found.p == pytest.approx(0.3419918, abs=1e-4)


def test_two_scores_without_any_spread_are_not_compared():
    flat = raked({"region": REGION}, {"region": REGIONS})
    one, two = (weighted_mean(np.full(80, value), flat) for value in (3.0, 4.0))
    assert weighted_difference(one, two) is None
