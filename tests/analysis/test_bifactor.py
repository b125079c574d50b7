"""The bifactor model gives back a known general factor and its shares."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.errors import ModelError
from analysis.moments import Moments
from analysis.scale.bifactor import bifactor
from tests.analysis.data_sets import HS_MODEL, holzinger

GENERAL = np.array([0.7, 0.6, 0.5, 0.6, 0.7, 0.5, 0.6, 0.7, 0.5, 0.6, 0.7, 0.5])
GROUP = np.array([0.5, 0.4, 0.6, 0.5, 0.4, 0.5, 0.4, 0.6, 0.6, 0.4, 0.3, 0.5])
NAMES = tuple(f"q{i}" for i in range(12))
MODEL = {"A": NAMES[:4], "B": NAMES[4:8], "general": NAMES[8:]}


def population() -> Moments:
    same = np.kron(np.eye(3), np.ones((4, 4)))
    R = np.outer(GENERAL, GENERAL) + same * np.outer(GROUP, GROUP)
    np.fill_diagonal(R, 1.0)
    return Moments(NAMES, 1000, np.zeros(12), R)


def test_loadings_and_omegas_of_a_population_come_back():
    got = bifactor(population(), MODEL)
    sign = np.sign(got.items[0].general)
    assert [sign * x.general for x in got.items] == pytest.approx(GENERAL, abs=1e-4)
    assert [abs(x.group) for x in got.items] == pytest.approx(GROUP, abs=1e-4)
    assert got.fit["chisq"] == pytest.approx(0, abs=1e-5)
    total = population().cov.sum()
    assert got.omega_hierarchical == pytest.approx(GENERAL.sum() ** 2 / total, abs=1e-4)
    unique = (1 - GENERAL**2 - GROUP**2).sum()
    assert got.omega_total == pytest.approx(1 - unique / total, abs=1e-4)
    own = population().cov[:4, :4].sum()
    assert got.omega_hierarchical_subscale["A"] == pytest.approx(
        GROUP[:4].sum() ** 2 / own, abs=1e-4
    )
    assert got.ecv == pytest.approx(
        GENERAL @ GENERAL / (GENERAL @ GENERAL + GROUP @ GROUP), abs=1e-4
    )


def test_puc_counts_pairs_of_items_of_different_factors():
    # 9 items: 36 pairs, 3 x 3 of them within a factor
    assert bifactor(holzinger(), HS_MODEL).puc == 27 / 36


def test_inadmissible_estimates_are_said():
    # Three items a factor are few: two of a group factor may take all of an item.
    assert any("Heywood" in text for text in bifactor(holzinger(), HS_MODEL).warnings)


def test_factors_too_small_are_named():
    with pytest.raises(ModelError, match="too small: pair"):
        bifactor(holzinger(), {"visual": ("x1", "x2", "x3"), "pair": ("x4", "x5")})
    with pytest.raises(ModelError, match="at least 2 factors"):
        bifactor(holzinger(), {"visual": ("x1", "x2", "x3")})
