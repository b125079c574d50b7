"""Omega hierarchical is R psych's, and finds a known general factor."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.errors import ModelError
from analysis.moments import Moments
from analysis.scale.schmid_leiman import omega_hierarchical
from tests.analysis.data_sets import HS_MODEL, holzinger

ITEMS = [item for members in HS_MODEL.values() for item in members]


def test_omega_is_psychs():
    # R psych omega(HolzingerSwineford1939[, x1..x9], nfactors = 3)
    got = omega_hierarchical(holzinger(), 3, ITEMS)
    assert got.omega_hierarchical == pytest.approx(0.449242434070811, abs=1e-4)
    assert got.omega_total == pytest.approx(0.850835073356627, abs=1e-5)
    assert got.general[:3] == pytest.approx([0.4855, 0.2911, 0.4068], abs=1e-3)


@pytest.mark.parametrize("k", [2, 3, 4])
def test_a_second_order_population_gives_back_its_general_factor(k: int):
    # Items load .8 on their factor, factors .7 on the general one: general loadings .56.
    p = 4 * k
    same = np.kron(np.eye(k), np.ones((4, 4)))
    R = 0.64 * (same + (1 - same) * 0.49)
    np.fill_diagonal(R, 1.0)
    names = tuple(f"q{i}" for i in range(p))
    got = omega_hierarchical(Moments(names, 500, np.zeros(p), R), k)
    assert got.general == pytest.approx(0.56, abs=1e-4)
    assert got.omega_hierarchical == pytest.approx((0.56 * p) ** 2 / R.sum(), abs=1e-4)
    assert got.ecv == pytest.approx(0.49, abs=1e-4)


def test_one_factor_has_nothing_above_it():
    with pytest.raises(ModelError, match="at least 2 factors"):
        omega_hierarchical(holzinger(), 1, ITEMS)
