"""KMO, Bartlett and EFA agree with R psych on Holzinger & Swineford."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.errors import DataError, ModelError, NotPositiveDefinite, NoVariance, TooFewCases
from analysis.scale.efa import ROTATIONS, adequacy, efa
from tests.analysis.data_sets import HS_MODEL, holzinger, simulated

ITEMS = tuple(item for members in HS_MODEL.values() for item in members)
# R psych fa(nfactors = 3): loadings, Phi, STATISTIC
MINRES_OBLIMIN = (
    [[0.19644, 0.59162, 0.03095], [0.04297, 0.50893, -0.1223], [-0.06229, 0.68593, 0.01904],
     [0.8461, 0.01627, 0.00766], [0.88552, -0.06459, 0.00671], [0.80526, 0.07962, -0.01298],
     [0.04379, -0.15233, 0.73654], [-0.03401, 0.12511, 0.6865], [0.03184, 0.38228, 0.45636]],
    [[1.0, 0.32291, 0.21334], [0.32291, 1.0, 0.26079], [0.21334, 0.26079, 1.0]],
    22.5550491736704,
)  # fmt: skip
ML_PROMAX = (
    [[0.15298, 0.03621, 0.60935], [0.01295, -0.11619, 0.52497], [-0.11456, 0.029, 0.70284],
     [0.84385, 0.00491, 0.00972], [0.89757, 0.00651, -0.08221], [0.80737, -0.01135, 0.06844],
     [0.04405, 0.74267, -0.21485], [-0.04883, 0.72245, 0.0492], [0.00535, 0.4792, 0.33513]],
    [[1.0, 0.258, 0.39264], [0.258, 1.0, 0.34883], [0.39264, 0.34883, 1.0]],
    22.3769305562231,
)  # fmt: skip


def test_kmo_and_bartlett_are_psychs():
    got = adequacy(holzinger(), ITEMS)
    assert got.kmo == pytest.approx(0.752244592603047, rel=1e-10)  # psych KMO()
    assert got.msa[0] == pytest.approx(0.805021226632053, rel=1e-10)
    assert got.msa[6] == pytest.approx(0.593046810632567, rel=1e-10)
    assert (got.chisq, got.df) == pytest.approx((904.097051036859, 36))  # cortest.bartlett()
    assert got.pvalue == pytest.approx(1.91207887406147e-166, rel=1e-6)


@pytest.mark.parametrize(
    ("method", "rotation", "reference"),
    [("minres", "oblimin", MINRES_OBLIMIN), ("ml", "promax", ML_PROMAX)],
)
def test_efa_is_psychs(method: str, rotation: str, reference: tuple):
    loadings, phi, statistic = np.array(reference[0]), np.array(reference[1]), reference[2]
    got = efa(holzinger(), 3, ITEMS, method=method, rotation=rotation)
    theirs = got.loadings.T @ loadings
    order = np.argmax(np.abs(theirs), axis=1)
    assert sorted(order) == [0, 1, 2]
    assert got.loadings == pytest.approx(loadings[:, order], abs=1e-4)
    assert got.phi == pytest.approx(phi[np.ix_(order, order)], abs=1e-4)
    assert (got.chisq, got.df) == pytest.approx((statistic, 12), abs=1e-3)


def test_principal_components_are_psychs():
    # psych principal(nfactors = 3, rotate = "none"): x1's loadings and the eigenvalues
    got = efa(holzinger(), 3, ITEMS, method="principal", rotation="none")
    assert got.loadings[0] == pytest.approx(
        [0.658301970425139, 0.125918167545003, 0.37086960254275], abs=1e-8
    )
    assert got.eigenvalues[:2] == pytest.approx([3.21634418143771, 1.63871322152605])


def test_principal_axis_factoring_meets_minres():
    a = efa(holzinger(), 3, ITEMS, method="principal_axis", rotation="none")
    b = efa(holzinger(), 3, ITEMS, method="minres", rotation="none")
    assert a.communalities == pytest.approx(b.communalities, abs=1e-3)


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_rotation_leaves_what_the_factors_reproduce_unchanged(rotation: str):
    plain = efa(holzinger(), 3, ITEMS, rotation="none")
    turned = efa(holzinger(), 3, ITEMS, rotation=rotation)
    before = plain.loadings @ plain.loadings.T
    assert turned.loadings @ turned.phi @ turned.loadings.T == pytest.approx(before, abs=1e-6)
    assert turned.variance.sum() == pytest.approx(plain.variance.sum(), abs=1e-6)
    assert (np.diff(turned.variance) <= 1e-12).all()


def test_the_factor_correlations_follow_the_factors_when_these_are_put_in_order():
    model = {"weak": ("w1", "w2", "w3"), "strong": ("s1", "s2", "s3", "s4", "s5")}
    loadings = {"weak": (0.6, 0.6, 0.6), "strong": (0.9, 0.9, 0.9, 0.9, 0.9)}
    data = simulated(2000, model=model, loadings=loadings, correlation=0.4, points=0)
    got = efa(data, 2, method="ml")
    assert got.loadings[3:, 0] == pytest.approx(0.9, abs=0.05)
    assert got.phi[0, 1] == pytest.approx(0.4, abs=0.08)


def test_one_factor_is_not_rotated():
    got = efa(holzinger(), 1, ["x4", "x5", "x6"])
    assert (got.rotation, got.df) == ("none", 0)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda d: d.assign(x1=3), NoVariance, "x1"),
        (lambda d: d.assign(x1=d.x2), NotPositiveDefinite, "x1"),
        (lambda d: d.head(9), TooFewCases, "at least 10"),
        (lambda d: d.drop(columns="x1"), DataError, "x1"),
    ],
)
def test_data_that_cannot_be_factored_are_refused_by_name(change, error, says):
    with pytest.raises(error, match=says):
        adequacy(change(holzinger()), ITEMS)
    with pytest.raises(error, match=says):
        efa(change(holzinger()), 3, ITEMS)


@pytest.mark.parametrize(
    "options", [{"factors": 6}, {"factors": 0}, {"factors": 2, "method": "zzz"},
                {"factors": 2, "rotation": "zzz"}],
)  # fmt: skip
def test_impossible_requests_are_refused(options: dict):
    with pytest.raises(ModelError):
        efa(holzinger(), options.pop("factors"), ITEMS, **options)


def test_an_item_without_unique_variance_is_a_warning():
    data = simulated(300, points=0)
    data["per3"] = data["per4"] * 0.9 + data["per5"] * 0.2 + data["per6"] * 0.1
    data["per3"] += np.random.default_rng(1).normal(size=300) * 0.02
    got = efa(data, 4, method="principal_axis", rotation="none")
    assert any("Heywood" in text for text in got.warnings)


def test_many_items_are_factored_by_principal_axes_and_not_by_a_search():
    model = {f"F{j}": tuple(f"q{j}_{i}" for i in range(30)) for j in range(3)}
    loadings = dict.fromkeys(model, (0.7,) * 30)
    data = simulated(400, model=model, loadings=loadings, correlation=0.3, points=0)
    got = efa(data, 3)
    assert np.abs(got.loadings).max(axis=1) == pytest.approx(0.7, abs=0.15)
    with pytest.raises(ModelError, match="up to 80 items"):
        efa(data, 3, method="ml")
