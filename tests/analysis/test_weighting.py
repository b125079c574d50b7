"""Weights to known shares, and weighted scores, as R's survey computes them.

Numbers: R 4.2.2, survey 4.1-1. ``des <- svydesign(ids = ~1, data = d, weights = rep(1, 40))``; one attribute:
``svymean(~y, postStratify(des, ~region, pr))``; two: ``svymean(~y, rake(des, list(~region, ~age), list(pr, pa),
control = list(maxit = 200, epsilon = 1e-12)))``. ``prom`` is 100 ((y >= 9) - (y <= 6)), ``top`` 100 (y >= 8).
"""

from __future__ import annotations

import numpy as np
import pytest

from analysis.errors import DataError, TooFewCases
from analysis.weighting import (
    Weights,
    raked,
    raked_cells,
    weighted_mean,
    weighted_mean_of_cells,
    weighted_promoter_score,
    weighted_top_box,
)

N = np.arange(40)
REGION = ["NSE"[k] for k in N * 7 % 3 * (N % 5 != 0)]
AGE = ["yo"[int(k)] for k in N * N % 7 > 2]
SCORES = N * 13 % 11
REGIONS = {"N": 0.5, "S": 0.2, "E": 0.3}
AGES = {"y": 0.6, "o": 0.4}


def scored(weights: Weights) -> list[tuple[float, float]]:
    found = (
        weighted_mean(SCORES, weights),
        weighted_promoter_score(SCORES.tolist(), weights),
        weighted_top_box(SCORES.tolist(), weights, top=8),
    )
    return [(each.estimate, each.error) for each in found]


def test_one_attribute_is_post_stratified_as_in_r():
    weights = raked({"region": REGION}, {"region": REGIONS})
    expected = [
        (4.9280382775, 0.5247382725),
        (-46.9617224880, 12.8742898777),
        (27.6124401914, 7.2766958831),
    ]
    assert np.allclose(scored(weights), expected, rtol=1e-9)
    assert weights.design_effect == pytest.approx(1.0317703349, rel=1e-9)


def test_several_attributes_are_raked_as_in_r():
    weights = raked({"region": REGION, "age": AGE}, {"region": REGIONS, "age": AGES})
    expected = [
        (4.9971284628, 0.5476946623),
        (-45.8552221995, 13.0728407566),
        (28.6124885714, 7.6702308317),
    ]
    assert np.allclose(scored(weights), expected, rtol=1e-8)
    assert weights.design_effect == pytest.approx(1.1111748273, rel=1e-8)
    assert (weights.values.min(), weights.values.max()) == pytest.approx((0.603897766, 1.713777213))
    for held, shares in ((REGION, REGIONS), (AGE, AGES)):
        for value, share in shares.items():
            own = weights.values[[each == value for each in held]].sum()
            assert own / weights.values.sum() == pytest.approx(share, abs=1e-9)


def test_the_samples_own_shares_change_no_score_and_the_unweighted_one_stands_beside():
    own = {value: REGION.count(value) / 40 for value in REGIONS}
    found = weighted_mean(SCORES, raked({"region": REGION}, {"region": own}))
    assert found.estimate == pytest.approx(SCORES.mean()) == found.unweighted
    assert (found.design_effect, found.effective_n, found.n) == pytest.approx((1, 40, 40))
    assert found.low < found.estimate < found.high
    order = np.random.default_rng(1).permutation(40)
    shuffled = raked({"region": [REGION[k] for k in order]}, {"region": REGIONS})
    again = weighted_mean(SCORES[order], shuffled)
    first = weighted_mean(SCORES, raked({"region": REGION}, {"region": REGIONS}))
    assert (again.low, again.high) == pytest.approx((first.low, first.high))


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({}, "no population shares"),
        ({"size": {"a": 1.0}}, "size is not given"),
        ({"region": {"N": 0.5, "S": 0.2}}, "add up to 0.7"),
        ({"region": {"N": 1.2, "S": -0.2}}, "a share above 0"),
        ({"region": {"N": float("nan"), "S": 0.5}}, "a share above 0"),
        ({"region": {"N": 0.5, "S": 0.5}}, "region is 'E' in 10 answers, without a known share"),
        ({"region": {**REGIONS, "E": 0.2, "W": 0.1}}, "nobody answered whose region is 'W'"),
    ],
)
def test_shares_that_cannot_be_met_are_refused_by_name(shares: dict, said: str):
    with pytest.raises(DataError, match=said):
        raked({"region": REGION, "age": AGE}, shares)


def test_values_that_never_meet_and_wrong_scores_are_refused():
    apart = {"a": ["x", "x", "y", "y"], "b": ["p", "p", "q", "q"]}
    with pytest.raises(DataError, match="no weights meet the shares of a, b together"):
        raked(apart, {"a": {"x": 0.3, "y": 0.7}, "b": {"p": 0.6, "q": 0.4}})
    weights = raked({"a": apart["a"]}, {"a": {"x": 0.3, "y": 0.7}})
    with pytest.raises(DataError, match="4 weights for 3 scores"):
        weighted_mean([1, 2, 3], weights)
    with pytest.raises(DataError, match="whole number from 0 to 10"):
        weighted_promoter_score([1, 2, 3, 11], weights)
    with pytest.raises(TooFewCases):
        weighted_mean([1], raked({"a": ["x"]}, {"a": {"x": 1.0}}))


@pytest.mark.parametrize("attributes", [("region",), ("region", "age")])
def test_counts_and_sums_of_cells_give_what_the_answers_give(attributes: tuple[str, ...]):
    """A million answers so cost what their few cells cost."""
    known = {"region": (REGION, REGIONS), "age": (AGE, AGES)}
    held = {name: known[name][0] for name in attributes}
    shares = {name: known[name][1] for name in attributes}
    rows = raked(held, shares)
    answers = list(zip(*held.values(), strict=True))
    cells = sorted(set(answers))
    inside = [np.array([answer == cell for answer in answers]) for cell in cells]
    weights = raked_cells(cells, [int(own.sum()) for own in inside], shares)
    points = 100.0 * ((SCORES >= 9).astype(float) - (SCORES <= 6))
    for scores in (SCORES.astype(float), points):
        totals = [scores[own].sum() for own in inside]
        squares = [(scores[own] ** 2).sum() for own in inside]
        found = weighted_mean_of_cells(totals, squares, weights, confidence=0.9)
        expected = weighted_mean(scores, rows, confidence=0.9)
        for name in ("estimate", "low", "high", "error", "design_effect", "effective_n"):
            assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-9), name
        assert (found.n, found.unweighted) == (40, pytest.approx(scores.mean()))
    with pytest.raises(DataError, match="have sums"):
        weighted_mean_of_cells([1.0], [1.0], weights)
