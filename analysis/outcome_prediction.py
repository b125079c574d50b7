"""How well an outcome of new customers can be told beforehand, measured on customers left out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import rankdata

from analysis.errors import DataError, NoVariance, TooFewCases
from analysis.metrics import critical_z, wilson

Floats = NDArray[np.float64]

LEAST_EVENTS = 20  # and as many without: below, an AUC's interval holds nearly everything


@dataclass(frozen=True)
class Interval:
    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class CalibrationGroup:
    """Customers with predictions alike: the mean prediction, and the share that had the outcome."""

    n: int
    predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True)
class Prediction:
    """``auc``: DeLong's interval. ``average_precision`` (the area under precision and recall) is to be
    compared with ``base_rate``, what guessing reaches; percentile bootstrap interval. ``slope`` below 1
    says that predictions are too far apart. ``brier`` and ``brier_base``: mean squared errors of the
    predictions and of the base rate.
    """

    auc: Interval
    average_precision: Interval
    slope: Interval
    brier: float
    brier_base: float
    groups: tuple[CalibrationGroup, ...]
    n: int
    events: int
    folds: int
    repeats: int
    seed: int
    predictors: tuple[str, ...]
    method: str = "logistic regression with ridge penalty, stratified cross-validation"

    @property
    def base_rate(self) -> float:
        return self.events / self.n


def predict_outcome(
    predictors: Mapping[str, Sequence[float]],
    outcome: Sequence[bool],
    *,
    folds: int = 10,
    repeats: int = 5,
    seed: int = 1,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> Prediction:
    """Cross-validated quality of a logistic regression's predictions of ``outcome``.

    Raises TooFewCases below ``LEAST_EVENTS`` customers with the outcome or as many without; NoVariance
    for a predictor that is the same for all; DataError for a value that is not finite.

    Notes: predictors are standardised within each fold's training customers, penalty C = 1. Each
    customer's prediction is the mean over ``repeats`` of the one made without them. The intervals are
    those of fixed predictions, and hold for the next customers of the same kind.

    Validated against: scikit-learn 1.7.2 ``roc_auc_score`` and ``average_precision_score``; DeLong's
    variance against its own definition by pairs; the calibration slope against R 4.2.2 ``glm``.

    References: DeLong, E. R., DeLong, D. M., & Clarke-Pearson, D. L. (1988). Comparing the areas under
    two or more correlated receiver operating characteristic curves. Biometrics, 44, 837-845. Van
    Calster, B., et al. (2016). A calibration hierarchy for risk models was defined. Journal of Clinical
    Epidemiology, 74, 167-176.
    """
    y = np.asarray(outcome, dtype=bool)
    x = np.column_stack([np.asarray(each, dtype=float) for each in predictors.values()])
    _check(x, y, list(predictors))
    p = _left_out(x, y, folds, repeats, seed)
    z = critical_z(confidence)
    return Prediction(
        auc(p, y, confidence=confidence),
        _average_precision(p, y, resamples, seed, confidence),
        calibration_slope(p, y, confidence=confidence),
        float(((p - y) ** 2).mean()),
        float(y.mean() * (1 - y.mean())),
        _groups(p, y, z),
        len(y),
        int(y.sum()),
        folds,
        repeats,
        seed,
        tuple(predictors),
    )


def auc(predicted: Floats, outcome: NDArray[np.bool_], *, confidence: float = 0.95) -> Interval:
    """The probability that a customer with the outcome was given a higher prediction than one without.

    DeLong's standard error, on the logit so that limits stay between 0 and 1.
    """
    m, n = int(outcome.sum()), int((~outcome).sum())
    ranks = rankdata(predicted)
    own, other = rankdata(predicted[outcome]), rankdata(predicted[~outcome])
    value = float((ranks[outcome].sum() - m * (m + 1) / 2) / (m * n))
    with_it = (ranks[outcome] - own) / n
    without = 1 - (ranks[~outcome] - other) / m
    error = math.sqrt(with_it.var(ddof=1) / m + without.var(ddof=1) / n)
    if not 0 < value < 1:
        return Interval(value, value, value)
    z = critical_z(confidence)
    middle, reach = math.log(value / (1 - value)), z * error / (value * (1 - value))
    return Interval(value, float(expit(middle - reach)), float(expit(middle + reach)))


def average_precision(predicted: Floats, outcome: NDArray[np.bool_]) -> float:
    """The area under precision and recall as a sum of steps; equal predictions are one step."""
    order = np.argsort(-predicted, kind="stable")
    hits, values = outcome[order], predicted[order]
    last = np.append(values[1:] != values[:-1], True)
    caught = np.cumsum(hits)[last]
    shown = (np.arange(len(hits)) + 1)[last]
    recall = np.diff(caught, prepend=0) / hits.sum()
    return float((recall * caught / shown).sum())


def calibration_slope(
    predicted: Floats, outcome: NDArray[np.bool_], *, confidence: float = 0.95
) -> Interval:
    """The slope of a logistic regression of the outcome on the predictions' logit; 1 is right."""
    clipped = np.clip(predicted, 1e-9, 1 - 1e-9)
    x = np.column_stack([np.ones(len(clipped)), np.log(clipped / (1 - clipped))])
    beta = np.zeros(2)
    information = np.eye(2)
    for _ in range(50):
        p = expit(x @ beta)
        information = (x * (p * (1 - p))[:, None]).T @ x
        step = np.linalg.solve(information, x.T @ (outcome - p))
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    reach = critical_z(confidence) * math.sqrt(float(np.linalg.inv(information)[1, 1]))
    return Interval(float(beta[1]), float(beta[1] - reach), float(beta[1] + reach))


def _check(x: Floats, y: NDArray[np.bool_], names: Sequence[str]) -> None:
    if len(x) != len(y) or not np.isfinite(x).all():
        raise DataError("Every customer needs a finite value of each predictor.")
    rarer = int(min(y.sum(), (~y).sum()))
    if rarer < LEAST_EVENTS:
        raise TooFewCases(LEAST_EVENTS, rarer, what="customers with the outcome and without it")
    for name, column in zip(names, x.T, strict=True):
        if np.ptp(column) == 0:
            raise NoVariance(f"{name} is {column[0]:g} for every customer.")


def _left_out(x: Floats, y: NDArray[np.bool_], folds: int, repeats: int, seed: int) -> Floats:
    # Takes seconds to import, and the web process has no use for it.
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    total = np.zeros(len(y))
    for repeat in range(repeats):
        parts = StratifiedKFold(folds, shuffle=True, random_state=seed + repeat)
        for train, test in parts.split(x, y):
            centre, spread = x[train].mean(axis=0), x[train].std(axis=0)
            spread = np.where(spread > 0, spread, 1.0)
            model = LogisticRegression(C=1.0).fit((x[train] - centre) / spread, y[train])
            total[test] += model.predict_proba((x[test] - centre) / spread)[:, 1]
    return total / repeats


def _average_precision(
    p: Floats, y: NDArray[np.bool_], resamples: int, seed: int, confidence: float
) -> Interval:
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(resamples):
        rows = rng.integers(0, len(y), len(y))
        if y[rows].any():
            drawn.append(average_precision(p[rows], y[rows]))
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, (tail, 1 - tail))
    return Interval(average_precision(p, y), float(low), float(high))


def _groups(p: Floats, y: NDArray[np.bool_], z: float) -> tuple[CalibrationGroup, ...]:
    """Up to ten groups of about the same size, by the order of their predictions."""
    found = []
    for rows in np.array_split(np.argsort(p, kind="stable"), min(10, len(p) // 20)):
        share = float(y[rows].mean())
        low, high = wilson(share, len(rows), z)
        found.append(CalibrationGroup(len(rows), float(p[rows].mean()), share, low, high))
    return tuple(found)
