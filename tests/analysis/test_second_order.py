"""The second-order model and its reliabilities."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.errors import ModelError
from analysis.moments import Moments
from analysis.scale.cfa import fit_cfa
from analysis.scale.second_order import second_order
from tests.analysis.data_sets import HS_MODEL, holzinger, mobi, mobi_model


def population(k: int, gamma: float) -> tuple[Moments, dict[str, tuple[str, ...]]]:
    """k factors with four items loading .8, each factor loading ``gamma`` on a general one."""
    p = 4 * k
    same = np.kron(np.eye(k), np.ones((4, 4)))
    R = 0.64 * (same + (1 - same) * gamma**2)
    np.fill_diagonal(R, 1.0)
    names = tuple(f"q{i}" for i in range(p))
    model = {f"F{j}": names[4 * j : 4 * j + 4] for j in range(k)}
    return Moments(names, 500, np.zeros(p), R), model


def test_a_populations_general_factor_and_reliabilities_come_back():
    data, model = population(4, 0.7)
    got = second_order(data, model)
    assert [x.std_all for x in got.loadings] == pytest.approx([0.7] * 4, abs=1e-5)
    # Sum of items: 16 items; general part (4 x 4 x .8 x .7)^2, group part 4 (4 x .8)^2 .51,
    # error 16 x .36. Sum of factors: general (4 x .7)^2, group 4 x .51.
    general, group, error = (16 * 0.56) ** 2, 4 * 3.2**2 * 0.51, 16 * 0.36
    assert got.omega_l1 == pytest.approx(general / (general + group + error), abs=1e-5)
    assert got.partial_omega_l1 == pytest.approx(general / (general + error), abs=1e-5)
    assert got.omega_l2 == pytest.approx(2.8**2 / (2.8**2 + 4 * 0.51), abs=1e-5)
    assert got.fit["chisq"] == pytest.approx(0, abs=1e-6)


def test_above_three_factors_it_fits_exactly_as_they_do_alone():
    got = second_order(holzinger(), HS_MODEL)
    alone = fit_cfa(holzinger(), HS_MODEL)
    assert got.fit["chisq"] == pytest.approx(alone.fit["chisq"], rel=1e-6)
    assert got.fit["df"] == alone.fit["df"]
    # The three loadings reproduce the three correlations: g1^2 = r12 r13 / r23 and so on.
    r = alone.factor_correlations.to_numpy()
    assert got.loadings[0].std_all == pytest.approx(np.sqrt(r[0, 1] * r[0, 2] / r[1, 2]), abs=1e-4)
    assert all(x.pvalue < 1e-3 for x in got.loadings)


def test_inadmissible_results_are_said():
    assert any("CUSA" in text for text in second_order(mobi(), mobi_model()).warnings)


def test_a_first_item_worded_the_other_way_round_turns_one_sign_only():
    turned = holzinger().assign(x1=-holzinger()["x1"])
    got, plain = second_order(turned, HS_MODEL), second_order(holzinger(), HS_MODEL)
    assert got.fit["chisq"] == pytest.approx(plain.fit["chisq"], rel=1e-6)
    signs = [a.std_all / b.std_all for a, b in zip(got.loadings, plain.loadings, strict=True)]
    assert sorted(np.abs(signs)) == pytest.approx([1, 1, 1], abs=1e-4)
    assert signs[0] * signs[1] < 0 < signs[1] * signs[2]


def test_two_factors_do_not_identify_it():
    with pytest.raises(ModelError, match="at least 3 factors, found 2"):
        second_order(holzinger(), {"a": ("x1", "x2", "x3"), "b": ("x4", "x5", "x6")})
