"""Missing answers are counted by item, by row and by pattern."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.missingness import MissingPattern, missing_report

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
