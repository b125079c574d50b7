"""A short form of a scale by stated criteria, and what it loses against the full one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from math import atanh, comb, sqrt, tanh

import numpy as np
import pandas as pd

from analysis.errors import DataError, ModelError
from analysis.metrics import critical_z
from analysis.scale.cfa import Cfa
from analysis.scale.reliability import Interval

MOST_SUBSETS = 200_000  # up to as many are all tried, which takes half a second
_AT_ONCE = 50_000


@dataclass(frozen=True)
class ShortForm:
    """Items chosen for the highest omega; ``omega`` and ``omega_full`` are those of the sums by the model
    that they were chosen by. ``method`` says whether all subsets were tried, ``tried`` how many.
    """

    items: tuple[str, ...]
    left_out: tuple[str, ...]
    omega: float
    omega_full: float
    method: str
    tried: int


@dataclass(frozen=True)
class Overlap:
    """The correlation of a short form's sum with the full scale's, raw and corrected for the errors that
    the two share, with Fisher's intervals, on ``n`` complete rows.
    """

    raw: Interval
    corrected: Interval
    n: int


def omega_total(fit: Cfa, items: Sequence[str]) -> float:
    """Omega of the unit-weighted sum of some items of a fitted factor model (McDonald 1999): the share of
    the sum's implied variance that the factors make.

    Raises ModelError for an item that is not in the model.
    """
    parts = _Parts.of(fit)
    places = [parts.place(item) for item in items]
    return float(parts.omegas(np.array([places]))[0])


def choose_short_form(fit: Cfa, *, size: int, least: int) -> ShortForm:
    """The ``size`` items with the highest omega of which each factor has at least ``least``.

    fit: a confirmatory model of all items. Every subset is tried where there are at most
    ``MOST_SUBSETS``; else items are left out one by one, each time the one without which omega is
    highest, which need not find the best subset.

    Raises ModelError where the criteria cannot be met.

    References: Raykov, Rodenberg & Narayanan 2015 (selection by reliability).
    """
    parts = _Parts.of(fit)
    p, factors = len(parts.items), len(fit.model)
    short = [factor for factor, items in fit.model.items() if len(items) < least]
    if short:
        raise ModelError(
            f"{short[0]} has fewer than {least} items; ask for fewer of each dimension"
        )
    if not max(2, least * factors) <= size < p:
        raise ModelError(
            f"a short form of {size} items with at least {least} of each of {factors} dimensions cannot"
            f" be made of {p}; use {max(2, least * factors)} to {p - 1}"
        )
    if comb(p, size) <= MOST_SUBSETS:
        chosen, tried = _best_of_all(parts, size, least)
        method = "all subsets"
    else:
        chosen, tried = _one_by_one(parts, size, least)
        method = "one item left out at a time"
    names = tuple(parts.items[at] for at in chosen)
    rest = tuple(item for item in parts.items if item not in names)
    every = np.array([range(p)])
    return ShortForm(
        names,
        rest,
        float(parts.omegas(np.array([chosen]))[0]),
        float(parts.omegas(every)[0]),
        method,
        tried,
    )


def overlap(
    data: pd.DataFrame, items: Sequence[str], full: Sequence[str], *, reliability: float
) -> Overlap:
    """How a short form that was answered within its full scale goes with it.

    data: items in columns, already in one direction. reliability: that of the short form's sum.

    Notes: r = r_raw - (1 - reliability) s_short / s_full, the first correction of Levy (1967): what the
    correlation would be, had the short form been answered apart from the full scale. Raises DataError for
    fewer than 4 complete rows or a sum that does not vary.

    References: Levy 1967; Girard & Christensen 2008.
    """
    rows = data[list(full)].dropna()
    if len(rows) < 4:
        raise DataError(f"a correlation needs at least 4 complete rows, found {len(rows)}")
    one, whole = rows[list(items)].sum(axis=1), rows.sum(axis=1)
    if one.std() == 0 or whole.std() == 0:
        raise DataError("the sum of the items is the same everywhere")
    raw = float(np.corrcoef(one, whole)[0, 1])
    corrected = raw - (1 - reliability) * float(one.std() / whole.std())
    n = len(rows)
    return Overlap(_fisher(raw, n), _fisher(corrected, n), n)


def _fisher(r: float, n: int) -> Interval:
    if abs(r) >= 1:
        return Interval(r, r, r)
    half = critical_z(0.95) / sqrt(n - 3)
    return Interval(r, tanh(atanh(r) - half), tanh(atanh(r) + half))


@dataclass(frozen=True)
class _Parts:
    """A model's loadings (p,), residual variances (p,), each item's factor (p,) and covariances (k, k)."""

    items: tuple[str, ...]
    loadings: np.ndarray
    residuals: np.ndarray
    factors: np.ndarray
    covariances: np.ndarray

    @classmethod
    def of(cls, fit: Cfa) -> _Parts:
        names = list(fit.model)
        rows = fit.loadings
        return cls(
            tuple(row.item for row in rows),
            np.array([row.est for row in rows]),
            np.array([row.residual for row in rows]),
            np.array([names.index(row.factor) for row in rows]),
            fit.factor_covariances.loc[names, names].to_numpy(),
        )

    def place(self, item: str) -> int:
        if item not in self.items:
            raise ModelError(f"{item} is not in the model")
        return self.items.index(item)

    def omegas(self, places: np.ndarray) -> np.ndarray:
        """Omega of each row's subset of items (n, m)."""
        sums = self._by_factor(places, self.loadings)
        common = np.einsum("ni,ij,nj->n", sums, self.covariances, sums)
        return np.asarray(common / (common + self.residuals[places].sum(axis=1)))

    def counts(self, places: np.ndarray) -> np.ndarray:
        """How many items of each factor each subset has (n, k)."""
        return self._by_factor(places, np.ones(len(self.items)))

    def _by_factor(self, places: np.ndarray, values: np.ndarray) -> np.ndarray:
        found = values[places]
        of = self.factors[places]
        k = len(self.covariances)
        return np.stack([np.where(of == at, found, 0.0).sum(axis=1) for at in range(k)], axis=1)


def _best_of_all(parts: _Parts, size: int, least: int) -> tuple[list[int], int]:
    count = comb(len(parts.items), size)
    flat = np.fromiter(
        chain.from_iterable(combinations(range(len(parts.items)), size)), int, count * size
    ).reshape(count, size)
    best: list[int] = []
    value, tried = -np.inf, 0
    for start in range(0, count, _AT_ONCE):
        part = flat[start : start + _AT_ONCE]
        part = part[(parts.counts(part) >= least).all(axis=1)]
        if not len(part):
            continue
        tried += len(part)
        found = parts.omegas(part)
        at = int(np.argmax(found))
        if found[at] > value:
            best, value = part[at].tolist(), float(found[at])
    return best, tried


def _one_by_one(parts: _Parts, size: int, least: int) -> tuple[list[int], int]:
    left, tried = list(range(len(parts.items))), 0
    while len(left) > size:
        subsets = np.array([[each for each in left if each != out] for out in left])
        subsets = subsets[(parts.counts(subsets) >= least).all(axis=1)]
        tried += len(subsets)
        left = subsets[int(np.argmax(parts.omegas(subsets)))].tolist()
    return left, tried
