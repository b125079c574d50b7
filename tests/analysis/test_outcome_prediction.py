"""Cross-validated predictions beside scikit-learn 1.7.2, DeLong's own definition and R's glm."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import average_precision_score, roc_auc_score

from analysis.errors import DataError, NoVariance, TooFewCases
from analysis.outcome_prediction import (
    auc,
    average_precision,
    calibration_slope,
    predict_outcome,
)


def _drawn(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    score = rng.normal(size=n).round(1)  # with ties
    return score, rng.random(n) < expit(score - 1)


def test_areas_are_those_of_scikit_learn() -> None:
    score, outcome = _drawn(300)
    assert auc(score, outcome).estimate == pytest.approx(roc_auc_score(outcome, score), abs=1e-12)
    assert average_precision(score, outcome) == pytest.approx(
        average_precision_score(outcome, score), abs=1e-12
    )


def test_delongs_error_is_that_of_all_pairs() -> None:
    score, outcome = _drawn(120)
    pairs = np.heaviside(score[outcome][:, None] - score[~outcome][None, :], 0.5)
    m, n = pairs.shape
    error = np.sqrt(pairs.mean(axis=1).var(ddof=1) / m + pairs.mean(axis=0).var(ddof=1) / n)
    value = pairs.mean()
    middle, reach = np.log(value / (1 - value)), 1.959963985 * error / (value * (1 - value))
    found = auc(score, outcome)
    assert (found.low, found.high) == pytest.approx((expit(middle - reach), expit(middle + reach)))


def test_the_calibration_slope_is_that_of_glm() -> None:
    # R 4.2.2: glm(y ~ x, family = binomial): 8.952723276, error 5.196234148.
    x = np.array([0.9, 0.2, 0.7, 0.8, 0.3, 0.4, 0.6, 0.1, 0.5, 0.8])
    y = np.array([1, 0, 1, 1, 0, 1, 0, 0, 1, 1], dtype=bool)
    found = calibration_slope(expit(x), y)
    assert found.estimate == pytest.approx(8.952723276, abs=1e-6)
    assert found.high - found.estimate == pytest.approx(1.959963985 * 5.196234148, rel=1e-4)


def test_what_is_predictable_is_predicted_and_noise_is_not() -> None:
    rng = np.random.default_rng(5)
    score = rng.normal(size=800)
    outcome = rng.random(800) < expit(1.5 * score - 1)
    found = predict_outcome({"sjq": list(score)}, list(outcome), repeats=1, resamples=100)
    assert found.auc.low > 0.7
    assert found.brier < found.brier_base
    assert found.average_precision.low > found.base_rate
    assert found.slope.low < 1 < found.slope.high
    assert sum(group.n for group in found.groups) == 800
    noise = predict_outcome(
        {"x": list(rng.normal(size=800))}, list(outcome), repeats=1, resamples=50
    )
    assert noise.auc.low < 0.5 < noise.auc.high + 0.05


def test_what_cannot_be_predicted_from_is_refused() -> None:
    outcome = [True] * 30 + [False] * 30
    with pytest.raises(TooFewCases):
        predict_outcome({"x": [1.0, 2.0] * 15}, [True] * 19 + [False] * 11)
    with pytest.raises(NoVariance):
        predict_outcome({"x": [1.0] * 60}, outcome)
    with pytest.raises(DataError):
        predict_outcome({"x": [float("nan")] * 60}, outcome)
