"""AVE, Fornell-Larcker and HTMT agree with published figures, semTools and seminr."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import MissingItem
from analysis.scale.cfa import fit_cfa
from analysis.scale.validity import (
    average_variance_extracted,
    fornell_larcker,
    fornell_larcker_holds,
    htmt,
    htmt_array,
)
from tests.analysis.data_sets import HS_MODEL, SJQ_LOADINGS, holzinger, mobi, mobi_model

# R seminr 2.5.0.9000, summary(estimate_pls(mobi, ...))$validity$htmt
SEMINR = {
    ("IMAG", "CUEX"): 0.88803042750925, ("IMAG", "PERQ"): 0.928706389461734,
    ("IMAG", "PERV"): 0.651659392487802, ("IMAG", "CUSA"): 0.910100923782741,
    ("IMAG", "CUSCO"): 0.544731346013021, ("IMAG", "CUSL"): 0.866996598026726,
    ("CUEX", "PERQ"): 0.878336874197207, ("CUEX", "CUSCO"): 0.382952274669992,
    ("CUSA", "CUSL"): 0.956645674591454, ("CUSCO", "CUSL"): 0.561258539823949,
}  # fmt: skip
# semTools htmt(..., htmt2 = TRUE) on Holzinger & Swineford
SEMTOOLS_HTMT2 = {
    ("visual", "textual"): 0.384088563919692,
    ("visual", "speed"): 0.386772930478728,
    ("textual", "speed"): 0.279683551026606,
}


def test_ave_of_the_published_sjq_loadings():
    got = [average_variance_extracted(loadings) for loadings in SJQ_LOADINGS.values()]
    assert got == pytest.approx([0.766, 0.758, 0.853], abs=5e-4)


def test_ave_in_the_items_units_is_semtools():
    # semTools AVE() on lavaan 0.6-14's cfa()
    fitted = fit_cfa(holzinger(), HS_MODEL)
    for factor, expected in zip(
        HS_MODEL, (0.370558872630181, 0.72101628282652, 0.42448829258547), strict=True
    ):
        mine = fitted.of(factor)
        got = average_variance_extracted(
            [x.est for x in mine],
            [x.residual for x in mine],
            factor_variance=float(fitted.factor_covariances.loc[factor, factor]),
        )
        assert got == pytest.approx(expected, abs=1e-6)


def test_htmt_is_seminrs_single_item_dimension_included():
    got = htmt(mobi().corr(), mobi_model())
    for (a, b), expected in SEMINR.items():
        assert got.loc[a, b] == got.loc[b, a] == pytest.approx(expected, rel=1e-10)


def test_htmt2_is_semtools():
    got = htmt(holzinger()[[f"x{i}" for i in range(1, 10)]].corr(), HS_MODEL, variant="htmt2")
    for (a, b), expected in SEMTOOLS_HTMT2.items():
        assert got.loc[a, b] == pytest.approx(expected, rel=1e-10)


def test_a_batch_of_matrices_gives_each_matrix_its_own_ratios():
    a, b = holzinger().iloc[:150, 6:].corr().abs(), holzinger().iloc[150:, 6:].corr().abs()
    blocks = [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    batch = htmt_array(np.stack([a.to_numpy(), b.to_numpy()]), blocks, geometric=True)
    assert batch[1] == pytest.approx(htmt_array(b.to_numpy(), blocks, geometric=True))
    assert not np.allclose(batch[0], batch[1])


def test_fornell_larcker_asks_that_the_diagonal_exceed_its_row():
    correlations = pd.DataFrame(
        [[1, 0.8, 0.3], [0.8, 1, -0.2], [0.3, -0.2, 1]], list("ABC"), list("ABC")
    )
    table = fornell_larcker({"A": 0.81, "B": 0.49, "C": float("nan")}, correlations)
    assert table.loc["A", "A"] == pytest.approx(0.9)
    assert table.loc["A", "B"] == 0.8
    assert fornell_larcker_holds(table) == [True, False, None]


def test_an_absent_item_is_named():
    with pytest.raises(MissingItem, match="zzz"):
        htmt(holzinger()[["x1", "x2"]].corr(), {"A": ("x1", "zzz"), "B": ("x2",)})
