"""Simulated data, the same at every call, whose results in other programs stand in the tests."""

from __future__ import annotations

import numpy as np
import pandas as pd


def two_groups_apart() -> pd.DataFrame:
    """300 rows of four skewed items in groups a and b, whose intercepts and error variances differ."""
    rng = np.random.default_rng(41)
    factor = rng.normal(size=300)
    group = np.repeat(["a", "b"], 150)
    columns = {}
    for k, (loading, shift) in enumerate([(0.8, 0.9), (0.7, 0.0), (0.6, -0.4), (0.7, 0.2)], 1):
        error = rng.chisquare(3, size=300) / np.sqrt(6) * np.where(group == "a", 1.0, 0.6)
        columns[f"x{k}"] = (loading * factor + error + shift * (group == "b")).round(2)
    return pd.DataFrame(columns).assign(g=group)


def with_predictors() -> pd.DataFrame:
    """240 rows in two groups: three items of a factor, an outcome w, skewed predictors p and q."""
    rng = np.random.default_rng(43)
    p, q = rng.chisquare(2, size=(2, 240))
    group = np.where(np.arange(240) % 3 == 0, "a", "b")
    factor = 0.5 * p + rng.standard_t(6, size=240)
    columns = {f"y{k}": 0.7 * factor + rng.standard_t(6, size=240) for k in (1, 2, 3)}
    columns["w"] = 0.4 * factor + 0.3 * q + rng.normal(size=240)
    columns |= {"p": p * np.where(group == "a", 1.5, 1.0), "q": q}
    return pd.DataFrame(columns).round(3).assign(g=group)


def weak_marker() -> pd.DataFrame:
    """80 rows of two factors; the first item of the second, y1, hardly belongs to it."""
    rng = np.random.default_rng(88)
    f, g = rng.normal(size=(2, 80))
    columns = {}
    for name, factor, loadings in (
        ("x", f, (0.8, 0.6, 0.5, 0.5)),
        ("y", g, (0.02, 0.8, 0.5, 0.6)),
    ):
        for k, loading in enumerate(loadings, start=1):
            columns[f"{name}{k}"] = loading * factor + 0.7 * rng.normal(size=80)
    return pd.DataFrame(columns).round(3)


def four_categories() -> pd.DataFrame:
    """400 rows in groups a and b: two factors of four items with answers from 1 to 4."""
    rng = np.random.default_rng(47)
    group = np.where(np.arange(400) % 2 == 0, "a", "b")
    first = rng.normal(size=400)
    second = 0.5 * first + 0.87 * rng.normal(size=400)
    columns = {}
    for k in range(8):
        factor = first if k < 4 else second
        answer = 0.8 * factor + 0.6 * rng.normal(size=400) + 0.4 * ((group == "b") & (k == 2))
        columns[f"u{k + 1}"] = np.searchsorted([-0.9, 0.1, 1.0], answer) + 1
    return pd.DataFrame(columns).assign(g=group)
