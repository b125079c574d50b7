"""How closely two scores go together with weights to known shares: r with its linearised error.

Reference: Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex surveys.
International Statistical Review, 51, 279-292.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import stdtrit

from analysis.correlation import FEWEST, Floats
from analysis.errors import DataError
from analysis.metrics import require
from analysis.weighting import WeightedMean, Weights


def weighted_correlation(
    first: Floats, second: Floats, weights: Weights, *, confidence: float = 0.95
) -> WeightedMean:
    """Pearson's r of weighted moments, of two scores (n,) that the same n people gave.

    r is the weighted mean of the products of standardised scores; its error is that of the influence of each
    pair, less what the shares hold fixed. The interval is Student's t on Fisher's z. Raises DataError for
    scores that are not those of the weights, missing values and a constant score, TooFewCases below four
    pairs.

    Validated against: R survey 4.1-1, ``svyvar`` of a ``rake`` design and the delta method (1e-8).
    """
    n = require(len(first), FEWEST)
    if len(second) != n or len(weights.values) != n:
        raise DataError(
            f"{n} and {len(second)} scores and {len(weights.values)} weights are no pairs; give one of each"
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise DataError("a value is missing or infinite; give complete pairs only")
    if not np.ptp(first) or not np.ptp(second):
        raise DataError("a score is the same in all pairs; nothing varies")
    share = weights.values / weights.values.sum()
    a, b = (each - float(share @ each) for each in (first, second))
    a, b = (each / math.sqrt(float(share @ each**2)) for each in (a, b))
    r = float(np.clip(share @ (a * b), -1, 1))
    influence = a * b - r / 2 * (a**2 + b**2)
    held = weights.margins
    left = influence - held @ np.linalg.lstsq(held, influence, rcond=None)[0]
    parts = share * left
    error = math.sqrt(n / (n - 1) * float(((parts - parts.mean()) ** 2).sum()))
    low = high = r
    if abs(r) < 1:
        reach = float(stdtrit(n - 1, (1 + confidence) / 2)) * error / (1 - r**2)
        low, high = math.tanh(math.atanh(r) - reach), math.tanh(math.atanh(r) + reach)
    plain = float(np.corrcoef(first, second)[0, 1])
    effect, effective = weights.design_effect, weights.effective_n
    return WeightedMean(r, low, high, error, n, effect, effective, plain, confidence)
