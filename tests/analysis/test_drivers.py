"""Relative importance: the parts sum to R squared and agree with pingouin's."""

from __future__ import annotations

import numpy as np
import pingouin
import pytest

from analysis.drivers import needed, part_difference, relative_importance
from analysis.errors import DataError, TooFewCases


def correlated(n: int = 300, p: int = 4, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((n, 1))
    x = 0.7 * common + rng.standard_normal((n, p))
    return x, x @ np.linspace(1, 0, p) + 2 * rng.standard_normal(n)


def test_parts_agree_with_pingouin():
    x, y = correlated()
    found = relative_importance(x, y, list("abcd"), seed=1, resamples=20)
    theirs = pingouin.linear_regression(x, y, relimp=True)
    assert [d.part for d in found.drivers] == pytest.approx(theirs["relimp"].iloc[1:].tolist())
    assert found.r_squared == pytest.approx(theirs["r2"].iloc[0])


def test_parts_sum_to_r_squared_and_none_is_negative():
    x, y = correlated(p=7)
    found = relative_importance(x, y, list("abcdefg"), seed=1, resamples=20)
    assert sum(d.part for d in found.drivers) == pytest.approx(found.r_squared)
    assert min(d.part for d in found.drivers) >= 0


def test_uncorrelated_predictors_have_their_squared_correlation():
    """With a design of exactly uncorrelated columns every order gives the same part."""
    x = np.array([[a, b] for a in (-1.0, 1.0) for b in (-1.0, 1.0)] * 20)
    y = 3 * x[:, 0] + x[:, 1] + np.random.default_rng(3).standard_normal(80)
    found = relative_importance(x, y, ["a", "b"], seed=1, resamples=50)
    for driver in found.drivers:
        assert driver.part == pytest.approx(driver.correlation**2)


def test_the_interval_covers_the_true_part_about_as_often_as_it_says():
    """Two predictors with correlation 0.5, weights 1 and 0.5, error variance 2."""
    rng = np.random.default_rng(11)
    r, weights = 0.5, np.array([1.0, 0.5])
    cov = np.array([[1, r], [r, 1]])
    variance = weights @ cov @ weights + 2
    alone = (cov @ weights) ** 2 / variance
    both = weights @ cov @ weights / variance
    truth = (alone[0] + both - alone[1]) / 2
    covered = 0
    for seed in range(50):
        x = rng.multivariate_normal([0, 0], cov, size=150)
        y = x @ weights + np.sqrt(2) * rng.standard_normal(150)
        first = relative_importance(x, y, ["a", "b"], seed=seed, resamples=100).drivers[0]
        covered += first.low <= truth <= first.high
    assert 42 <= covered <= 50


def test_a_clear_first_is_first_in_every_resample_and_a_tie_in_half():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((400, 2))
    noise = rng.standard_normal(400)
    clear = relative_importance(x, 2 * x[:, 0] + noise, ["a", "b"], seed=1, resamples=200)
    assert clear.largest.name == "a" and clear.largest.first == 1
    assert clear.leader == "a"
    tie = relative_importance(x, x[:, 0] + x[:, 1] + noise, ["a", "b"], seed=1, resamples=400)
    assert tie.largest.first < 0.95 and tie.leader is None


def test_the_first_in_most_resamples_does_not_lead_unless_every_pair_differs():
    """Largest in 98 of 100 resamples, and yet within chance of the second after Holm over six pairs."""
    rng = np.random.default_rng(6)
    x = rng.standard_normal((150, 4))
    y = x @ np.array([0.6, 0.4, 0.1, 0.1]) + rng.standard_normal(150)
    found = relative_importance(x, y, list("abcd"), seed=1, resamples=200)
    assert found.largest.name == "a" and found.largest.first > 0.95
    assert found.leader is None


def test_the_same_seed_gives_the_same_interval():
    x, y = correlated()
    first = relative_importance(x, y, list("abcd"), seed=9, resamples=50)
    assert first == relative_importance(x, y, list("abcd"), seed=9, resamples=50)


def test_too_few_cases_are_refused():
    x, y = correlated(n=49)
    with pytest.raises(TooFewCases):
        relative_importance(x, y, list("abcd"), seed=1)
    assert (needed(2), needed(8)) == (50, 80)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda x, y: (x[:, :1], y, ["a"]), "needs 2 to 10"),
        (lambda x, y: (x, y[:-1], list("abcd")), "do not fit"),
        (lambda x, y: (np.where(x == x[0, 0], np.nan, x), y, list("abcd")), "missing"),
        (lambda x, y: (x * [1, 1, 1, 0], y, list("abcd")), "d has the same value"),
        (lambda x, y: (x, y * 0, list("abcd")), "the outcome has the same value"),
        (lambda x, y: (np.column_stack([x[:, :3], x[:, 0] + x[:, 1]]), y, list("abcd")), "determined"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_split_is_refused(spoil, words):
    x, y, names = spoil(*correlated())
    with pytest.raises(DataError, match=words):
        relative_importance(x, y, names, seed=1, resamples=10)


def test_parts_of_two_groups_differ_about_as_often_as_the_test_says():
    """The same truth in both groups: about 19 of 20 intervals hold none; another truth is found."""
    false, found = 0, 0
    for seed in range(15):
        one, other = (
            relative_importance(
                *correlated(150, 2, 100 * seed + k), ["a", "b"], seed=k, resamples=60
            )
            for k in (1, 2)
        )
        difference = part_difference(one, other, "a")
        false += difference.p < 0.05
        assert (difference.low <= 0 <= difference.high) is (difference.p >= 0.05)
        x, _ = correlated(150, 2, seed + 9_000)
        rng = np.random.default_rng(seed)
        noise = relative_importance(x, rng.standard_normal(150), ["a", "b"], seed=3, resamples=60)
        found += part_difference(one, noise, "a").p < 0.05
    assert false <= 3 and found == 15
