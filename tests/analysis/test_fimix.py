"""Hidden segments are found when they are there, and not when they are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.composite.fimix import compare_segments, fimix
from analysis.composite.pls import fit_pls
from analysis.composite.result import PlsResult
from analysis.errors import DataError, TooFewCases
from analysis.moments import moments

TEXT = "X =~ x\nZ =~ z\nY =~ y\nY ~ X + Z"


def mixed(n: int = 600, *, share: float = 0.6, differ: bool = True) -> tuple[PlsResult, np.ndarray]:
    rng = np.random.default_rng(1)
    first = rng.random(n) < share
    x, z = rng.normal(size=(2, n))
    b = np.where(first, 0.8, -0.5) if differ else 0.5
    y = b * x + 0.3 * z + 0.4 * rng.normal(size=n)
    return fit_pls(pd.DataFrame({"x": x, "z": z, "y": y}), TEXT), first


def test_two_segments_are_found_with_their_paths_and_members() -> None:
    fit, first = mixed()
    table, found = compare_segments(fit, up_to=3, starts=5, seed=1)
    assert table["caic"].idxmin() == 2
    assert table["aic3"].idxmin() == 2
    two = found[2]
    assert fit.scores is not None
    assert two.shares[0] == pytest.approx(0.6, abs=0.05)
    paths = two.paths.set_index("source")
    scale = float(np.std(fit.scores["Y"])) / _spread(first)
    assert paths.loc["X", "1"] == pytest.approx(0.8 * scale, abs=0.08)
    assert paths.loc["X", "2"] == pytest.approx(-0.5 * scale, abs=0.08)
    assert two.entropy > 0.4
    right = ((two.probability[:, 0] > 0.5) == first).mean()
    assert right > 0.8


def _spread(first: np.ndarray) -> float:
    """Standard deviation of Y in its own units."""
    b2 = np.where(first, 0.64, 0.25).mean()
    return float(np.sqrt(b2 + 0.09 + 0.16))


def test_one_segment_is_the_ordinary_regression() -> None:
    fit, _ = mixed()
    one = fimix(fit, 1)
    assert one.paths["1"].tolist() == pytest.approx(fit.paths["estimate"].tolist(), abs=1e-9)
    assert one.r_squared.loc["Y", "1"] == pytest.approx(fit.r_squared.loc["Y", "r_squared"])
    assert one.parameters == 3
    n = fit.n
    residual = (n - 1) / n * (1 - fit.r_squared.loc["Y", "r_squared"])
    assert one.log_likelihood == pytest.approx(-n / 2 * (np.log(2 * np.pi * residual) + 1))


def test_a_homogeneous_population_has_one_segment() -> None:
    fit, _ = mixed(differ=False)
    table, _ = compare_segments(fit, up_to=2, starts=3, seed=1)
    assert table["caic"].idxmin() == 1


def test_segments_that_cannot_be_are_named() -> None:
    fit, _ = mixed(60)
    with pytest.raises(DataError, match="between 1 and 10"):
        fimix(fit, 11)
    with pytest.raises(TooFewCases, match="need at least 70"):
        fimix(fit, 7)
    data = pd.DataFrame(np.random.default_rng(1).normal(size=(50, 3)), columns=["x", "z", "y"])
    with pytest.raises(DataError, match="needs the rows"):
        fimix(fit_pls(moments(data), TEXT), 2)
