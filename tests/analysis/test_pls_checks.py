"""Redundancy analysis, the measured latent marker, and how many rows a path needs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.composite.marker import marker_correction
from analysis.composite.pls import fit_pls
from analysis.composite.redundancy import redundancy_analysis
from analysis.composite.sample_size import detectable_path, minimum_n
from analysis.errors import DataError, MissingItem, ModelError


def test_redundancy_equals_the_multiple_correlation_with_one_global_item() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 3))
    y = x @ [0.5, 0.4, 0.3] + 0.4 * rng.normal(size=300)
    data = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "overall": y})
    found = redundancy_analysis(data, ["a", "b", "c"], ["overall"], bootstrap=100, seed=1)
    R = data.corr().to_numpy()
    r = np.sqrt(R[3, :3] @ np.linalg.solve(R[:3, :3], R[:3, 3]))
    assert found.path == pytest.approx(r, abs=1e-9)
    assert found.convergent
    assert found.lower is not None and found.upper is not None
    assert found.lower < r < found.upper
    assert not redundancy_analysis(data, ["c"], ["overall"]).convergent
    with pytest.raises(DataError, match="global item"):
        redundancy_analysis(data, ["a"], [])


def biased(*, bias: float, n: int = 3_000) -> pd.DataFrame:
    """X -> Y of .4; all answers share a method that the four marker items measure."""
    rng = np.random.default_rng(2)
    method = rng.normal(size=n)
    x = rng.normal(size=n)
    y = 0.4 * x + np.sqrt(1 - 0.16) * rng.normal(size=n)
    columns = {f"x{k}": 0.9 * x + bias * method + 0.3 * rng.normal(size=n) for k in (1, 2, 3)}
    columns |= {f"y{k}": 0.9 * y + bias * method + 0.3 * rng.normal(size=n) for k in (1, 2, 3)}
    columns |= {f"m{k}": method + 0.4 * rng.normal(size=n) for k in (1, 2, 3, 4)}
    return pd.DataFrame(columns)


TEXT = "X =~ x1 + x2 + x3\nY =~ y1 + y2 + y3\nY ~ X"
MARKER = ["m1", "m2", "m3", "m4"]


def test_the_marker_takes_out_what_the_method_adds() -> None:
    clean = fit_pls(biased(bias=0.0), TEXT).path("X", "Y")
    found = marker_correction(biased(bias=0.7), TEXT, MARKER)
    row = found.paths.iloc[0]
    assert row["plain"] > clean + 0.15
    assert row["corrected"] == pytest.approx(clean, abs=0.06)
    assert found.largest_change == pytest.approx(abs(row["change"]))


def test_without_method_variance_the_marker_changes_nothing() -> None:
    found = marker_correction(biased(bias=0.0), TEXT, MARKER, bootstrap=50, seed=1)
    assert found.largest_change < 0.01
    assert not found.paths["conclusion_changes"].any()
    assert found.marker_paths["estimate"].abs().max() < 0.1
    assert found.warnings == ()


def test_a_marker_that_cannot_be_is_named() -> None:
    data = biased(bias=0.0)
    assert "at least four" in marker_correction(data, TEXT, MARKER[:2]).warnings[0]
    with pytest.raises(ModelError, match="x1 belongs to the model"):
        marker_correction(data, TEXT, ["x1"])
    with pytest.raises(MissingItem, match="m9"):
        marker_correction(data, TEXT, ["m9"])
    with pytest.raises(DataError, match="needs items"):
        marker_correction(data, TEXT, [])


def test_minimum_rows_equal_kock_and_hadaya() -> None:
    # Kock & Hadaya 2018, table of the inverse square root method: .197 needs 160.
    assert minimum_n(0.197) == 160
    assert minimum_n(-0.197) == 160
    assert detectable_path(155) == pytest.approx(0.2, abs=1e-3)
    assert minimum_n(0.2, power=0.9) > minimum_n(0.2)
    for wrong in (0.0, 1.5):
        with pytest.raises(DataError, match="path must lie"):
            minimum_n(wrong)
    with pytest.raises(DataError, match="alpha and power"):
        minimum_n(0.2, alpha=0)
    with pytest.raises(DataError, match="at least 2"):
        detectable_path(1)
