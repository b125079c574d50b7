"""Mardia's tests are those of R psych and semTools."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import TooFewCases
from analysis.scale.normality import mardia
from tests.analysis.data_sets import HS_MODEL, holzinger

ITEMS = [item for members in HS_MODEL.values() for item in members]


def test_mardia_is_psychs():
    # R psych mardia(HolzingerSwineford1939[, x1..x9])
    got = mardia(holzinger(), ITEMS)
    assert (got.skew, got.skew_chisq) == pytest.approx((6.80689217433405, 341.479090745758))
    assert (got.kurtosis, got.kurtosis_z) == pytest.approx((102.903743037511, 2.40658873598361))
    assert (got.skew_pvalue, got.kurtosis_pvalue) == pytest.approx(
        (2.19816367164231e-14, 0.0161022916432596), rel=1e-6
    )
    assert got.skew_df == 165


def test_both_ways_of_summing_agree():
    # Three items: 8 rows are summed pair by pair, the same rows four times over by the tensor.
    data = holzinger()[["x1", "x4", "x7"]].head(8)
    many = pd.concat([data] * 4)
    shrink = (7 / 8) / (31 / 32)  # the covariances of divisor n - 1 differ by this factor
    assert mardia(many).skew == pytest.approx(mardia(data).skew * shrink**-3, rel=1e-10)


def test_normal_rows_are_not_rejected_and_skewed_rows_are():
    rng = np.random.default_rng(7)
    normal = pd.DataFrame(rng.normal(size=(400, 4)))
    got = mardia(normal)
    assert got.skew_pvalue > 0.01
    assert got.kurtosis_pvalue > 0.01
    assert mardia(np.exp(normal)).skew_pvalue < 1e-10


def test_units_do_not_matter():
    assert mardia(holzinger()[ITEMS] * 1000 + 5).skew == pytest.approx(
        mardia(holzinger(), ITEMS).skew
    )


def test_fewer_rows_than_items_are_refused():
    with pytest.raises(TooFewCases):
        mardia(holzinger().head(9), ITEMS)
