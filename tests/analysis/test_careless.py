"""Careless answers are flagged by rule and row; attentive ones are left in peace."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import mahalanobis

from analysis.errors import DataError
from analysis.scale.careless import (
    INDICATORS,
    CarelessCuts,
    careless,
    intra_individual_variability,
    longstring,
)
from tests.analysis.data_sets import simulated

NAN = np.nan


def of(report, name: str) -> np.ndarray:
    return report.flags[:, INDICATORS.index(name)]


def test_longstring_counts_the_longest_run_and_a_hole_ends_it():
    rows = np.array([[1, 1, 2, 2, 2], [3, 3, NAN, 3, 3], [1, 2, 3, 4, 5], [NAN] * 5, [7] * 5])
    assert longstring(rows).tolist() == [3, 2, 1, 0, 5]


def test_variability_within_a_person_is_the_standard_deviation_of_the_answers():
    rows = np.array([[1, 3, NAN, 5], [4, 4, 4, 4], [NAN, 2, NAN, NAN]])
    got = intra_individual_variability(rows)
    assert got[:2].tolist() == [2.0, 0.0]
    assert np.isnan(got[2])


def test_straight_liners_are_found_and_nobody_else_by_these_rules():
    data = simulated(200, seed=5)
    data.iloc[[3, 17]] = 4
    got = careless(data)
    assert set(np.flatnonzero(of(got, "irv"))) == set(
        np.flatnonzero((data.nunique(axis=1) == 1).to_numpy())
    )
    assert {3, 17} <= set(np.flatnonzero(of(got, "longstring")))
    assert got.longstring_cut == 8


def test_mahalanobis_distances_are_scipys_and_random_answers_stand_out():
    data = simulated(300, seed=6)
    data.iloc[10] = [1, 7] * 8
    got = careless(data)
    inverse = np.linalg.inv(np.cov(data.to_numpy().T))
    expected = mahalanobis(data.iloc[10], data.mean(), inverse) ** 2
    assert got.mahalanobis[10] == pytest.approx(expected)
    assert of(got, "mahalanobis")[10]
    assert of(got, "mahalanobis").mean() < 0.1


def test_speed_flags_below_two_seconds_an_item_and_only_when_times_are_known():
    data = simulated(50)
    seconds = np.full(50, 90.0)
    seconds[[1, 2]] = 31.9, NAN
    assert np.flatnonzero(of(careless(data, seconds=seconds), "speed")).tolist() == [1]
    assert not of(careless(data), "speed").any()


def test_two_items_are_too_few_to_tell_carelessness():
    got = careless(pd.DataFrame({"a": [4, 4, 4, 5], "b": [4, 4, 4, 1]}))
    assert not got.flagged.any()


def test_cuts_can_be_set():
    data = simulated(100)
    strict = careless(data, cuts=CarelessCuts(longstring_share=0.01, longstring_least=1))
    assert of(strict, "longstring").all()


def test_distances_that_do_not_exist_are_a_warning():
    got = careless(simulated(10))
    assert np.isnan(got.mahalanobis).all()
    assert "need at least 18" in got.warnings[0]


def test_as_many_times_as_rows_are_needed():
    with pytest.raises(DataError, match="50 rows need 50 times; found 3"):
        careless(simulated(50), seconds=[1, 2, 3])
