"""The gain of a step agrees with another program, and is refused where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.errors import NoVariance, TooFewCases
from analysis.expected_gain import expected_gain

SCORE = np.array([1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 5, 4.0])
NPS = np.array([-100, -100, 0, 0, -100, 100, 0, 100, 100, 100, 0, 100.0])


def test_it_agrees_with_statsmodels():
    """statsmodels 0.15.0: OLS(y, add_constant(x)).fit(cov_type="HC3", use_t=True)."""
    found = expected_gain(SCORE, NPS)
    assert found.estimate == pytest.approx(43.171806167400916)
    assert (found.low, found.high) == pytest.approx((15.058147391531772, 71.28546494327006))
    half = expected_gain(SCORE, NPS, step=0.5)
    assert (half.estimate, half.low) == pytest.approx((found.estimate / 2, found.low / 2))


def test_too_few_pairs_and_equal_scores_have_no_gain():
    with pytest.raises(TooFewCases, match="at least 10 usable pairs, have 9"):
        expected_gain(SCORE[:9], NPS[:9])
    with pytest.raises(NoVariance, match="all 12 scores are 4"):
        expected_gain(np.full(12, 4.0), NPS)
