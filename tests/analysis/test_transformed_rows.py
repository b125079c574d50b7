"""Rows turned to a population's correlations keep their distribution and their missing answers."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.covariance.simulation.transformed_rows import transformed_rows
from analysis.errors import ModelError, NotPositiveDefinite
from tests.analysis.classic_data import holzinger

ITEMS = [f"x{number}" for number in range(1, 10)]
# semTools 0.5-6, bsBootMiss(Sigma = .4 everywhere, Mu = 0, transDataOnly = TRUE) of HS's nine items,
# standardised with divisor n: row 1 complete, and row 300 where x2 of rows 1 to 40, x5 of 31 to 90 and x9
# of 201 to 261 are missing.
COMPLETE = (
    -1.284427168,
    1.263146277,
    -1.501629437,
    -0.768250374,
    1.471773419,
    -1.115010538,
    -0.788351536,
    0.128656413,
    1.007273543,
)
INCOMPLETE = (
    -0.364543954,
    0.680368510,
    -1.322501373,
    0.484882611,
    -0.175662863,
    -0.406105858,
    0.540097732,
    0.458975293,
    -0.985508186,
)


def _wanted(p: int) -> np.ndarray:
    return np.full((p, p), 0.4) + 0.6 * np.eye(p)


def test_complete_rows_have_the_correlations_and_are_semtools_own() -> None:
    rows = holzinger()[ITEMS].to_numpy().copy()
    found = transformed_rows(rows, _wanted(9))
    assert found.T @ found / len(rows) == pytest.approx(_wanted(9), abs=1e-10)
    assert found[0] == pytest.approx(COMPLETE, abs=1e-8)
    # The unit of an item's answers does not matter.
    assert transformed_rows(rows * np.arange(1, 10), _wanted(9)) == pytest.approx(found, abs=1e-9)


def test_incomplete_rows_are_semtools_own_and_stay_incomplete() -> None:
    rows = holzinger()[ITEMS].to_numpy().copy()
    for item, missing in ((1, slice(0, 40)), (4, slice(30, 90)), (8, slice(200, 261))):
        rows[missing, item] = np.nan
    found = transformed_rows(rows, _wanted(9))
    assert (np.isnan(found) == np.isnan(rows)).all()
    assert found[299] == pytest.approx(INCOMPLETE, abs=1e-6)


def test_rows_that_cannot_be_turned_are_refused() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(50, 3))
    rows[:, 2] = rows[:, 0] + rows[:, 1]
    with pytest.raises(NotPositiveDefinite, match="leave out items that others determine"):
        transformed_rows(rows, _wanted(3))
    many = rng.normal(size=(60, 21))
    many[0, 0] = np.nan
    with pytest.raises(ModelError, match="at most 20 items; found 21"):
        transformed_rows(many, _wanted(21))
