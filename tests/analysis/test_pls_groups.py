"""Groups compared: measurement invariance of composites, permutations, Henseler's comparison."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.composite.groups import compare_groups, holm
from analysis.composite.micom import micom
from analysis.errors import DataError, MissingItem, TooFewCases
from tests.analysis.data_sets import mobi
from tests.analysis.pls_models import ECSI

TEXT = "X =~ x1 + x2 + x3\nY =~ y1 + y2\nY ~ X"


def groups(
    *, path: float = 0.6, mean: float = 0.0, swap: bool = False, n: int = 200
) -> pd.DataFrame:
    """Two groups of n rows; the second differs from the first in what the arguments say."""
    rng = np.random.default_rng(3)
    parts = []
    for name, b, shift in (("a", 0.6, 0.0), ("b", path, mean)):
        x = rng.normal(size=n) + shift
        y = b * (x - shift) + np.sqrt(1 - b**2) * rng.normal(size=n)
        lam = (0.9, 0.8, 0.0) if not (swap and name == "b") else (0.0, 0.8, 0.9)
        columns = {
            f"x{k + 1}": v * x + np.sqrt(1 - v**2) * rng.normal(size=n) for k, v in enumerate(lam)
        }
        columns |= {f"y{k}": 0.85 * y + 0.5 * rng.normal(size=n) for k in (1, 2)}
        parts.append(pd.DataFrame({**columns, "group": name}))
    return pd.concat(parts, ignore_index=True)


def test_pls_mga_equals_pypi_seminr() -> None:
    from seminr import (
        composite,
        constructs,
        estimate_pls,
        estimate_pls_mga,
        mode_A,
        paths,
        relationships,
    )

    data = mobi()
    condition = (data["CUEX1"] < 8).to_numpy()
    peer = estimate_pls(
        data,
        constructs(
            composite("Image", ["IMAG1", "IMAG2", "IMAG3"], mode_A),
            composite("Loyalty", ["CUSL1", "CUSL3"], mode_A),
        ),
        relationships(paths("Image", "Loyalty")),
    )
    rng = np.random.default_rng(5)
    n1, n2 = int(condition.sum()), int((~condition).sum())
    one, two = rng.integers(0, n1, size=(25, n1)), rng.integers(0, n2, size=(25, n2))
    (expected,) = estimate_pls_mga(
        peer, condition, nboot=25, group1_indices=one, group2_indices=two
    )
    found = compare_groups(
        data,
        "Image =~ IMAG1 + IMAG2 + IMAG3\nLoyalty =~ CUSL1 + CUSL3\nLoyalty ~ Image",
        condition,
        permutations=0,
        indices=(one, two),
    )
    row = found.paths.iloc[0]
    assert [row["first"], row["second"], row["p_mga"]] == pytest.approx(
        [expected.group1_beta, expected.group2_beta, expected.pls_mga_p], abs=1e-9
    )
    assert found.n == (n1, n2)


def test_equal_paths_are_not_told_apart_and_different_ones_are() -> None:
    same = compare_groups(groups(), TEXT, "group", permutations=200, bootstrap=200, seed=1)
    other = compare_groups(groups(path=0.1), TEXT, "group", permutations=200, bootstrap=200, seed=1)
    assert same.groups == ("a", "b")
    assert same.paths["p_permutation"].iloc[0] > 0.05
    row = other.paths.iloc[0]
    assert row["p_permutation"] < 0.01
    assert row["p_mga"] < 0.01
    assert not row["lower"] < row["difference"] < row["upper"]


def test_group_labels_and_their_order_turn_the_sign_only() -> None:
    data = groups(path=0.3)
    one = compare_groups(data, TEXT, "group", permutations=50, seed=1)
    two = compare_groups(data, TEXT, "group", groups=("b", "a"), permutations=50, seed=1)
    assert two.groups == ("b", "a")
    assert two.paths["difference"].tolist() == pytest.approx((-one.paths["difference"]).tolist())


def test_micom_finds_full_invariance_in_equal_groups() -> None:
    found = micom(groups(), TEXT, "group", permutations=200, seed=1)
    assert found.table["invariance"].tolist() == ["full", "full"]
    assert found.comparable


def test_micom_finds_a_shifted_mean() -> None:
    found = micom(groups(mean=1.0), TEXT, "group", permutations=200, seed=1)
    assert found.table.loc["X", "invariance"] == "partial"
    assert found.table.loc["X", "p_mean"] < 0.01
    assert found.table.loc["X", "mean_difference"] < -0.5
    assert found.comparable


def test_micom_finds_a_composite_made_otherwise() -> None:
    found = micom(groups(swap=True), TEXT, "group", permutations=200, seed=1)
    assert found.table.loc["X", "invariance"] == "none"
    assert found.table.loc["X", "correlation"] < found.table.loc["X", "correlation_5"]
    assert not found.comparable


def test_the_composite_of_a_single_item_is_the_same_in_any_groups() -> None:
    condition = (mobi()["CUEX1"] < 8).to_numpy()
    found = micom(mobi(), ECSI, condition, permutations=50, seed=1)
    assert found.table.loc["Complaints", "correlation"] == pytest.approx(1.0)
    assert found.table.loc["Complaints", "invariance"] != "none"
    assert found.table.loc["Expectation", "p_mean"] < 0.05


def test_holm_steps_down() -> None:
    # R 4.2: p.adjust(c(.01, .04, .03), "holm")
    assert holm(np.array([0.01, 0.04, 0.03])).tolist() == pytest.approx([0.03, 0.06, 0.06])


def test_groups_that_cannot_be_compared_are_named() -> None:
    data = groups()
    with pytest.raises(MissingItem, match="region"):
        compare_groups(data, TEXT, "region")
    with pytest.raises(DataError, match="found 1"):
        compare_groups(data.assign(group="a"), TEXT, "group")
    with pytest.raises(DataError, match="found 3"):
        compare_groups(data, TEXT, [*["a"] * 100, *["b"] * 100, *["c"] * 200])
    with pytest.raises(DataError, match="not a group of the data: z"):
        compare_groups(data, TEXT, "group", groups=("a", "z"))
    with pytest.raises(DataError, match="3 values for 400 rows"):
        compare_groups(data, TEXT, [1, 2, 3])
    with pytest.raises(TooFewCases, match="group b"):
        compare_groups(data.iloc[:203], TEXT, "group")
    with pytest.raises(DataError, match="at least 20"):
        micom(data, TEXT, "group", permutations=5)
