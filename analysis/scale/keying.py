"""Items that run against the rest of their scale: worded the other way round, most likely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.moments import Moments
from analysis.scale.reliability import alpha_of


@dataclass(frozen=True)
class OpposedItem:
    """An item whose answers fall where those of its factor's other items rise.

    ``item_rest_correlation``: with the sum of the others, each counted in the direction of most.
    ``loading``: the standardised one, its sign against that of most of the factor's; NaN where no
    model was fitted. ``alpha``: of the factor's answers as they are; ``alpha_turned``: with all its
    opposed items turned.
    """

    factor: str
    item: str
    item_rest_correlation: float
    loading: float
    alpha: float
    alpha_turned: float


def opposed_items(
    answers: Moments,
    model: Mapping[str, Sequence[str]],
    loadings: Mapping[str, float] | None = None,
) -> tuple[OpposedItem, ...]:
    """The items of each factor with a negative item-rest correlation or loading.

    The direction of a factor is that of most of its items on their first principal component; where
    the items are divided in half, that of its first item. ``loadings``: item -> standardised
    loading of a fitted model. Factors of one item have no direction. Raises NoVariance for a
    constant item.
    """
    found: list[OpposedItem] = []
    for factor, items in model.items():
        if len(items) > 1:
            found += _of_factor(factor, answers.select(items), loadings or {})
    return tuple(found)


def _of_factor(factor: str, answers: Moments, loadings: Mapping[str, float]) -> list[OpposedItem]:
    items = answers.names
    signs = _directions(np.linalg.eigh(answers.correlation)[1][:, -1])
    loads = np.array([loadings.get(item, np.nan) for item in items])
    if not np.isnan(loads).any():
        loads = np.abs(loads) * _directions(loads)
    rest = _item_rest(answers.cov, signs)
    against = (rest < 0) | (loads < 0)
    turn = np.where(against, -1.0, 1.0)
    before, after = alpha_of(answers.cov), alpha_of(answers.cov * np.outer(turn, turn))
    return [
        OpposedItem(factor, items[i], float(rest[i]), float(loads[i]), before, after)
        for i in np.flatnonzero(against)
    ]


def _directions(weights: np.ndarray) -> np.ndarray:
    """The sign of each weight, counted so that most are positive; of a tie, the first."""
    signs = np.where(weights < 0, -1.0, 1.0)
    most = signs.sum() or signs[0]
    return signs if most > 0 else -signs


def _item_rest(cov: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Each item's correlation (p,), as it is, with the sum of the others in their directions."""
    aligned = cov * signs  # covariances with the others as they count
    own = np.diag(cov)
    with_rest = aligned.sum(axis=1) - own * signs
    total = signs @ cov @ signs
    # Of the sum without item i: total - 2 cov(i signed, sum) + variance of i.
    rest = total - 2 * signs * aligned.sum(axis=1) + own
    with np.errstate(divide="ignore", invalid="ignore"):
        found: np.ndarray = with_rest / np.sqrt(own * np.maximum(rest, 0.0))
    return found


def keying_sentences(opposed: Sequence[OpposedItem], turned: Sequence[str] = ()) -> tuple[str, ...]:
    """What a reader must know of opposed items, and what to do: a sentence a factor.

    ``turned``: items that have been turned already, by the instrument or on request.
    """
    said = []
    for factor in dict.fromkeys(one.factor for one in opposed):
        mine = [one for one in opposed if one.factor == factor]
        names = ", ".join(_with_numbers(one) for one in mine)
        verb = "runs" if len(mine) == 1 else "run"
        said.append(f"{factor}: {names} {verb} against the other items; {_cure(mine, turned)}")
    return tuple(said)


def _with_numbers(one: OpposedItem) -> str:
    loading = "" if np.isnan(one.loading) else f", loading {one.loading:.2f}"
    return f"{one.item} (item-rest correlation {one.item_rest_correlation:.2f}{loading})"


def _cure(mine: Sequence[OpposedItem], turned: Sequence[str]) -> str:
    again = [one.item for one in mine if one.item in turned]
    fresh = [one.item for one in mine if one.item not in turned]
    parts = []
    if fresh:
        parts.append(
            f"if worded the other way round, turn with --reverse {','.join(fresh)}"
            f" (in a model: {' + '.join(f'-{item}' for item in fresh)}; in an instrument:"
            ' "reverse": true)'
        )
    if again:
        parts.append(
            f"{', '.join(again)}: turned already; if these answers were turned before,"
            " take that reversal away (from --reverse or the model; or give a model in place of"
            " the instrument)"
        )
    change = f"alpha would change from {mine[0].alpha:.3f} to {mine[0].alpha_turned:.3f}"
    return f"{'; '.join(parts)}; {change}. Nothing has been turned for it"
