"""Relative importance from pairs of scores: relaimpo's example, complete rows, and a known population."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.drivers import lmg_parts, relative_importance
from analysis.errors import DataError, TooFewCases
from analysis.sparse_drivers import sparse_importance

NAMES = ["wait", "word", "form", "desk"]
TRUTH = np.array(
    [
        [1.0, 0.4, 0.3, 0.2, 0.5],
        [0.4, 1.0, 0.3, 0.1, 0.4],
        [0.3, 0.3, 1.0, 0.2, 0.2],
        [0.2, 0.1, 0.2, 1.0, 0.1],
        [0.5, 0.4, 0.2, 0.1, 1.0],
    ]
)


def people(n: int, given: float, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Scores of the population of ``TRUTH``, of which each was given with this probability."""
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_normal(np.zeros(5), TRUTH, n)
    scores = np.where(rng.random((n, 4)) < given, drawn[:, :4], np.nan)
    return scores, drawn[:, 4]


def test_parts_equal_the_published_example_of_relaimpo():
    """R 4, relaimpo 2.2: calc.relimp(Fertility ~ ., data = swiss, type = "lmg"); cor(swiss)."""
    swiss = np.eye(6)
    below = [
        (-0.6865422, -0.63952252, 0.4010951, -0.06085861, 0.35307918),
        (0.69841530, -0.5727418, -0.11402160, -0.6458827),
        (-0.1538589, -0.09932185, -0.66378886),
        (0.17549591, 0.4636847),
        (0.41655603,),
    ]
    for a, row in enumerate(below):
        swiss[a, a + 1 :] = swiss[a + 1 :, a] = row
    parts = lmg_parts(swiss[None])[0]
    published = [0.05709122, 0.17117303, 0.26013468, 0.10557015, 0.11276592]
    assert parts == pytest.approx(published, abs=2e-6)
    assert parts.sum() == pytest.approx(0.7067350, abs=2e-6)


def test_complete_rows_give_what_the_complete_method_gives():
    scores, outcome = people(300, 1.0)
    sparse = sparse_importance(scores, outcome, NAMES, seed=1)
    whole = relative_importance(scores, outcome, NAMES, seed=1)
    for one, other in zip(sparse.importance.drivers, whole.drivers, strict=True):
        assert one.part == pytest.approx(other.part, rel=1e-9)
        assert one.correlation == pytest.approx(other.correlation, rel=1e-9)
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=0.025)
    assert sparse.importance.r_squared == pytest.approx(whole.r_squared, rel=1e-9)
    assert (sparse.least, sparse.most, sparse.importance.n, sparse.inadmissible) == (
        300,
        300,
        300,
        0,
    )


def test_a_population_is_found_again_from_scores_that_few_people_gave_all_of():
    scores, outcome = people(6000, 0.35)
    assert np.isfinite(scores).all(axis=1).mean() < 0.02
    found = sparse_importance(scores, outcome, NAMES, seed=1)
    truth = lmg_parts(TRUTH[None])[0]
    for driver, true in zip(found.importance.drivers, truth, strict=True):
        assert driver.part == pytest.approx(true, abs=0.03)
        assert driver.low <= true <= driver.high
    assert found.importance.leader == "wait"
    assert found.least < found.importance.n < found.most
    # The same rows in another order, and scores in other units, say the same.
    again = sparse_importance(10 * scores[::-1] + 3, outcome[::-1], NAMES, seed=1)
    assert again.importance.drivers[0].part == pytest.approx(found.importance.drivers[0].part)


def test_what_cannot_be_split_is_refused():
    scores, outcome = people(400, 0.3)
    with pytest.raises(TooFewCases, match="both scores of a pair"):
        sparse_importance(scores, outcome, NAMES, seed=1)
    scores, outcome = people(400, 1.0)
    with pytest.raises(DataError, match="contradict one another, or one score is made"):
        sparse_importance(
            np.column_stack([scores, scores[:, 0]]), outcome, [*NAMES, "again"], seed=1
        )
    with pytest.raises(DataError, match="do not fit"):
        sparse_importance(scores[:9], outcome, NAMES, seed=1)
    with pytest.raises(DataError, match="outcome is missing"):
        sparse_importance(scores, np.full(400, np.nan), NAMES, seed=1)
    for wrong in (np.ones(399), *(np.r_[np.ones(399), each] for each in (0, -1, np.nan, np.inf))):
        with pytest.raises(DataError, match="400 rows need a weight above 0 each, none infinite"):
            sparse_importance(scores, outcome, NAMES, seed=1, weights=wrong)
