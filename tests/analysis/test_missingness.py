"""Missing answers are counted by item, by row and by pattern."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError, NoVariance, TooFewCases
from analysis.scale.missingness import MissingPattern, little_test, missing_report

NAN = np.nan
DATA = pd.DataFrame(
    {"a": [1, 2, NAN, NAN, NAN, 3], "b": [1, NAN, 1, 1, NAN, 2], "c": [1, 2, 3, 4, NAN, 5]}
)


def test_counts_add_up():
    got = missing_report(DATA)
    assert (got.cells, got.missing_cells, got.n_complete, got.n_empty) == (18, 6, 2, 1)
    assert got.share == 6 / 18
    assert [item.missing for item in got.items] == [3, 2, 1]
    assert sum(pattern.n for pattern in got.patterns) == len(DATA)


def test_patterns_name_the_absent_items_and_come_by_frequency():
    got = missing_report(DATA)
    assert set(got.patterns[:2]) == {MissingPattern((), 2), MissingPattern(("a",), 2)}
    assert set(got.patterns[2:]) == {MissingPattern(("b",), 1), MissingPattern(("a", "b", "c"), 1)}


def test_no_rows_are_no_error():
    got = missing_report(DATA.head(0))
    assert (got.n_rows, got.cells, got.share, got.patterns) == (0, 0, 0.0, ())


def two_patterns(n: int, seed: int, *, at_random: bool) -> pd.DataFrame:
    """x is always there; y is missing in a third of the rows, or where x is large."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = 0.6 * x + rng.normal(size=n)
    gone = rng.random(n) < 1 / 3 if at_random else x > 0.5
    return pd.DataFrame({"x": x, "y": np.where(gone, NAN, y)})


def test_littles_statistic_of_two_patterns_is_the_one_in_closed_form():
    # Anderson 1957: with y missing, ML moments are x's own and the complete rows' regression of
    # y on x; y's mean then fits the complete rows exactly given x, so that only x's means count.
    data = two_patterns(200, 1, at_random=True)
    x, gone = data["x"].to_numpy(), data["y"].isna().to_numpy()
    expected = sum(
        part.sum() * (x[part].mean() - x.mean()) ** 2 / x.var() for part in (gone, ~gone)
    )
    got = little_test(data)
    assert got.chisq == pytest.approx(expected, rel=1e-6)
    assert (got.df, got.patterns) == (1, 2)


def test_littles_test_keeps_its_level_and_finds_answers_missing_by_another_answer():
    rejected = np.mean(
        [little_test(two_patterns(150, seed, at_random=True)).pvalue < 0.05 for seed in range(200)]
    )
    assert 0.02 <= rejected <= 0.09
    assert little_test(two_patterns(150, 1, at_random=False)).pvalue < 1e-6


def test_littles_test_needs_something_missing_and_enough_rows():
    with pytest.raises(DataError, match="no answer is missing"):
        little_test(pd.DataFrame({"a": [1, 2, 3], "b": [2, 1, 3]}))
    with pytest.raises(TooFewCases):
        little_test(DATA.head(3))


def test_littles_test_names_a_constant_item():
    gaps = pd.DataFrame({"a": [1.0, NAN, 3, 4, 2], "b": [4.0, 4, 4, NAN, 4]})
    with pytest.raises(NoVariance, match="b: all answers are the same; leave the item out"):
        little_test(gaps)
