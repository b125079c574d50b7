"""Intervals of two-level models hold their populations' values as often as they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from analysis.two_level.fit import fit_two_level

MODEL = "level: 1; w =~ a + c + d; w ~ x; level: 2; g =~ a + c + d; g ~ z"
TRUTH = {
    ("w", "=~", "c", 1): 0.8,
    ("w", "=~", "d", 1): 0.6,
    ("w", "~", "x", 1): 0.5,
    ("w", "~~", "w", 1): 1.0,
    ("a", "~~", "a", 1): 0.49,
    ("g", "=~", "c", 2): 1.2,
    ("g", "=~", "d", 2): 0.9,
    ("g", "~", "z", 2): 0.4,
    ("a", "~1", "", 2): 0.0,
}
SAMPLES, CLUSTERS = 1000, 150
Drawn = Callable[[np.random.Generator], tuple[pd.DataFrame, dict[str, Any]]]


def sample(rng: np.random.Generator, *, heavy: bool) -> pd.DataFrame:
    """Rows of 150 clusters of 3 to 12; ``heavy``: factors within of a t distribution with 8 df."""
    b = np.repeat(np.arange(CLUSTERS), rng.integers(3, 13, size=CLUSTERS))
    x, z = rng.normal(size=len(b)), rng.normal(size=CLUSTERS)
    t = rng.standard_t(8, size=len(b)) * np.sqrt(6 / 8)
    inside = 0.5 * x + (t if heavy else rng.normal(size=len(b)))
    outside = 0.4 * z + 0.5 * rng.normal(size=CLUSTERS)
    y = np.array([1, 0.8, 0.6]) * inside[:, None] + np.array([1, 1.2, 0.9]) * outside[b][:, None]
    y = y + 0.7 * rng.normal(size=y.shape) + (0.25 * rng.normal(size=(CLUSTERS, 3)))[b]
    return pd.DataFrame(y, columns=["a", "c", "d"]).assign(x=x, z=z[b], b=b)


def with_gaps(rng: np.random.Generator) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Rows without d where c is high, and without c in every tenth: missing at random."""
    frame = sample(rng, heavy=True)
    gone = rng.random(len(frame))
    unseen = gone < 0.1
    frame["d"] = frame["d"].mask((gone > 0.3) & (frame["c"] > 0.5) & ~unseen)
    frame["c"] = frame["c"].mask(unseen)
    return frame, {"missing": "fiml"}


def drawn_unequally(rng: np.random.Generator) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Clusters that are drawn the more often the better they are, with weights that undo it; within them
    as many rows as drawn by chance.
    """
    parts = [sample(rng, heavy=False).assign(part=k) for k in range(2)]
    frame = pd.concat(parts)
    frame["b"] += CLUSTERS * frame["part"]
    means = frame.groupby("b")["a"].transform("mean")
    chance = 0.2 + 0.6 / (1 + np.exp(-2 * means))
    lot = rng.random(2 * CLUSTERS)[frame["b"]]
    return frame.assign(times=1 / chance)[lot < chance], {"cluster_weights": "times"}


def heavy_tailed(rng: np.random.Generator) -> tuple[pd.DataFrame, dict[str, Any]]:
    return sample(rng, heavy=True), {}


def normal(rng: np.random.Generator) -> tuple[pd.DataFrame, dict[str, Any]]:
    return sample(rng, heavy=False), {}


def coverage(
    estimator: str, drawn: Drawn, *, seed: int
) -> tuple[dict[tuple[str, str, str, int], float], float]:
    """Share of 95 % intervals that hold each value, and of chi-squares beyond their 5 % bound."""
    rng = np.random.default_rng(seed)
    held = dict.fromkeys(TRUTH, 0)
    rejected = 0
    measure = "pvalue_scaled" if estimator == "MLR" else "pvalue"
    for _ in range(SAMPLES):
        rows, options = drawn(rng)
        fit = fit_two_level(rows, MODEL, "b", estimator=estimator, **options)
        frame = fit.estimates.set_index(["lhs", "op", "rhs", "level"])
        for key, value in TRUTH.items():
            row = frame.loc[key]
            held[key] += bool(row["ci_lower"] <= value <= row["ci_upper"])
        rejected += fit.fit[measure] < 0.05
    return {key: count / SAMPLES for key, count in held.items()}, rejected / SAMPLES


def test_intervals_and_tests_of_normal_answers_hold() -> None:
    held, rejected = coverage("ML", normal, seed=1)
    print(held, rejected)
    assert all(0.925 <= share <= 0.972 for share in held.values()), held
    assert 0.03 <= rejected <= 0.075


def test_robust_ones_hold_of_heavy_tails() -> None:
    held, rejected = coverage("MLR", heavy_tailed, seed=2)
    print(held, rejected)
    assert all(0.915 <= share <= 0.972 for share in held.values()), held
    assert 0.03 <= rejected <= 0.085


def test_robust_ones_hold_of_answers_missing_at_random() -> None:
    held, rejected = coverage("MLR", with_gaps, seed=3)
    print(held, rejected)
    assert all(0.915 <= share <= 0.972 for share in held.values()), held
    assert 0.03 <= rejected <= 0.085


def test_weights_undo_an_unequal_chance_of_clusters() -> None:
    held, rejected = coverage("MLR", drawn_unequally, seed=4)
    print(held, rejected)
    assert all(0.90 <= share <= 0.972 for share in held.values()), held
    assert 0.03 <= rejected <= 0.10
