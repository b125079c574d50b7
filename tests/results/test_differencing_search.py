"""The search by slices finds what trying every combination in every slice finds, ties included."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from surveyapp.results.suppression import differencing
from surveyapp.results.suppression.differencing import Disclosure, Table, smallest_group

NEAR = 1e-7


def every_mix(free: int) -> np.ndarray:
    """Weights of figures of several slices: in every way of a few, three at a time of more."""
    if free <= 6:
        return np.array(list(product((0.0, 1.0, -1.0), repeat=free))).reshape(3**free, free)
    rows = [np.zeros(free)]
    for size in (1, 2, 3):
        for chosen in combinations(range(free), size):
            for signs in product((1.0, -1.0), repeat=size):
                row = np.zeros(free)
                row[list(chosen)] = signs
                rows.append(row)
    return np.array(rows)


def tried_out(table: Table) -> Disclosure | None:
    """The same by trying every combination of wider figures in every slice."""
    joined = table.joined
    wide = np.flatnonzero(joined.any(axis=1))
    mixes = every_mix(len(wide))
    best: dict[int, tuple[bool, float, tuple[int, int]]] = dict.fromkeys(
        range(len(mixes)), (True, np.inf, (0, 0))
    )
    slices = []
    for at in range(table.counts.shape[1]):
        if at and not joined[wide, at - 1].all():
            best = past(best, mixes[:, joined[wide, at - 1]])
        sets = np.ascontiguousarray(table.sets[:, table.present[at]])
        groups, recipes = differencing.groups_of(sets.tobytes(), sets.shape)
        sizes = np.rint(recipes @ table.counts[:, at])
        alone = (table.runs == table.runs[:, [at]]).sum(axis=1) == 1
        key = differencing._beside(sets[alone], sets.shape[1])
        match = np.abs((mixes @ (sets[wide] @ key))[:, None] - (groups @ key)[None, :]) < NEAR
        slices.append((sizes, match, recipes))
        for mix, (none, some, where) in best.items():
            own = sizes[match[mix]]
            here_none, here = bool((own == 0).any()), min(own[own > 0], default=np.inf)
            earlier = some + (0 if here_none else here)
            later = (0 if none else some) + here
            best[mix] = (
                none and here_none,
                min(earlier, later),
                (at, mix) if later < earlier else where,
            )
    last = min(best, key=lambda mix: (best[mix][1], mix))
    size, (at, mix) = best[last][1:]
    if not np.isfinite(size):
        return None
    sizes, match, recipes = slices[at]
    recipe = recipes[int(np.argmin(np.where(match[mix] & (sizes > 0), sizes, np.inf)))]
    return Disclosure(round(float(size)), at, tuple(np.flatnonzero(np.abs(recipe) > NEAR).tolist()))


def past(best: dict, going_on: np.ndarray) -> dict:
    """The best of those that differ by figures that end alone."""
    alike: dict[bytes, list[int]] = {}
    for mix in best:
        alike.setdefault(going_on[mix].tobytes(), []).append(mix)
    found = {}
    for mixes in alike.values():
        least = min(mixes, key=lambda mix: (best[mix][1], mix))
        none = any(best[mix][0] for mix in mixes)
        found |= dict.fromkeys(mixes, (none, *best[least][1:]))
    return {mix: found[mix] for mix in best}


def lattice(rng: np.random.Generator, kind: str) -> Table:
    """Random figures over a few slices: sets that lie across, beside or within each other."""
    figures, kinds, slices = (int(rng.integers(1, most)) for most in (11, 12, 6))
    if kind == "across":
        sets = rng.random((figures, kinds)) < rng.uniform(0.1, 0.9)
    elif kind == "beside":
        sets = np.arange(kinds)[None, :] % figures == np.arange(figures)[:, None]
        sets[0] = True
    else:
        sets = np.arange(kinds)[None, :] >= np.arange(figures)[:, None]
    people = rng.poisson(rng.choice([0.5, 2, 8]), (slices, kinds)).astype(float)
    present = people > 0 if rng.random() < 0.6 else np.ones((slices, kinds), dtype=bool)
    goes_on, runs = rng.choice([0.1, 0.4, 0.8]), np.zeros((figures, slices), dtype=int)
    for at in range(1, slices):
        runs[:, at] = np.where(rng.random(figures) < goes_on, runs[:, at - 1], at)
    return Table(sets.astype(float), sets @ people.T, present, runs)


@pytest.mark.parametrize("kind", ["across", "beside", "within"])
def test_the_search_decides_as_trying_every_combination_does(kind: str):
    rng, found = np.random.default_rng(15), set()
    for number in range(40):
        table = lattice(rng, kind)
        expected = tried_out(table)
        assert smallest_group(table) == expected, f"table {number}: {table}"
        found.add(expected and expected.size)
    assert {1, 2, 3} <= found


def test_what_is_known_of_single_slices_changes_nothing():
    """A memo is of slices, and slices are joined and figures hidden between two searches."""
    rng = np.random.default_rng(16)
    for _ in range(10):
        table, memo = lattice(rng, "across"), {}
        for _ in range(4):
            assert smallest_group(table, memo) == smallest_group(table)
            runs, row = table.runs.copy(), int(rng.integers(len(table.runs)))
            at = int(rng.integers(runs.shape[1]))
            runs[row, at:] = (
                np.where(runs[row, at:] == runs[row, at], runs[row, at - 1], runs[row, at:])
                if at
                else runs[row]
            )
            table = Table(table.sets, table.counts, table.present, runs)


def test_a_hundred_segments_are_searched_at_once():
    """Each of 100 teams answers too rarely for months of its own: every figure is one of several months."""
    rng = np.random.default_rng(17)
    many, slices = 100, 2
    sets = np.vstack([np.ones(many), np.eye(many)])
    people = rng.poisson(8, (slices, many)).astype(float)
    runs = np.tile(np.arange(slices), (many + 1, 1))
    runs[1:] //= 2
    table = Table(sets, sets @ people.T, np.ones((slices, many), dtype=bool), runs)
    memo: differencing.Memo = {}
    assert smallest_group(table, memo) is not None
    assert sum(len(each.figures) for each in memo.values()) < 100 * many * slices, (
        "few of 1,300,000"
    )
