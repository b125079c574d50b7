"""Differences of those who mention something agree with SciPy's Welch test, and are corrected together."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.compare import holm
from analysis.mentions import mention_differences


def test_each_difference_is_welchs_and_all_are_corrected_by_holm():
    rng = np.random.default_rng(5)
    scores = rng.integers(0, 11, 120).astype(float)
    wait, staff = scores < rng.integers(0, 11, 120), rng.random(120) < 0.2
    found = mention_differences(scores, {"wait": wait.tolist(), "staff": staff.tolist()})
    tests = [
        stats.ttest_ind(scores[marks], scores[~marks], equal_var=False) for marks in (wait, staff)
    ]
    for each, test in zip(found.values(), tests, strict=True):
        interval = test.confidence_interval(0.95)
        assert (each.low, each.high, each.p) == pytest.approx(
            (interval.low, interval.high, test.pvalue), rel=1e-9
        )
        assert each.difference == pytest.approx(each.mean - each.others)
    assert [each.corrected for each in found.values()] == pytest.approx(
        holm([test.pvalue for test in tests])
    )


def test_too_few_on_either_side_and_what_does_not_vary_are_left_out():
    scores = [3.0] * 10 + [4.0] * 10
    few = [True] * 4 + [False] * 16
    same = [True] * 10 + [False] * 10
    assert (
        mention_differences(scores, {"few": few, "many": [not x for x in few], "same": same}) == {}
    )
    assert set(mention_differences(scores, {"few": few}, minimum=4)) == {"few"}
