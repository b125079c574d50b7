"""Whole percents add up to 100 and none is off by one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError
from analysis.rounding import whole_percents


@settings(max_examples=60)
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=12))
def test_percents_add_up_and_lie_beside_the_share(counts):
    found = whole_percents(counts)
    total = sum(counts)
    assert sum(found) == (100 if total else 0)
    for percent, count in zip(found, counts, strict=True):
        assert not total or abs(percent - 100 * count / total) < 1


def test_the_largest_remainders_get_what_is_missing():
    """Shares of 41.5, 32.3, 16.2 and 10.0: simple rounding would make 101 of the first three and ten."""
    assert whole_percents([83, 65, 32, 20]) == (42, 32, 16, 10)
    assert whole_percents([995, 995, 10]) == (50, 50, 0)


def test_a_negative_count_is_refused():
    with pytest.raises(DataError, match="-2"):
        whole_percents([3, -2])
