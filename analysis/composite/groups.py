"""Do the paths of a composite model differ between two groups?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.composite.cases import Cases, Missing
from analysis.composite.estimate import Estimates, Reference, estimate
from analysis.composite.layout import CompositeOptions, Layout
from analysis.composite.model import PlsModel
from analysis.composite.pls import read_sample
from analysis.composite.resampling import batch_size, read_indices, resample
from analysis.errors import DataError, MissingItem, TooFewCases
from analysis.threads import one_blas_thread

Grouping = str | Sequence[object] | np.ndarray | pd.Series


@dataclass(frozen=True)
class GroupComparison:
    """Paths in two groups, with tests of their difference.

    ``paths``: source, target, first, second (estimates), difference, p_permutation (two-sided
    share of permutations with a difference as large), lower and upper (95 % range of differences
    under exchangeable groups), p_mga (Henseler, Ringle & Sinkovics 2009: probability that the
    first group's path is not larger), p_holm (p_permutation corrected for the number of paths,
    Holm 1979). ``invariant`` belongs to MICOM, which should come first.
    """

    groups: tuple[str, str]
    n: tuple[int, int]
    paths: pd.DataFrame
    permutations: int
    inadmissible: int
    resamples: int
    seed: int | None


def read_groups(
    data: pd.DataFrame, grouping: Grouping, groups: tuple[object, object] | None = None
) -> tuple[pd.DataFrame, np.ndarray, tuple[str, str]]:
    """Rows of two groups, who is in the first (n,), and the groups' names.

    grouping: a column's name or one value a row; a mask of True and False puts True first, else
    the two values in order of first appearance unless ``groups`` names them. Rows without a
    group, or of other groups, are left out. Raises DataError unless there are two.
    """
    if isinstance(grouping, str):
        if grouping not in data.columns:
            raise MissingItem(f"not among the data's columns: {grouping}")
        values = pd.Series(data[grouping].to_numpy())
    else:
        values = pd.Series(list(grouping))
    if len(values) != len(data):
        raise DataError(f"the grouping has {len(values)} values for {len(data)} rows")
    present = list(dict.fromkeys(values.dropna().tolist()))
    if groups is None:
        if set(present) == {True, False}:
            present = [True, False]
        if len(present) != 2:
            shown = ", ".join(str(v) for v in present[:5])
            raise DataError(
                f"two groups are needed, found {len(present)} ({shown}); name two in groups"
            )
        groups = (present[0], present[1])
    absent = [str(g) for g in groups if g not in present]
    if absent or groups[0] == groups[1]:
        raise DataError(f"not a group of the data: {', '.join(absent) or groups[0]}")
    chosen = values.isin(list(groups)).to_numpy()
    first = (values == groups[0]).to_numpy()[chosen]
    return data[chosen].reset_index(drop=True), first, (str(groups[0]), str(groups[1]))


@dataclass(frozen=True)
class TwoGroups:
    """Two groups' rows read for one model: pooled rows, membership, pooled estimates."""

    layout: Layout
    cases: Cases
    pooled: Estimates
    reference: Reference
    first: np.ndarray
    names: tuple[str, str]

    @property
    def sizes(self) -> tuple[int, int]:
        """Rows in each group."""
        return int(self.first.sum()), int((~self.first).sum())

    def pair(self, members: np.ndarray) -> tuple[Estimates, Estimates, np.ndarray]:
        """Estimates of both groups for memberships (B, n); and which of the B are admissible."""
        both = [self.cases.batch(members), self.cases.batch(1.0 - members)]
        kept = np.intersect1d(both[0].kept, both[1].kept)
        if not len(kept):
            raise DataError("an item has no variance in one of the groups")
        out = []
        ok = np.ones(len(kept), dtype=bool)
        for batch in both:
            e, _ = estimate(
                batch.take(np.isin(batch.kept, kept)), self.layout, reference=self.reference
            )
            ok &= e.converged & np.isfinite(e.paths).all(axis=1)
            out.append(e)
        return out[0], out[1], ok

    def permuted(self, permutations: int, seed: int | None) -> Iterator[np.ndarray]:
        """Batches of random memberships (b, n) with the groups' sizes."""
        rng = np.random.default_rng(seed)
        step = batch_size(self.cases, self.layout)
        for start in range(0, permutations, step):
            size = min(step, permutations - start)
            tiled = np.tile(self.first.astype(float), (size, 1))
            yield rng.permuted(tiled, axis=1)


def two_groups(
    data: pd.DataFrame,
    model: str | PlsModel,
    grouping: Grouping,
    *,
    groups: tuple[object, object] | None,
    settings: CompositeOptions,
    missing: Missing,
) -> TwoGroups:
    """Both groups' rows read and checked. Raises as ``fit_pls``, for each group."""
    rows, first, names = read_groups(data, grouping, groups)
    layout, cases, pooled = read_sample(rows, model, settings, missing)
    if missing == "listwise":
        first = first[rows[list(layout.items)].notna().all(axis=1).to_numpy()]
    else:
        first = first[rows[list(layout.items)].notna().any(axis=1).to_numpy()]
    need = len(layout.items) + 1
    for name, size in zip(names, (first.sum(), (~first).sum()), strict=True):
        if size < need:
            raise TooFewCases(need, int(size), what=f"rows in group {name} (more rows than items)")
    _, reference = estimate(cases.whole(), layout)
    return TwoGroups(layout, cases, pooled, reference, first, names)


@one_blas_thread()
def compare_groups(
    data: pd.DataFrame,
    model: str | PlsModel,
    grouping: Grouping,
    *,
    groups: tuple[object, object] | None = None,
    permutations: int = 1_000,
    bootstrap: int = 0,
    seed: int | None = None,
    indices: tuple[np.ndarray, np.ndarray] | None = None,
    settings: CompositeOptions = CompositeOptions(),  # noqa: B008 - frozen
    missing: Missing = "mean",
) -> GroupComparison:
    """Permutation test of path differences, and Henseler's bootstrap comparison if asked for.

    Permutations keep the groups' sizes (Chin & Dibbern 2010). ``bootstrap`` resamples each group
    (or give ``indices``, row numbers within each group). A difference means something only if
    the composites are the same in both groups: see ``micom``.

    Raises as ``fit_pls``, for each group. Validated against R seminr ``estimate_pls_mga``.
    """
    both = two_groups(data, model, grouping, groups=groups, settings=settings, missing=missing)
    one, two, ok = both.pair(both.first[None].astype(float))
    if not ok.all():
        raise DataError("the model has no solution in one of the groups")
    difference = (one.paths - two.paths)[0]
    parts = []
    for members in both.permuted(permutations, seed):
        a, b, fine = both.pair(members)
        parts.append((a.paths - b.paths)[fine])
    found = np.concatenate(parts) if parts else np.empty((0, len(difference)))
    labels = [(both.layout.names[s], both.layout.names[t]) for s, t in both.layout.arrows]
    table = pd.DataFrame(labels, columns=["source", "target"])
    table["first"], table["second"] = one.paths[0], two.paths[0]
    table["difference"] = difference
    if len(found):
        p = (np.sum(np.abs(found) >= np.abs(difference), axis=0) + 1) / (len(found) + 1)
        table["p_permutation"] = p
        table["lower"], table["upper"] = np.quantile(found, [0.025, 0.975], axis=0)
        table["p_holm"] = holm(p)
    resamples = bootstrap if indices is None else len(indices[0])
    if resamples:
        table["p_mga"] = _henseler(both, resamples, seed, indices)
    return GroupComparison(
        both.names, both.sizes, table, permutations, permutations - len(found), resamples, seed
    )


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's (1979) step-down correction of p values (k,)."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    out = np.empty_like(p)
    out[order] = np.minimum(stepped, 1.0)
    return out


def _henseler(
    both: TwoGroups,
    resamples: int,
    seed: int | None,
    indices: tuple[np.ndarray, np.ndarray] | None,
) -> np.ndarray:
    """1 - share of pairs of bias-corrected resamples in which the first group's path is larger."""
    draws = []
    for k, rows in enumerate((both.first, ~both.first)):
        cases = Cases(
            both.layout.items, both.cases.values[rows], both.layout.pairs, both.cases.index[rows]
        )
        given = None if indices is None else read_indices(indices[k], cases.n)
        # Each group needs its own stream of random numbers, or equal groups would move together.
        own = None if seed is None else seed + k
        _, reference = estimate(cases.whole(), both.layout)
        found = resample(
            cases,
            both.layout,
            reference,
            lambda _, e: {"paths": e.paths},
            resamples=resamples,
            seed=own,
            indices=given,
        )
        if found.admissible < 2:
            raise DataError(f"too few admissible resamples in group {both.names[k]}")
        draws.append(found.draws["paths"])
    common = min(len(d) for d in draws)
    a, b = draws[0][:common], draws[1][:common]
    out = np.empty(a.shape[1])
    for k in range(a.shape[1]):
        # first > second  <=>  2 mean(a) - a_j > 2 mean(b) - b_k, counted by sorting.
        left = np.sort(2 * a[:, k].mean() - a[:, k])
        right = np.sort(2 * b[:, k].mean() - b[:, k])
        out[k] = 1 - np.searchsorted(right, left, side="left").sum() / common**2
    return out
