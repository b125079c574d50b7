"""Linear regression of answers with weights to known shares, with the linearised errors of the weights.

Reference: Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex surveys.
International Statistical Review, 51, 279-292.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from analysis.errors import DataError
from analysis.metrics import require
from analysis.weighting import Weights

_SINGULAR = 1e-10  # smallest singular value of the standardised predictors, in parts of the largest


@dataclass(frozen=True)
class Coefficient:
    """By how much the outcome is higher where a predictor is higher by one; ``error`` is linearised, interval
    and p are Student's t."""

    name: str
    estimate: float
    error: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class WeightedRegression:
    """The predictors' coefficients in the order given; ``df`` are those of Student's t."""

    coefficients: tuple[Coefficient, ...]
    intercept: float
    r_squared: float
    n: int
    df: int
    confidence: float


def weighted_regression(
    predictors: np.ndarray,
    outcome: np.ndarray,
    names: Sequence[str],
    weights: Weights,
    *,
    confidence: float = 0.95,
) -> WeightedRegression:
    """Regress ``outcome`` (n,) on ``predictors`` (n, p) with ``weights``, by weighted least squares.

    The errors are robust: they hold whatever the variance of the residuals is, and allow for shares that the
    weights hold fixed. Raises DataError for shapes that do not fit, missing values, a confidence that is none
    and predictors that determine one another, TooFewCases for fewer rows than p + 2.

    Validated against: R survey 4.1-1, ``svyglm`` with ``rake`` and ``postStratify`` designs (1e-8).
    """
    x, y = np.asarray(predictors, dtype=float), np.asarray(outcome, dtype=float)
    n = require(len(y), len(names) + 2)
    if x.shape != (n, len(names)) or len(weights.values) != n:
        raise DataError(
            f"{len(names)} names, {n} outcomes and {len(weights.values)} weights do not fit predictors of"
            f" {x.shape}"
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DataError("a value is missing or infinite; give complete rows only")
    if not 0 < confidence < 1:
        raise DataError(f"a confidence of {confidence:g} is none; give one between 0 and 1")
    if not np.ptp(y):
        raise DataError("the outcome has the same value everywhere; nothing goes with it")
    w = weights.values
    design = np.column_stack([np.ones(n), x])
    _require_apart(x, names, w)
    bread = np.linalg.inv(design.T @ (w[:, None] * design))
    found = bread @ (design.T @ (w * y))
    left = y - design @ found
    influence = (design * left[:, None]) @ bread
    # What the attributes leave of an answer's influence: the shares of all customers are known.
    fitted = weights.margins @ np.linalg.lstsq(weights.margins, influence, rcond=None)[0]
    parts = w[:, None] * (influence - fitted)
    parts -= parts.mean(axis=0)
    errors = np.sqrt(n / (n - 1) * (parts**2).sum(axis=0))
    df = n - 1 - len(names)
    reach = float(stdtrit(df, (1 + confidence) / 2))
    about = y - float(w @ y) / float(w.sum())
    return WeightedRegression(
        tuple(
            _coefficient(name, float(b), float(e), df, reach)
            for name, b, e in zip(names, found[1:], errors[1:], strict=True)
        ),
        float(found[0]),
        1 - float(w @ left**2) / float(w @ about**2),
        n,
        df,
        confidence,
    )


def _coefficient(name: str, b: float, error: float, df: int, reach: float) -> Coefficient:
    p = 2 * float(stdtr(df, -abs(b) / error)) if error > 0 else math.nan
    return Coefficient(name, b, error, b - reach * error, b + reach * error, p)


def _require_apart(x: np.ndarray, names: Sequence[str], w: np.ndarray) -> None:
    still = [name for name, each in zip(names, np.ptp(x, axis=0), strict=True) if not each]
    if still:
        raise DataError(f"{still[0]} has the same value everywhere; leave it out")
    centred = x - (w @ x) / w.sum()
    spread = np.sqrt(w @ centred**2 / w.sum())
    sizes = np.linalg.svd(np.sqrt(w)[:, None] * centred / spread, compute_uv=False)
    if sizes[-1] < _SINGULAR * sizes[0]:
        raise DataError("one predictor is determined by the others; leave it out")
