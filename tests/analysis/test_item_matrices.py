"""The items' matrices are those of R, from complete rows or from each pair's own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.ordinal.polychoric import polychoric
from analysis.errors import TooFewCases
from analysis.scale.sections.matrices import MatricesSection, pairwise
from analysis.scale.validation import validate_scale
from tests.analysis.peer_data import four_categories

NAN = np.nan
ROWS = pd.DataFrame(
    {
        "x": [1, 2, 3, 4, 5, NAN, 7, 2],
        "y": [2, NAN, 3, 5, 4, 6, 8, 1],
        "z": [5, 3, 4, NAN, 2, 1, 1, 4],
    }
)
# R 4.2.2: cov(ROWS, use = "pairwise.complete.obs"), cor(ROWS, use = "pairwise.complete.obs")
COV = [
    [4.28571428571429, 4.93333333333333, -3.06666666666667],
    [4.93333333333333, 5.80952380952381, -4.0],
    [-3.06666666666667, -4.0, 2.47619047619048],
]
COR = [
    [1.0, 0.919627253681776, -0.925570182073364],
    [0.919627253681776, 1.0, -0.890576352290891],
    [-0.925570182073364, -0.890576352290891, 1.0],
]


def matrices(data: pd.DataFrame, **choices: str) -> MatricesSection:
    model = {"f": list(data.columns)}
    return validate_scale(data, model=model, draws=2, reps=2, **choices)[MatricesSection]


def test_pairwise_covariances_are_those_of_r():
    mean, covariance, n = pairwise(ROWS.to_numpy())
    assert covariance == pytest.approx(np.array(COV), abs=1e-13)
    assert mean.tolist() == pytest.approx(ROWS.mean().tolist())
    assert n.tolist() == [[7, 6, 6], [6, 7, 6], [6, 6, 7]]


def test_full_information_is_told_by_each_pair_of_items():
    found = matrices(ROWS, missing="fiml")
    assert np.array(found.correlation, dtype=float) == pytest.approx(np.array(COR), abs=1e-13)
    assert found.n == 6 and found.pairwise_n == ((7, 6, 6), (6, 7, 6), (6, 6, 7))
    assert found.sd == pytest.approx(ROWS.std().tolist())


def test_listwise_matrices_are_of_the_complete_rows():
    found, complete = matrices(ROWS), ROWS.dropna()
    assert (found.n, found.pairwise_n, found.polychoric) == (len(complete), None, None)
    assert np.array(found.covariance, dtype=float) == pytest.approx(complete.cov().to_numpy())
    assert np.array(found.correlation, dtype=float) == pytest.approx(complete.corr().to_numpy())
    assert found.mean == pytest.approx(complete.mean().tolist())


def test_an_ordinal_analysis_has_polychoric_correlations_too():
    data = four_categories()[["u1", "u2", "u3", "u4"]]
    found = matrices(data, estimator="WLSMV")
    assert found.polychoric is not None
    assert np.array(found.polychoric, dtype=float) == pytest.approx(
        polychoric(data).correlation, abs=1e-12
    )


def test_an_item_whose_answers_are_all_the_same_has_no_correlation():
    found = matrices(ROWS.assign(z=3.0))
    assert found.correlation[2] == (None, None, None)
    assert found.correlation[0][0] == 1.0 and found.covariance[2] == (0.0, 0.0, 0.0)


def test_items_that_nobody_answered_both_are_refused():
    with pytest.raises(TooFewCases, match="rows with two items"):
        pairwise(np.array([[1.0, NAN], [NAN, 2.0]]))
