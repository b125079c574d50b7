"""Cross-validated predictive ability test: is one prediction better than another?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from analysis.composite.predict import Prediction
from analysis.errors import DataError, ModelError

Benchmark = Literal["mean", "linear model"]


@dataclass(frozen=True)
class PredictiveAbility:
    """Mean squared loss of a model and of what it is compared with.

    ``difference`` is the model's loss less the benchmark's (negative: the model predicts better),
    with its paired t-test, two-sided p and interval.
    """

    benchmark: str
    constructs: tuple[str, ...]
    loss: float
    loss_benchmark: float
    difference: float
    lower: float
    upper: float
    t: float
    p: float
    n: int


def cvpat(
    prediction: Prediction,
    *,
    benchmark: Benchmark = "mean",
    constructs: Sequence[str] | None = None,
    level: float = 0.95,
) -> PredictiveAbility:
    """The model against the training mean or the linear model.

    A row's loss is its mean squared error over the items of the constructs (all endogenous ones
    when None). Liengaard et al. (2021), Decision Sciences 52(2); Sharma et al. (2023), EJM 57(6).
    Raises ModelError for a construct that is not predicted, DataError for an unknown benchmark.
    """
    if benchmark not in ("mean", "linear model"):
        raise DataError(f"benchmark={benchmark!r} is not known; use 'mean' or 'linear model'")
    columns = _columns(prediction, constructs)
    other = prediction.errors_mean if benchmark == "mean" else prediction.errors_lm
    return _test(
        (prediction.errors[:, columns] ** 2).mean(axis=1),
        (other[:, columns] ** 2).mean(axis=1),
        benchmark,
        tuple(dict.fromkeys(prediction.items["construct"].iloc[columns])),
        level,
    )


def cvpat_compare(
    prediction: Prediction,
    alternative: Prediction,
    *,
    constructs: Sequence[str] | None = None,
    level: float = 0.95,
) -> PredictiveAbility:
    """One model against another of the same rows and items, predicted with the same folds.

    Raises DataError when the predictions are not of the same rows and items.
    """
    columns, others = _columns(prediction, constructs), _columns(alternative, constructs)
    items = prediction.items.index[columns].tolist()
    if items != alternative.items.index[others].tolist() or prediction.n != alternative.n:
        raise DataError(
            "the predictions differ in rows or items; predict the same items with the same folds"
        )
    return _test(
        (prediction.errors[:, columns] ** 2).mean(axis=1),
        (alternative.errors[:, others] ** 2).mean(axis=1),
        "alternative model",
        tuple(dict.fromkeys(prediction.items["construct"].iloc[columns])),
        level,
    )


def _columns(prediction: Prediction, constructs: Sequence[str] | None) -> list[int]:
    of = prediction.items["construct"].tolist()
    for name in constructs or ():
        if name not in of:
            raise ModelError(f"{name} has no predicted items; predicted are {', '.join(set(of))}")
    return [k for k, name in enumerate(of) if constructs is None or name in constructs]


def _test(
    loss: np.ndarray, other: np.ndarray, benchmark: str, constructs: tuple[str, ...], level: float
) -> PredictiveAbility:
    d = loss - other
    n = len(d)
    se = float(d.std(ddof=1)) / np.sqrt(n)
    t = float(d.mean() / se) if se > 0 else 0.0
    half = float(stats.t.ppf(1 - (1 - level) / 2, n - 1)) * se
    return PredictiveAbility(
        benchmark,
        constructs,
        float(loss.mean()),
        float(other.mean()),
        float(d.mean()),
        float(d.mean() - half),
        float(d.mean() + half),
        t,
        float(2 * stats.t.sf(abs(t), n - 1)),
        n,
    )
