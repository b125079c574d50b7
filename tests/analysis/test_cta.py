"""Tetrads: which are independent, what they are in data and populations, and when they are tested."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from analysis.composite.cta import tetrad_analysis
from analysis.composite.tetrads import independent_tetrads, tetrad_values
from analysis.errors import DataError, ModelError
from tests.analysis.data_sets import mobi
from tests.analysis.pls_models import factor_block

MODEL = """
Image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
Expectation =~ CUEX1 + CUEX2 + CUEX3
Value =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Loyalty =~ CUSL1 + CUSL2 + CUSL3
Complaints =~ CUSCO
Expectation ~ Image
Value ~ Expectation
Satisfaction ~ Image + Expectation + Value
Loyalty ~ Image + Satisfaction
Complaints ~ Satisfaction
"""
FIVE = "F =~ x0 + x1 + x2 + x3 + x4; Y =~ y; Y ~ F"


@pytest.mark.parametrize("p", [4, 5, 6, 9])
def test_independent_tetrads_are_as_many_as_degrees_of_freedom_and_imply_the_rest(p: int) -> None:
    chosen = independent_tetrads(p)
    assert len(chosen) == p * (p + 1) // 2 - 2 * p
    block, _ = factor_block(np.linspace(0.5, 0.9, p))
    assert tetrad_values(block[None], chosen)[0] == pytest.approx(np.zeros(len(chosen)), abs=1e-15)
    # Correlations whose chosen tetrads vanish make all vanish: nudged along any direction that
    # keeps the chosen ones at zero, the others stay, too.
    pairs = list(combinations(range(p), 2))
    every = tuple(
        t for a, b, c, d in combinations(range(p), 4) for t in ((a, b, c, d), (a, b, d, c))
    )

    def slopes(tetrads: tuple[tuple[int, int, int, int], ...]) -> np.ndarray:
        out = np.empty((len(tetrads), len(pairs)))
        for k, (i, j) in enumerate(pairs):
            nudged = np.stack([block, block])
            nudged[0, [i, j], [j, i]] += 1e-6
            nudged[1, [i, j], [j, i]] -= 1e-6
            out[:, k] = -np.diff(tetrad_values(nudged, tetrads), axis=0)[0] / 2e-6
        return out

    assert np.linalg.matrix_rank(slopes(chosen), tol=1e-6) == len(chosen)
    assert np.linalg.matrix_rank(slopes(every), tol=1e-6) == len(chosen)


def test_tetrads_of_covariances_are_those_of_seminrextras() -> None:
    """assess_cta() of seminrExtras 1.0.3 (own and borrowed items, covariances) on mobi."""
    data = mobi()
    found = {
        each.construct: each
        for each in tetrad_analysis(data, MODEL, resamples=20, seed=1, borrow=True).constructs
    }
    expected = {
        "Image": (0.93526323769, 1.161380235803, 0.511685037338, 0.716852050773, 0.287158723246),
        "Expectation": (0.0937126820535, 0.4384872502056),
        "Value": (0.0376953920098,),
        "Satisfaction": (0.634577571329, 0.110340671925),
        "Loyalty": (0.237712359478, -0.188046966984),
    }
    for name, values in expected.items():
        own = [
            one.estimate * float(np.prod([data[item].std() for item in one.items]))
            for one in found[name].tetrads
        ]
        assert own == pytest.approx(values, rel=1e-8)
    assert (found["Value"].lender, found["Value"].borrowed) == ("Satisfaction", ("CUSA1", "CUSA2"))
    assert found["Image"].lender is None


def test_intervals_are_bias_corrected_and_adjusted_for_all_tetrads() -> None:
    found = tetrad_analysis(mobi(), MODEL, resamples=300, seed=2)
    image = found.constructs[0]
    assert (len(found.constructs), len(image.tetrads)) == (1, 5)
    for one in image.tetrads:
        centre = one.estimate - one.bias
        assert (one.lower + one.upper) / 2 == pytest.approx(centre)
        assert one.upper - centre == pytest.approx(1.959964 * one.se, rel=1e-6)
        assert one.adjusted_upper - centre == pytest.approx(2.575829 * one.se, rel=1e-6)
        assert one.adjusted_p == pytest.approx(min(1, 5 * one.p))
        assert one.vanishes is (one.adjusted_p >= 0.05)
    assert found.untested["Loyalty"] == "3 items have no tetrad; four are needed"
    assert found.untested["Complaints"] == "one item has no tetrad; four are needed"


def test_a_factor_is_rejected_no_more_often_than_said_and_two_factors_are() -> None:
    rng = np.random.default_rng(3)
    rejected = 0
    for k in range(60):
        f = rng.normal(size=(200, 1))
        x = 0.8 * f + 0.6 * rng.normal(size=(200, 5))
        data = pd.DataFrame(x, columns=[f"x{i}" for i in range(5)]).assign(y=f[:, 0])
        rejected += not tetrad_analysis(data, FIVE, resamples=150, seed=k).constructs[0].reflective
    assert rejected <= 6
    two = data.assign(x3=rng.normal(size=200), x4=lambda d: d["x3"] + rng.normal(size=200))
    found = tetrad_analysis(two, FIVE, resamples=150, seed=1).constructs[0]
    assert not found.reflective


def test_weights_and_clusters_go_with_tetrads() -> None:
    data = mobi().assign(w=lambda d: 1.0 + d.index % 3, k=lambda d: d.index // 5)
    repeated = data.loc[np.repeat(data.index, data["w"].astype(int))]
    weighted = tetrad_analysis(data, MODEL, resamples=30, seed=1, sampling_weights="w", cluster="k")
    same = tetrad_analysis(repeated, MODEL, resamples=30, seed=1)
    assert [one.estimate for one in weighted.constructs[0].tetrads] == pytest.approx(
        [one.estimate for one in same.constructs[0].tetrads], abs=1e-12
    )
    assert weighted.n == 250


def test_what_has_no_tetrad_is_refused() -> None:
    with pytest.raises(ModelError, match=r"no construct can be tested .* can borrow items"):
        tetrad_analysis(mobi(), "A =~ CUEX1 + CUEX2; B =~ CUSA1; B ~ A")
    with pytest.raises(DataError, match="resamples must lie"):
        tetrad_analysis(mobi(), MODEL, resamples=1)
    few = tetrad_analysis(mobi().head(60), MODEL, resamples=20, seed=1)
    assert any("n = 60 is below 200" in said for said in few.warnings)
