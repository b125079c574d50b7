"""Moments carry all that complete data has to say to a linear model."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError, MissingItem, NotPositiveDefinite, TooFewCases
from analysis.moments import Moments, moments, numeric, pooled


def frame(n: int = 40, p: int = 3, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(n, p)), columns=[f"x{i}" for i in range(p)])


def test_moments_are_numpys_mean_and_covariance_with_divisor_n():
    data = frame()
    got = moments(data)
    assert got.mean == pytest.approx(data.mean().to_numpy())
    assert got.cov == pytest.approx(np.cov(data.to_numpy().T, bias=True))


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 37), st.integers(0, 100))
def test_moments_of_chunks_are_the_moments_of_the_whole(cut: int, seed: int):
    data = frame(seed=seed) * 1e3 + 1e6
    whole, parts = moments(data), pooled([moments(data[:cut]), moments(data[cut:])])
    assert parts.n == whole.n
    assert parts.mean == pytest.approx(whole.mean)
    assert parts.cov == pytest.approx(whole.cov, rel=1e-8, abs=1e-6)


def test_a_row_with_a_missing_item_is_counted_not_lost():
    data = frame()
    data.iloc[3, 1] = np.nan
    got = moments(data)
    assert (got.n, got.dropped) == (39, 1)


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (["a", 1, 2], "'a' in row 1"),
        ([np.inf, 1, 2], "infinite"),
        ([None, None, None], "complete rows"),
    ],
)
def test_unusable_cells_are_named(column: list, says: str):
    with pytest.raises(DataError, match=says):
        moments(pd.DataFrame({"q": column}))


def test_an_absent_item_is_named():
    with pytest.raises(MissingItem, match="zzz"):
        numeric(frame(), ["zzz"])


def test_a_duplicate_item_is_named_as_the_cause_of_a_singular_matrix():
    data = frame()
    data["copy"] = data["x0"]
    with pytest.raises(NotPositiveDefinite, match="x0"):
        moments(data).require_positive_definite()


def test_too_few_rows_say_how_many_are_needed():
    with pytest.raises(TooFewCases, match="at least 33"):
        moments(frame(12), need=33)


def test_select_keeps_the_asked_order():
    got = moments(frame()).select(["x2", "x0"])
    assert got.names == ("x2", "x0")
    assert got.cov.shape == (2, 2)


def test_shapes_must_agree():
    with pytest.raises(DataError, match="shape"):
        Moments(("a",), 10, np.zeros(2), np.eye(2))


def test_a_mean_that_wanders_through_the_table_costs_no_digits():
    rng = np.random.default_rng(4)
    away = np.repeat([0.0, 1e9, -1e9], 20_000)[:, None]
    rows = rng.integers(-8, 8, size=(60_000, 3)) + away
    exact = rng.permutation(rows)  # every chunk about one mean
    got, whole = (moments(pd.DataFrame(part, columns=list("abc"))) for part in (rows, exact))
    assert got.mean == pytest.approx(whole.mean, abs=1e-4)
    assert got.cov == pytest.approx(whole.cov, rel=1e-12)
    near = moments(pd.DataFrame(rows[20_000:40_000] - 1e9, columns=list("abc"))).cov
    assert moments(pd.DataFrame(rows[20_000:40_000], columns=list("abc"))).cov == pytest.approx(
        near
    )
