"""Answers -> scores, with one code for one response and for a table of millions.

Only numpy is imported: the web process scores each response as it comes in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.errors import DataError, MissingItem
from instruments.schema import Instrument, Item, Metric, ScoringKey

# Stored beside every score. Whoever changes a rule below raises it, and old scores are rebuilt.
SCORING_VERSION = "1"

# Rows scored at a time; keeps the working memory at some tens of megabytes for any number of rows.
CHUNK = 65_536

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ScoredScale:
    """One score that a key yields.

    ``id`` is what scores are stored under: ``<instrument>.<scale>``, or ``<instrument>`` for the
    total and for a key's only scale. ``code`` names it in a wording's dimensions. ``minimum`` and
    ``maximum`` bound the raw score. ``parent`` is the id of the total that it is part of.
    """

    id: str
    code: str
    metric: Metric
    minimum: int
    maximum: int
    parent: str | None
    items: tuple[str, ...]


@dataclass(frozen=True)
class _Plan:
    """A key made ready for arithmetic on a matrix (n, p) with one column an item."""

    items: tuple[str, ...]
    low: Floats  # (p,) smallest answer of each item
    high: Floats  # (p,)
    sign: Floats  # (p,) -1 where the answer is turned, else 1
    shift: Floats  # (p,) turned answer = shift + sign * answer
    members: Floats  # (p, scales) 1 where the item counts in the scale
    sizes: Floats  # (scales,) items of each
    needed: Floats  # (scales,) answers without which the score is missing
    ids: tuple[str, ...]  # of the scales, then of the total if there is one
    has_total: bool

    @cached_property
    def one_by_one(self) -> tuple[tuple[str, float, float, float, float], ...]:
        """Item, lowest and highest answer, sign and shift: the columns of one row."""
        columns = (self.low.tolist(), self.high.tolist(), self.sign.tolist(), self.shift.tolist())
        return tuple(zip(self.items, *columns, strict=True))

    @cached_property
    def places(self) -> tuple[tuple[str, tuple[int, ...], float], ...]:
        """Each scale's id, the places of its items, and how many answers it needs."""
        members = [tuple(np.flatnonzero(column).tolist()) for column in self.members.T]
        return tuple(zip(self.ids, members, self.needed.tolist(), strict=False))


def scales(instrument: Instrument, key: str | None = None) -> tuple[ScoredScale, ...]:
    """What ``score`` yields for this key (the default key when None), the total last.

    Empty for an instrument without scoring keys. Raises DataError for an unknown key.
    """
    chosen = _chosen(instrument, key)
    if chosen is None:
        return ()
    alone = len(chosen.scales) == 1
    total = instrument.code if chosen.total else None
    found = []
    for code, items in chosen.scales.items():
        low, high = _range(_item(instrument, items[0]))
        scale_id = instrument.code if alone else f"{instrument.code}.{code}"
        found.append(ScoredScale(scale_id, code, chosen.metric, low, high, total, items))
    if chosen.total and total:
        first = found[0]
        found.append(
            ScoredScale(
                total, chosen.total, chosen.metric, first.minimum, first.maximum, None, chosen.items
            )
        )
    return tuple(found)


def score(
    instrument: Instrument, columns: Mapping[str, Floats], *, key: str | None = None
) -> dict[str, Floats]:
    """Scores (n,) by scale id, NaN where missing, on the items' own scale (1 to 7, say).

    ``columns`` maps every item of the key to its answers (n,), NaN where missing; other columns
    are ignored. A reversed item, and an item on a scale where low is good, is turned first (both
    together cancel), so that a high score is always the better one. A scale is the mean of its
    answered items when at least half of them are answered. The total is the mean of the key's
    scales and needs all of them.

    Raises MissingItem for an absent column, and DataError, naming item, value and row, for an answer
    outside the item's scale or for columns of different lengths.
    """
    plan = _plan(instrument, key)
    absent = [item for item in plan.items if item not in columns]
    if absent:
        raise MissingItem(
            f"{instrument.code} needs the columns {', '.join(absent)}; add them, empty where the "
            "question was not asked"
        )
    lengths = {len(columns[item]) for item in plan.items}
    if len(lengths) > 1:
        raise DataError(f"the columns have different lengths: {sorted(lengths)}; make them equal")
    n = lengths.pop() if lengths else 0
    result = np.empty((len(plan.ids), n))
    for start in range(0, n, CHUNK):
        stop = min(start + CHUNK, n)
        answers = np.empty((stop - start, len(plan.items)))
        for at, item in enumerate(plan.items):
            answers[:, at] = columns[item][start:stop]
        result[:, start:stop] = _scored(plan, answers, first_row=start + 1)
    return dict(zip(plan.ids, result, strict=True))


def score_one(
    instrument: Instrument, answers: Mapping[str, object], *, key: str | None = None
) -> dict[str, float]:
    """One response's scores by scale id; a score that is missing is absent.

    ``answers`` are values as ``instruments.answers.read`` gives them. What ``score`` gives for a table
    of one row, to the last bit: sums of whole numbers are exact in any order, and the few means of a
    total are added from the first to the last. Without arrays, which cost a customer's answer more
    than the arithmetic does. The errors are the same too.

    >>> from instruments.loader import BUILT_IN
    >>> score_one(BUILT_IN.load("ces"), {"ces": 6, "ces_reason": "quick"})
    {'ces': 6.0}
    """
    plan = _plan(instrument, key)
    turned: list[float | None] = []
    for item, low, high, sign, shift in plan.one_by_one:
        answer: Any = answers.get(item)
        if answer is None or answer != answer:
            turned.append(None)
        elif low <= answer <= high:
            turned.append(shift + sign * answer)
        else:
            raise _outside(item, answer, 1, low, high)
    found: dict[str, float] = {}
    total = 0.0
    for scale, members, needed in plan.places:
        given = [value for at in members if (value := turned[at]) is not None]
        if len(given) >= needed:
            found[scale] = sum(given) / len(given)
            total += found[scale]
    if plan.has_total and len(found) == len(plan.places):
        found[plan.ids[-1]] = total / len(found)
    return found


def to_percent(value: float, minimum: float, maximum: float) -> float:
    """A score from its own scale onto 0 to 100: (value - minimum) / (maximum - minimum) * 100.

    >>> to_percent(5.5, 1, 7)
    75.0
    """
    return (value - minimum) / (maximum - minimum) * 100


def _scored(plan: _Plan, answers: Floats, *, first_row: int) -> Floats:
    """Scores (scales, n) of answers (n, items)."""
    wrong = (answers < plan.low) | (answers > plan.high)  # never true of NaN
    if wrong.any():
        row, at = np.argwhere(wrong)[0]
        raise _outside(
            plan.items[at], answers[row, at], first_row + row, plan.low[at], plan.high[at]
        )
    turned = plan.shift + plan.sign * answers
    missing = np.isnan(answers)
    if missing.any():
        turned[missing] = 0.0
        counts = (~missing).astype(np.float64) @ plan.members
        means = np.full(counts.shape, np.nan)
        np.divide(turned @ plan.members, counts, out=means, where=counts >= plan.needed)
    else:
        means = (turned @ plan.members) / plan.sizes
    if plan.has_total:
        means = np.concatenate([means, means.mean(axis=1, keepdims=True)], axis=1)
    return means.T


def _outside(item: str, answer: float, row: int, low: float, high: float) -> DataError:
    return DataError(
        f"{item}: {answer:g} in row {row} is outside {low:g} to {high:g}; correct the answer or leave"
        " it empty"
    )


@lru_cache(maxsize=512)
def _plan(instrument: Instrument, key: str | None) -> _Plan:
    chosen = _chosen(instrument, key)
    if chosen is None:
        none = np.zeros(0)
        return _Plan((), none, none, none, none, np.zeros((0, 0)), none, none, (), False)
    items = [_item(instrument, code) for code in chosen.items]
    bounds = np.array([_range(item) for item in items], dtype=np.float64)
    turned = np.array([_is_turned(item) for item in items])
    members = np.array(
        [[float(item.code in scale) for scale in chosen.scales.values()] for item in items]
    )
    return _Plan(
        items=chosen.items,
        low=bounds[:, 0],
        high=bounds[:, 1],
        sign=np.where(turned, -1.0, 1.0),
        shift=np.where(turned, bounds.sum(axis=1), 0.0),
        members=members,
        sizes=members.sum(axis=0),
        needed=np.ceil(members.sum(axis=0) / 2),
        ids=tuple(scale.id for scale in scales(instrument, key)),
        has_total=chosen.total is not None,
    )


def _chosen(instrument: Instrument, key: str | None) -> ScoringKey | None:
    if key is None:
        return instrument.default_key
    if key not in instrument.keys:
        known = ", ".join(instrument.keys) or "none"
        raise DataError(f"{instrument.code} has no scoring key {key!r}; it has {known}")
    return instrument.keys[key]


def _item(instrument: Instrument, code: str) -> Item:
    item = instrument.item(code)
    if item is None:
        raise MissingItem(f"{instrument.code} scores {code}, which is no item of it")
    return item


def _range(item: Item) -> tuple[int, int]:
    """Smallest and largest answer; yes/no has no scale and is stored as 1 or 0."""
    return (item.scale.minimum, item.scale.maximum) if item.scale else (0, 1)


def _is_turned(item: Item) -> bool:
    low_is_good = item.scale is not None and not item.scale.higher_is_better
    return item.reverse != low_is_good
