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
_NO_SHARES = "no population shares are given; give those of one attribute at least"


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
        raise DataError(_NO_SHARES)
    given = [attributes.get(name, ()) for name in shares]
    for name, held in zip(shares, given, strict=True):
        if not held:
            raise DataError(f"{name} is not given; give its value for every answer")
    if len({len(held) for held in given}) > 1:
        raise DataError(
            "the attributes are of different numbers of answers; give one value for each"
        )
    answers = list(zip(*given, strict=True))
    counted = Counter(answers)
    found = raked_cells(list(counted), list(counted.values()), shares)
    at = {cell: number for number, cell in enumerate(counted)}
    rows = np.array([at[answer] for answer in answers])
    return Weights(found.values[rows], found.margins[rows])


@dataclass(frozen=True)
class CellWeights:
    """One weight for each cell of ``counts`` answers with the same values, with mean 1 over the answers;
    ``margins`` (cells, values) holds 1 where a value is its own."""

    values: np.ndarray
    counts: np.ndarray
    margins: np.ndarray

    @property
    def n(self) -> int:
        """How many answers there are."""
        return int(self.counts.sum())

    @property
    def design_effect(self) -> float:
        """As that of ``Weights``."""
        total = float(self.counts @ self.values)
        return float(self.n * (self.counts @ self.values**2) / total**2)

    @property
    def effective_n(self) -> float:
        """How many answers of equal weight would say as much."""
        return self.n / self.design_effect


def raked_cells(
    cells: Sequence[Sequence[str]], counts: Sequence[int] | np.ndarray, shares: Shares
) -> CellWeights:
    """The same weights as ``raked`` from the numbers of answers: each cell has a value of every attribute of
    the shares, in their order, and ``counts`` answers. What it costs depends on the cells alone.

    Raises DataError as ``raked``.

    >>> found = raked_cells([("North",), ("South",)], [3, 1], {"region": {"North": 0.5, "South": 0.5}})
    >>> found.values.round(3).tolist(), round(found.design_effect, 3)
    ([0.667, 2.0], 1.333)
    """
    if not shares:
        raise DataError(_NO_SHARES)
    sizes = np.asarray(counts, dtype=float)
    margins = [
        _margin(name, [cell[at] for cell in cells], sizes, known)
        for at, (name, known) in enumerate(shares.items())
    ]
    n = sizes.sum()
    weights = np.ones(len(sizes))
    for _ in range(_MOST_ROUNDS):
        before = weights
        for held, wanted in margins:
            weights = weights * (held @ (n * wanted / (held.T @ (sizes * weights))))
        if np.abs(weights - before).max() < _NEAR:
            break
    # Where no weights meet all, a round can also end as it began.
    if all(
        np.allclose(held.T @ (sizes * weights), n * wanted, rtol=1e-6) for held, wanted in margins
    ):
        return CellWeights(weights, sizes, np.hstack([held for held, _ in margins]))
    raise DataError(
        f"no weights meet the shares of {', '.join(shares)} together: values that never occur with each"
        " other leave none; join values, or weight by fewer attributes"
    )


def weighted_mean_of_cells(
    totals: Sequence[float] | np.ndarray,
    squares: Sequence[float] | np.ndarray,
    weights: CellWeights,
    *,
    confidence: float = 0.95,
) -> WeightedMean:
    """The same as ``weighted_mean``, from each cell's sum of scores and sum of their squares.

    Raises DataError for sums that are not those of the cells, TooFewCases for fewer than two answers.

    Validated against: ``weighted_mean`` of the same answers (1e-9), which R's survey gives.
    """
    sums, powers = np.asarray(totals, dtype=float), np.asarray(squares, dtype=float)
    counts, n = weights.counts, require(weights.n, 2)
    if sums.shape != counts.shape or powers.shape != counts.shape:
        raise DataError(
            f"{len(counts)} cells have weights, and {len(sums)} have sums; give a sum for each"
        )
    _require_confidence(confidence)
    share = weights.values / float(counts @ weights.values)
    mean = float(share @ sums)
    # What the attributes leave of a cell's mean, by least squares over the answers.
    root = np.sqrt(counts)
    own = sums / np.maximum(counts, 1) - mean
    fitted = (
        weights.margins
        @ np.linalg.lstsq(root[:, None] * weights.margins, root * own, rcond=None)[0]
    )
    about = mean + fitted
    left = sums - counts * about
    left_squared = powers - 2 * about * sums + counts * about**2
    centre = float(share @ left)
    spread = max(0.0, float(share**2 @ left_squared) - centre**2 / n)
    error = math.sqrt(n / (n - 1) * spread)
    return _told(mean, error, n, weights, float(sums.sum()) / n, confidence)


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
    _require_confidence(confidence)
    share = weights.values / weights.values.sum()
    mean = float(share @ scores)
    left = scores - mean
    left = left - weights.margins @ np.linalg.lstsq(weights.margins, left, rcond=None)[0]
    parts = share * left
    error = math.sqrt(n / (n - 1) * float(((parts - parts.mean()) ** 2).sum()))
    return _told(mean, error, n, weights, float(scores.mean()), confidence)


def _told(
    mean: float,
    error: float,
    n: int,
    weights: Weights | CellWeights,
    unweighted: float,
    confidence: float,
) -> WeightedMean:
    reach = float(stdtrit(n - 1, (1 + confidence) / 2)) * error
    return WeightedMean(
        mean,
        mean - reach,
        mean + reach,
        error,
        n,
        weights.design_effect,
        weights.effective_n,
        unweighted,
        confidence,
    )


def _require_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise DataError(f"a confidence of {confidence:g} is none; give one between 0 and 1")


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
    name: str, values: Sequence[str], counts: np.ndarray, known: Mapping[str, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Which cell has which value (cells, values), and the share of each."""
    if not all(share > 0 for share in known.values()) or abs(sum(known.values()) - 1) > 1e-6:
        raise DataError(
            f"the shares of {name} add up to {sum(known.values()):g}; give a share above 0 for each"
            " value, together 1"
        )
    counted: Counter[str] = Counter()
    for value, n in zip(values, counts.tolist(), strict=True):
        counted[value] += int(n)
    for value in counted:
        if value not in known:
            raise DataError(
                f"{name} is {value!r} in {counted[value]} answers, without a known share"
            )
    for value in known:
        if not counted[value]:
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
