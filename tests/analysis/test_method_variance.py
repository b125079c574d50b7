"""Correlation-based tests of common-method variance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.scale.method_variance import (
    full_collinearity_vif,
    harman,
    marker_test,
    partial_marker,
)
from tests.analysis.data_sets import HS_MODEL, SJQ_MODEL, holzinger, simulated

ITEMS = [item for members in HS_MODEL.values() for item in members]


def test_harman_counts_components_with_eigenvalues_above_one():
    # R psych principal(): eigenvalues 3.2163, 1.6387, 1.3652, .6989, ...
    got = harman(holzinger(), ITEMS)
    assert got.components == 3
    assert got.first_share == pytest.approx(3.21634418143771 / 9)
    assert got.shares.sum() == pytest.approx(1.0)
    assert not got.dominated


def test_harman_raises_the_alarm_when_one_component_dominates():
    assert harman(simulated(300, correlation=0.95)).dominated


def test_the_marker_adjustment_is_lindell_and_whitneys_formula():
    adjusted, t, p = partial_marker(0.5, 0.1, n=239)
    assert adjusted == pytest.approx(0.4 / 0.9)
    assert t == pytest.approx(adjusted / np.sqrt((1 - adjusted**2) / 236))
    assert p < 1e-10


def with_marker(n: int, share: float, seed: int = 3) -> pd.DataFrame:
    """SJQ answers and two marker items; both hold ``share`` of a common response tendency."""
    rng = np.random.default_rng(seed)
    tendency = rng.normal(size=n)
    data = simulated(n, points=0, correlation=0.5, seed=seed)
    data = data * np.sqrt(1 - share) + np.sqrt(share) * tendency[:, None]
    for name in ("mk1", "mk2"):
        data[name] = np.sqrt(1 - share) * rng.normal(size=n) + np.sqrt(share) * tendency
    return data


def test_the_marker_test_takes_a_known_method_share_out():
    data = with_marker(20_000, 0.2)
    got = marker_test(data, SJQ_MODEL, ("mk1", "mk2"))
    clean = marker_test(with_marker(20_000, 0.0), SJQ_MODEL, ("mk1", "mk2"))
    for dirty, true in zip(got.correlations, clean.correlations, strict=True):
        assert dirty.r > true.r + 0.05
        assert abs(dirty.r_adjusted - true.r) < abs(dirty.r - true.r)
    assert got.r_marker == min(got.marker_correlations.values())
    assert got.still_significant


def test_without_any_positive_marker_correlation_nothing_is_taken_out():
    data = simulated(500, points=0)
    data["mk"] = -data.sum(axis=1)
    got = marker_test(data, SJQ_MODEL, ["mk"])
    assert got.r_marker == 0.0
    assert [row.r_adjusted for row in got.correlations] == [row.r for row in got.correlations]


def test_full_collinearity_is_one_over_one_minus_r_squared():
    data = holzinger()
    got = full_collinearity_vif(data, HS_MODEL)
    scores = np.column_stack([data[list(items)].mean(axis=1) for items in HS_MODEL.values()])
    X = np.column_stack([np.ones(len(scores)), scores[:, 1:]])
    residual = scores[:, 0] - X @ np.linalg.lstsq(X, scores[:, 0], rcond=None)[0]
    assert got["visual"] == pytest.approx(scores[:, 0].var() / residual.var())


def test_one_factor_cannot_be_compared():
    with pytest.raises(DataError, match="at least two"):
        full_collinearity_vif(holzinger(), {"a": ("x1", "x2")})
    with pytest.raises(DataError, match="at least two"):
        marker_test(holzinger(), {"a": ("x1", "x2")}, ["x9"])
