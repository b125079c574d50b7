"""Resampling of composite models: thousands of fits as a few products of matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from analysis.composite.cases import Batch, Cases
from analysis.composite.estimate import Estimates, Reference, estimate
from analysis.composite.evaluate import variance_extracted
from analysis.composite.layout import Layout
from analysis.errors import DataError
from analysis.threads import one_blas_thread

# Resamples drawn from one stream of random numbers; small, so that rows beyond a million fit.
_DRAW = 10
# Doubles of a batch: 8 MB for each of the dozen arrays that an estimation holds.
_BATCH = 1_000_000
# Beyond so many rows the counts of one batch fill the memory, and BLAS has both cores busy anyway.
_WIDE = 100_000
MAX_RESAMPLES = 100_000

NO_VARIANCE = "an item has no variance"
SINGULAR = "a block of items is collinear or a reliability is negative"
NOT_CONVERGED = "no convergence"

Compute = Callable[[Batch, Estimates], dict[str, np.ndarray]]
Recipe = Callable[[], np.ndarray]
Given = TypeVar("Given")
Done = TypeVar("Done")


@dataclass(frozen=True)
class Resampled:
    """Numbers (R, k) by name of the R admissible resamples, and why others are absent."""

    draws: dict[str, np.ndarray]
    asked: int
    dropped: dict[str, int]
    improper: int
    contested: int

    @property
    def admissible(self) -> int:
        """Number of resamples kept."""
        return self.asked - sum(self.dropped.values())


def counted(indices: np.ndarray, n: int) -> np.ndarray:
    """How often each of n rows stands in each resample of row numbers (B, m) -> (B, n)."""
    B = len(indices)
    flat = indices.astype(np.int64) + np.arange(B)[:, None] * n
    return np.bincount(flat.ravel(), minlength=B * n).reshape(B, n)


def read_indices(indices: Sequence[Sequence[int]] | np.ndarray, n: int) -> np.ndarray:
    """Explicit resamples as an array (R, m) of row numbers from 0. Raises DataError."""
    try:
        array = np.asarray(indices)
    except ValueError:
        array = np.empty(0)
    if array.ndim != 2 or not array.size or array.dtype.kind not in "iu":
        raise DataError("indices must be whole numbers in rows of equal length, one row a resample")
    if array.min() < 0 or array.max() >= n:
        raise DataError(
            f"indices must lie between 0 and {n - 1} (the data has {n} usable rows); found "
            f"{array.min()} to {array.max()}"
        )
    return array


def batches(
    n: int, resamples: int, size: int, *, seed: int | None, indices: np.ndarray | None = None
) -> Iterator[Recipe]:
    """Recipes for the counts (b, n) of n units in successive batches; the draws do not depend on ``size``."""
    if indices is not None:
        for start in range(0, len(indices), size):
            part = indices[start : start + size]
            yield lambda part=part: counted(part, n)  # type: ignore[misc]
        return
    streams = -(-resamples // _DRAW)
    seeds = np.random.SeedSequence(seed).spawn(streams)
    each = max(1, size // _DRAW)

    def draw(first: int) -> np.ndarray:
        rows = [
            counted(
                np.random.default_rng(seeds[k]).integers(
                    0, n, size=(min(_DRAW, resamples - k * _DRAW), n)
                ),
                n,
            )
            for k in range(first, min(first + each, streams))
        ]
        return np.concatenate(rows)

    for first in range(0, streams, each):
        yield lambda first=first: draw(first)  # type: ignore[misc]


def side_by_side(
    work: Callable[[Given], Done], batches: Iterable[Given], *, workers: int
) -> list[Done]:
    """``work`` done for every batch, in order, on as many threads.

    BLAS keeps to one thread meanwhile where there are several of ours: two kinds of threads on the
    same cores wait for each other.
    """
    if workers == 1:
        return [work(batch) for batch in batches]
    with one_blas_thread(), ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, batches))


def batch_size(cases: Cases, layout: Layout) -> int:
    """Resamples estimated together: what fits the memory for rows and for matrices."""
    width = layout.base + len(layout.lower) + len(layout.products)
    return int(np.clip(min(_BATCH // width**2, 4 * _BATCH // cases.units), _DRAW, 400))


def resample(
    cases: Cases,
    layout: Layout,
    reference: Reference,
    compute: Compute,
    *,
    resamples: int,
    seed: int | None = None,
    indices: np.ndarray | None = None,
    workers: int = 2,
) -> Resampled:
    """``compute`` applied to every admissible resample, in batches, on ``workers`` threads."""
    if resamples > MAX_RESAMPLES:
        raise DataError(f"{resamples} resamples asked for; the limit is {MAX_RESAMPLES}")

    def work(recipe: Recipe) -> tuple[dict[str, np.ndarray], dict[str, int]]:
        return _work(cases, layout, reference, compute, recipe())

    recipes = batches(cases.units, resamples, batch_size(cases, layout), seed=seed, indices=indices)
    done = side_by_side(work, recipes, workers=workers if cases.n <= _WIDE else 1)
    total = {key: sum(counts[key] for _, counts in done) for key in done[0][1]}
    improper, contested = total.pop("improper"), total.pop("contested")
    parts = [part for part, _ in done if part]
    draws = {name: np.concatenate([part[name] for part in parts]) for name in (parts or [{}])[0]}
    asked = resamples if indices is None else len(indices)
    return Resampled(draws, asked, {k: v for k, v in total.items() if v}, improper, contested)


def _work(
    cases: Cases, layout: Layout, reference: Reference, compute: Compute, counts: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    batch = cases.batch(counts)
    if not len(batch.kept):
        none = {NO_VARIANCE: len(counts), SINGULAR: 0, NOT_CONVERGED: 0}
        return {}, {**none, "improper": 0, "contested": 0}
    e, _ = estimate(batch, layout, reference=reference)
    good = e.solved & e.converged
    tally = {
        NO_VARIANCE: len(counts) - len(batch.kept),
        SINGULAR: int((~e.solved).sum()),
        NOT_CONVERGED: int((e.solved & ~e.converged).sum()),
    }
    if not good.any():
        return {}, {**tally, "improper": 0, "contested": 0}
    e, batch = e.take(good), batch if good.all() else batch.take(good)
    tally |= {"improper": int(improper(e).sum()), "contested": int(e.contested.sum())}
    return compute(batch, e), tally


def improper(e: Estimates) -> np.ndarray:
    """Samples (B,) whose corrected numbers lie outside what numbers of their kind can be.

    A reliability above 1, a loading or a construct correlation beyond 1 in size, or construct
    correlations that are not positive definite.
    """
    settings = e.layout.settings
    if not (settings.consistent or settings.higher_order == "three-stage"):
        return np.zeros(len(e.C), dtype=bool)
    wrong = (e.rho_a > 1).any(axis=1) | (np.abs(e.C) > 1 + 1e-9).any(axis=(1, 2))
    wrong |= (variance_extracted(e) > 1 + 1e-9).any(axis=1)
    return np.asarray(wrong | (np.linalg.eigvalsh(e.C)[:, 0] < -1e-9))
