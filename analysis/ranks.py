"""Ranks of several groups, with the ranks that their uncertainty leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, stdtr

from analysis.compare import difference
from analysis.errors import DataError
from analysis.metrics import Estimate, Mean, NetPromoter, require

_FARTHEST = 40.0  # normal quantiles, beyond which p is 0 to every digit
_HALVINGS = 50  # of that range, to twelve digits of the quantile


@dataclass(frozen=True)
class Rank:
    """Rank 1 is the lowest estimate. The true rank lies from ``first`` to ``last``.

    ``first`` is one more than the groups that are significantly lower, ``last`` is all of them
    without those that are significantly higher.
    """

    first: int
    last: int

    @property
    def is_lowest(self) -> bool:
        """Whether it differs from every other one, all of which are higher."""
        return self.last == 1


def ranks(estimates: Sequence[Estimate], *, level: float = 0.05) -> tuple[Rank, ...]:
    """The rank of each of several independent groups among all of them.

    estimates: means of one scale, or Net Promoter Scores, of two answers or more each.
    level: the chance of calling any two groups different that are not, over all pairs (Holm 1979).
    With 1 - level confidence all true ranks lie in their ranges at once. Raises DataError for
    estimates of different kinds, TooFewCases for a mean of fewer than two answers.

    Validated against ``compare.difference`` for every pair, and by simulation: of groups without any
    difference at least 95 % of the sets of ranges hold all true ranks.
    Reference: Mogstad, M., Romano, J. P., Shaikh, A. M., & Wilhelm, D. (2024). Inference for ranks
    with applications to mobility across neighbourhoods and academic achievement across countries.
    Review of Economic Studies, 91(1), 476-518.

    >>> from analysis.metrics import net_promoter
    >>> low, high = [0] * 11, [0] * 11
    >>> low[0], high[10] = 50, 50
    >>> ranks([net_promoter(high), net_promoter(low)])
    (Rank(first=2, last=2), Rank(first=1, last=1))
    """
    many = len(estimates)
    if many < 2:
        return tuple(Rank(1, 1) for _ in estimates)
    first, second = np.triu_indices(many, k=1)
    apart = _holm(pair_p_values(estimates)) < level
    values = np.array([each.estimate for each in estimates])
    gap = values[first] - values[second]
    lower, higher = np.zeros(many, dtype=int), np.zeros(many, dtype=int)
    for at, above in ((first, gap), (second, -gap)):
        np.add.at(lower, at, apart & (above > 0))  # of the others
        np.add.at(higher, at, apart & (above < 0))
    return tuple(
        Rank(1 + int(below), many - int(above)) for below, above in zip(lower, higher, strict=True)
    )


def pair_p_values(estimates: Sequence[Estimate]) -> np.ndarray:
    """The two-sided p of each pair of estimates, (0, 1), (0, 2), ..., (1, 2), ..., not corrected.

    The same as ``compare.difference`` gives pair by pair, at once. Raises as ``ranks`` does.
    """
    first, second = np.triu_indices(len(estimates), k=1)
    if all(isinstance(each, NetPromoter) for each in estimates):
        return _promoter_p(estimates, first, second)  # type: ignore[arg-type]  # just looked at
    if all(isinstance(each, Mean) for each in estimates):
        return _mean_p(estimates, first, second)  # type: ignore[arg-type]
    kinds = sorted({type(each).__name__ for each in estimates})
    raise DataError(
        f"estimates of the kinds {', '.join(kinds)} have no common ranks; give means or Net Promoter"
        " Scores"
    )


def _holm(p_values: np.ndarray) -> np.ndarray:
    """As ``compare.holm``, of very many."""
    order = np.argsort(p_values, kind="stable")
    weights = len(p_values) - np.arange(len(p_values))
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, weights * p_values[order]))
    return adjusted


def _promoter_p(scores: Sequence[NetPromoter], first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Up to which normal quantile the interval of each difference leaves zero out, by halving."""
    value, centre, error = (
        np.array([getattr(each, name) for each in scores])
        for name in ("estimate", "centre", "error")
    )
    above = value[first] >= value[second]
    high, low = np.where(above, first, second), np.where(above, second, first)
    gap = value[high] - value[low]
    least, most = np.zeros(len(gap)), np.full(len(gap), _FARTHEST)
    for _ in range(_HALVINGS):
        z = (least + most) / 2
        down = value[high] - np.maximum(-100.0, centre[high] - z * error[high])
        up = np.minimum(100.0, centre[low] + z * error[low]) - value[low]
        excludes = np.hypot(np.maximum(0.0, down), np.maximum(0.0, up)) < gap
        least, most = np.where(excludes, z, least), np.where(excludes, most, z)
    p: np.ndarray = 2 * ndtr(-least)
    return p


def _mean_p(means: Sequence[Mean], first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Welch's t; pairs with a group whose answers are all the same one by one."""
    for each in means:
        require(each.n, 2)
    n = np.array([each.n for each in means], dtype=float)
    value = np.array([each.estimate for each in means])
    share = np.array([each.sd**2 for each in means]) / n
    both = share[first] + share[second]
    p = np.ones(len(first))
    spread = (share[first] > 0) & (share[second] > 0)
    a, b = first[spread], second[spread]
    freedom = both[spread] ** 2 / (share[a] ** 2 / (n[a] - 1) + share[b] ** 2 / (n[b] - 1))
    p[spread] = 2 * stdtr(freedom, -np.abs(value[a] - value[b]) / np.sqrt(both[spread]))
    for at in np.flatnonzero(~spread):
        p[at] = difference(means[first[at]], means[second[at]]).p
    return p
