"""Weights that give a sample a population's known shares, and scores by them with their errors.

Post-stratification for one attribute, raking for several. The variance is linearised (Taylor): as the weights
hold the shares fixed, only what the attributes leave unexplained of an answer counts.

References: Deming, W. E., & Stephan, F. F. (1940). Annals of Mathematical Statistics, 11, 427-444. Deville,
J.-C., Sarndal, C.-E., & Sautory, O. (1993). Journal of the American Statistical Association, 88, 1013-1020.
Kish, L. (1965). Survey Sampling. Wiley, chapter 11.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from analysis.errors import DataError
from analysis.metrics import require

Attributes = Mapping[str, Sequence[str]]  # by name, one value for each answer
Shares = Mapping[str, Mapping[str, float]]  # by attribute and value, 0 to 1 and together 1
_MOST_ROUNDS = 1000
_NEAR = 1e-10


@dataclass(frozen=True)
class Weights:
    """One weight an answer, with mean 1; ``margins`` (answers, values) holds 1 where a value is its own."""

    values: np.ndarray
    margins: np.ndarray

    @property
    def design_effect(self) -> float:
        """By how much unequal weights alone raise a variance: n sum(w^2) / sum(w)^2 (Kish 1965)."""
        return float(len(self.values) * (self.values**2).sum() / self.values.sum() ** 2)

    @property
    def effective_n(self) -> float:
        """How many answers of equal weight would say as much."""
        return len(self.values) / self.design_effect


@dataclass(frozen=True)
class WeightedMean:
    """A weighted mean, the ``unweighted`` one beside it; ``error`` is linearised, the interval Student's t."""

    estimate: float
    low: float
    high: float
    error: float
    n: int
    design_effect: float
    effective_n: float
    unweighted: float
    confidence: float


def raked(attributes: Attributes, shares: Shares) -> Weights:
    """Weights by which every attribute has its population's shares; of one attribute, post-stratification.

    Raises DataError, naming attribute and value: where an attribute is not given for every answer, a value
    has no share or a share nobody, shares are not above 0 and together 1, or no weights meet them all.

    Validated against: R survey 4.1-1, ``postStratify`` and ``rake``.

    >>> found = raked({"region": ["North", "North", "North", "South"]}, {"region": {"North": 0.5, "South": 0.5}})
    >>> found.values.round(3).tolist(), round(found.design_effect, 3)
    ([0.667, 0.667, 0.667, 2.0], 1.333)
    """
    if not shares:
        raise DataError("no population shares are given; give those of one attribute at least")
    margins = [_margin(name, attributes.get(name, ()), known) for name, known in shares.items()]
    n = len(margins[0][0])
    if any(len(held) != n for held, _ in margins):
        raise DataError(
            "the attributes are of different numbers of answers; give one value for each"
        )
    weights = np.ones(n)
    for _ in range(_MOST_ROUNDS):
        before = weights
        for held, wanted in margins:
            weights = weights * (held @ (n * wanted / (held.T @ weights)))
        if np.abs(weights - before).max() < _NEAR:
            break
    # Where no weights meet all, a round can also end as it began.
    if all(np.allclose(held.T @ weights, n * wanted, rtol=1e-6) for held, wanted in margins):
        return Weights(weights, np.hstack([held for held, _ in margins]))
    raise DataError(
        f"no weights meet the shares of {', '.join(shares)} together: values that never occur with each"
        " other leave none; join values, or weight by fewer attributes"
    )


def weighted_mean(
    values: Sequence[float] | np.ndarray, weights: Weights, *, confidence: float = 0.95
) -> WeightedMean:
    """The weighted mean of one score an answer, with the linearised error of the weights.

    Raises DataError for scores that are not those of the weights, TooFewCases for fewer than two.

    Validated against: R survey 4.1-1, ``svymean`` of ``postStratify`` and ``rake`` designs (1e-9).
    """
    scores = np.asarray(values, dtype=float)
    n = require(len(scores), 2)
    if n != len(weights.values) or not np.isfinite(scores).all():
        raise DataError(
            f"{len(weights.values)} weights for {n} scores; give one finite score for each weight"
        )
    if not 0 < confidence < 1:
        raise DataError(f"a confidence of {confidence:g} is none; give one between 0 and 1")
    share = weights.values / weights.values.sum()
    mean = float(share @ scores)
    left = scores - mean
    left = left - weights.margins @ np.linalg.lstsq(weights.margins, left, rcond=None)[0]
    parts = share * left
    error = math.sqrt(n / (n - 1) * float(((parts - parts.mean()) ** 2).sum()))
    reach = float(stdtrit(n - 1, (1 + confidence) / 2)) * error
    return WeightedMean(
        mean,
        mean - reach,
        mean + reach,
        error,
        n,
        weights.design_effect,
        weights.effective_n,
        float(scores.mean()),
        confidence,
    )


def weighted_promoter_score(
    answers: Sequence[int], weights: Weights, *, confidence: float = 0.95
) -> WeightedMean:
    """The weighted Net Promoter Score, -100 to 100, of answers from 0 to 10."""
    given = _whole(answers, 0, 10)
    points = 100.0 * ((given >= 9).astype(float) - (given <= 6))
    return weighted_mean(points, weights, confidence=confidence)


def weighted_top_box(
    answers: Sequence[int], weights: Weights, *, top: int, confidence: float = 0.95
) -> WeightedMean:
    """The weighted percentage of answers of ``top`` or more."""
    given = np.asarray(answers)
    return weighted_mean(100.0 * (given >= top), weights, confidence=confidence)


def _margin(
    name: str, values: Sequence[str], known: Mapping[str, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Who has which value (answers, values), and the share of each."""
    if not values:
        raise DataError(f"{name} is not given; give its value for every answer")
    if not all(share > 0 for share in known.values()) or abs(sum(known.values()) - 1) > 1e-6:
        raise DataError(
            f"the shares of {name} add up to {sum(known.values()):g}; give a share above 0 for each"
            " value, together 1"
        )
    counted = Counter(values)
    for value in counted:
        if value not in known:
            raise DataError(
                f"{name} is {value!r} in {counted[value]} answers, without a known share"
            )
    for value in known:
        if value not in counted:
            raise DataError(
                f"nobody answered whose {name} is {value!r}; join it with another value, since nobody"
                " can speak for them"
            )
    held = np.array([[float(each == value) for value in known] for each in values])
    return held, np.array(list(known.values()))


def _whole(answers: Sequence[int], low: int, high: int) -> np.ndarray:
    given = np.asarray(answers)
    if given.size and not ((given >= low) & (given <= high) & (given == np.rint(given))).all():
        raise DataError(f"an answer is not a whole number from {low} to {high}")
    return given
