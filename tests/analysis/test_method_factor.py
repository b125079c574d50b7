"""Models of common-method variance find what was put in, and nothing where nothing was."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError, ModelError
from analysis.scale.method_factor import latent_method_factor, marker_sequence
from tests.analysis.data_sets import HS_MODEL, SJQ_MODEL, holzinger, mobi, mobi_model, simulated

MARKER = ("mk1", "mk2", "mk3")


def answers(n: int, share: float, seed: int = 2) -> pd.DataFrame:
    """SJQ and a marker scale of its own factor; ``share`` of each item is a response tendency."""
    rng = np.random.default_rng(seed + 100)
    data = simulated(n, points=0, correlation=0.4, seed=seed)
    own = rng.normal(size=n)
    for name in MARKER:
        data[name] = 0.8 * own + 0.6 * rng.normal(size=n)
    return data * np.sqrt(1 - share) + np.sqrt(share) * rng.normal(size=n)[:, None]


def test_a_response_tendency_is_found_by_the_marker():
    got = marker_sequence(answers(1500, 0.15), SJQ_MODEL, MARKER)
    assert [m.name for m in got.models] == ["CFA", "Baseline", "Method-C", "Method-U", "Method-R"]
    assert got.method_variance
    # The marker factor holds 15 % tendency and 64 % of 85 % of its own: of the tendency's share in
    # the other items (15 %) it can show .15 / (.15 + .544) = 22 %, that is 3 %.
    assert got.share == pytest.approx(0.15 * 0.15 / (0.15 + 0.85 * 0.64), abs=0.02)


def test_without_a_tendency_the_marker_explains_nothing():
    got = marker_sequence(answers(1500, 0.0), SJQ_MODEL, MARKER)
    assert not got.method_variance
    assert not got.biased
    assert got.share < 0.01


def test_degrees_of_freedom_follow_williams_and_colleagues():
    # 16 items, 3 factors, 3 marker items: the marker's correlations (3) and its 6 parameters go
    # from CFA to Baseline; one loading comes with Method-C, 15 more with Method-U; Method-R fixes
    # three correlations.
    got = marker_sequence(answers(400, 0.1), SJQ_MODEL, MARKER)
    df = {m.name: m.df for m in got.models}
    assert df["Baseline"] - df["CFA"] == 9
    assert df["Baseline"] - df["Method-C"] == 1
    assert df["Method-C"] - df["Method-U"] == 15
    assert got.comparisons[2].delta_df == 3


def test_a_latent_method_factor_takes_the_shares_that_were_put_in():
    data = answers(4000, 0.2, seed=1)[[i for items in SJQ_MODEL.values() for i in items]]
    got = latent_method_factor(data, SJQ_MODEL)
    assert got.comparison.delta_df == 16
    assert 0 < got.method_share < 1
    assert got.method_share + got.substantive_share == pytest.approx(0.2 + 0.8 * 0.8, abs=0.06)


def test_single_item_factors_and_factors_named_like_their_item_are_carried_through():
    got = latent_method_factor(mobi(), mobi_model())
    assert "CUSCO" not in got.loadings
    assert len(got.loadings) == 23


def test_impossible_requests_are_refused():
    with pytest.raises(DataError, match="at least 2 factors"):
        marker_sequence(holzinger(), {"a": ("x1", "x2", "x3")}, ("x7", "x8"))
    with pytest.raises(DataError, match="2 marker items"):
        marker_sequence(holzinger(), HS_MODEL, ("ageyr",))
    with pytest.raises(DataError, match="fewer than 3 factors"):
        latent_method_factor(holzinger(), {"a": ("x1", "x2", "x3"), "b": ("x4", "x5", "x6")})


def test_under_a_robust_estimator_the_models_are_compared_by_scaled_differences():
    data = answers(600, 0.15)
    plain = marker_sequence(data, SJQ_MODEL, MARKER)
    got = marker_sequence(data, SJQ_MODEL, MARKER, estimator="MLR")
    for one, other in zip(got.models, plain.models, strict=True):
        assert one.chisq == pytest.approx(other.chisq, rel=1e-6)
        assert one.chisq_scaled is not None and one.chisq_scaled != one.chisq
        assert other.chisq_scaled is None
    # By hand: (T0 - T1) (d0 - d1) / (d0 c0 - d1 c1), c = T / scaled T.
    base, method = got.models[1], got.models[2]
    assert base.chisq_scaled is not None and method.chisq_scaled is not None
    weighed = (
        base.df * base.chisq / base.chisq_scaled - method.df * method.chisq / method.chisq_scaled
    )
    by_hand = (base.chisq - method.chisq) * (base.df - method.df) / weighed
    assert got.comparisons[0].delta_chisq == pytest.approx(by_hand, rel=1e-6)
    latent = latent_method_factor(data, SJQ_MODEL, estimator="MLR")
    assert latent.models[0].chisq_scaled is not None


def five_points() -> tuple[pd.DataFrame, dict[str, tuple[str, ...]], list[str]]:
    """Three factors of three items each, a tendency in all of them, and a marker that measures it."""
    rng = np.random.default_rng(7)
    latent = rng.multivariate_normal(np.zeros(3), 0.5 * np.eye(3) + 0.5, 400, method="cholesky")
    tendency, columns = rng.normal(size=400), {}
    for k, factor in enumerate("abc"):
        for i in range(1, 4):
            value = 0.7 * latent[:, k] + 0.3 * tendency + 0.6 * rng.normal(size=400)
            columns[f"{factor}{i}"] = np.digitize(value, [-1.2, -0.3, 0.5, 1.3]) + 1
    for i in range(1, 4):
        value = 0.75 * tendency + 0.66 * rng.normal(size=400)
        columns[f"m{i}"] = np.digitize(value, [-1.0, -0.2, 0.6, 1.4]) + 1
    model = {factor: tuple(f"{factor}{i}" for i in range(1, 4)) for factor in "abc"}
    return pd.DataFrame(columns), model, ["m1", "m2", "m3"]


def test_the_marker_sequence_of_ordinal_items_is_that_of_lavaan_with_scaled_differences():
    """lavaan 0.6-14: cfa(..., ordered = TRUE, std.lv = TRUE) with the marker's loadings of the CFA
    fixed and its covariances 0; lavTestLRT, whose default for WLSMV is Satorra 2000."""
    data, model, marker = five_points()
    got = marker_sequence(data, model, marker, estimator="WLSMV")
    fit = {one.name: (one.chisq, one.df, one.chisq_scaled) for one in got.models}
    expected = {
        "CFA": (22.05612987, 48, 46.13597149),
        "Baseline": (939.4922663, 54, 680.9564671),
        "Method-C": (23.72890203, 53, 41.43622108),
        "Method-U": (19.48139855, 45, 40.16693745),
        "Method-R": (41.84234088, 56, 58.71442965),
    }
    for name, numbers in expected.items():
        assert fit[name] == pytest.approx(numbers, rel=1e-5), name
    tests = [(one.delta_chisq, one.delta_df, one.pvalue) for one in got.comparisons]
    assert tests[0] == pytest.approx((111.9337661, 1, 3.694487163e-26), rel=1e-5)
    assert tests[1] == pytest.approx((3.504404327, 8, 0.8988475616), rel=1e-6)
    assert tests[2] == pytest.approx((9.283987744, 3, 0.02574396159), rel=1e-4)
    assert (got.method_variance, got.unequal, got.biased) == (True, False, True)
    assert got.share == pytest.approx(0.1321159378, rel=1e-6)


def test_a_method_factor_without_items_of_its_own_is_refused_for_ordinal_items():
    data, model, _ = five_points()
    with pytest.raises(ModelError, match=r"not fitted by WLSMV.*choose ML, MLR or MLM"):
        latent_method_factor(data, model, estimator="WLSMV")
