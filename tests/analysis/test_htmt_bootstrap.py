"""Bootstrap intervals of HTMT."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.errors import DataError, TooFewCases
from analysis.scale.htmt_bootstrap import bootstrap_correlations, htmt_intervals, resample_counts
from analysis.scale.validity import htmt
from tests.analysis.data_sets import HS_MODEL, holzinger, mobi, mobi_model, simulated


def test_given_resamples_the_limits_are_those_of_recomputing_each_resample():
    data = mobi()
    model = {name: mobi_model()[name] for name in ("IMAG", "CUEX", "PERV", "CUSCO")}
    indices = np.random.default_rng(4).integers(0, 250, size=(60, 250))
    got = htmt_intervals(data, model, indices=indices)
    draws = np.array([htmt(data.iloc[rows].corr(), model).loc["IMAG", "CUEX"] for rows in indices])
    pair = got.pairs[0]
    assert (pair.first, pair.second) == ("IMAG", "CUEX")
    assert (pair.lower, pair.upper) == pytest.approx(np.percentile(draws, [2.5, 97.5]), rel=1e-9)
    assert (pair.mean, pair.se) == pytest.approx((draws.mean(), draws.std(ddof=1)), rel=1e-9)


def test_counts_and_rows_give_the_same_correlations():
    values = holzinger()[["x1", "x2", "x4"]].to_numpy()
    (counts,) = resample_counts(301, 3, np.random.default_rng(1))
    (batch,) = bootstrap_correlations(values, iter([counts]))
    for weights, R in zip(counts, batch, strict=True):
        assert np.corrcoef(np.repeat(values, weights, axis=0).T) == pytest.approx(R)


def test_the_same_seed_gives_the_same_intervals():
    first, second, other = (
        htmt_intervals(holzinger(), HS_MODEL, reps=100, seed=s).pairs for s in (1, 1, 2)
    )
    assert first == second
    assert first != other


def test_intervals_cover_the_population_in_about_95_of_100_samples():
    # Equal loadings: HTMT of the population is the factor correlation, .5.
    model = {"A": ("a1", "a2", "a3"), "B": ("b1", "b2", "b3")}
    loadings = dict.fromkeys(model, (0.8, 0.8, 0.8))
    hits = 0
    for seed in range(100):
        data = simulated(200, model=model, loadings=loadings, correlation=0.5, points=0, seed=seed)
        (pair,) = htmt_intervals(data, model, reps=200).pairs
        hits += pair.lower <= 0.5 <= pair.upper
    assert 89 <= hits <= 99


def test_resamples_in_which_an_item_does_not_vary_are_counted():
    data = holzinger().head(40)
    data["x9"] = 1.0
    data.loc[0, "x9"] = 2.0  # absent from about 37 % of the resamples
    got = htmt_intervals(data, HS_MODEL, reps=500)
    assert 100 < got.inadmissible < 270
    assert np.isfinite([pair.upper for pair in got.pairs]).all()


def test_impossible_requests_are_refused():
    with pytest.raises(DataError, match="only one"):
        htmt_intervals(holzinger(), {"a": ("x1", "x2")})
    with pytest.raises(TooFewCases, match="at least 10"):
        htmt_intervals(holzinger().head(9), HS_MODEL)
    with pytest.raises(DataError, match=r"rows 0\.\.300"):
        htmt_intervals(holzinger(), HS_MODEL, indices=np.full((2, 301), 301))
