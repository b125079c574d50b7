"""Ordinal items at two waves: lavaan's numbers at every step, what is released, what is joined."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.measurement_invariance.ordinal_longitudinal import (
    OrdinalLongitudinal,
    ordinal_longitudinal,
)
from analysis.covariance.measurement_invariance.waves import Waves, from_columns
from analysis.errors import DataError, ModelError, NoVariance, TooFewCases

pytestmark = pytest.mark.xdist_group("ordinal longitudinal")
MODEL = "F =~ u1 + u2 + u3 + u4\nG =~ u5 + u6 + u7 + u8"
ITEMS = [f"u{k}" for k in range(1, 9)]


def two_waves(n: int = 500) -> pd.DataFrame:
    """Five-point answers of the same people; F rises, and u3 is answered higher at the second wave for
    no reason of F's.
    """
    rng = np.random.default_rng(6)
    factors = rng.normal(size=(n, 2)) @ np.linalg.cholesky([[1, 0.5], [0.5, 1]]).T
    own, columns = rng.normal(size=(n, 8)) * 0.4, {}
    for w in range(2):
        if w:
            factors = 0.7 * factors + rng.normal(size=(n, 2)) * 0.6 + np.array([0.4, 0.0])
        for k in range(8):
            behind = (1, 0.8, 0.9, 0.7)[k % 4] * factors[:, k // 4] + own[:, k]
            behind = behind + rng.normal(size=n) * 0.6 + 0.6 * ((w, k) == (1, 2))
            columns[f"u{k + 1}_w{w + 1}"] = np.digitize(behind, [-1.2, -0.4, 0.5, 1.3]) + 1
    return pd.DataFrame(columns)


def waves(data: pd.DataFrame) -> Waves:
    return from_columns(data, ITEMS, ["w1", "w2"])


@pytest.fixture(scope="module")
def found() -> OrdinalLongitudinal:
    return ordinal_longitudinal(waves(two_waves()), MODEL)


# semTools 0.5-6 measEq.syntax(ordered, ID.fac = "std.lv", ID.cat = "Wu.Estabrook.2016", longFacNames,
# longIndNames, auto = 1, long.equal = ...), parameterization delta, of the last step theta; lavaan
# 0.6-14: chisq, df, chisq.scaled, srmr; lavTestLRT(method = "satorra.2000").
LADDER = (
    ("configural", 39.11362994, 90, 77.27727749, 0.02397333, None),
    ("thresholds", 45.56272997, 106, 91.97440034, 0.02397333, 14.73636278),
    ("loadings", 54.31171488, 112, 101.4561870, 0.02502279, 7.85297057),
    ("intercepts", 152.6657448, 118, 226.7144432, 0.02703279, 118.87605),
    ("residuals", 171.2940116, 126, 240.8764151, 0.03074945, None),
)


def test_every_step_fits_as_in_lavaan(found: OrdinalLongitudinal) -> None:
    for step, (name, chisq, df, scaled, srmr, difference) in zip(found.steps, LADDER, strict=True):
        assert step.name == name
        assert (step.fit["df"], step.converged) == (df, True)
        assert step.fit["chisq"] == pytest.approx(chisq, rel=1e-6), name
        assert step.fit["chisq_scaled"] == pytest.approx(scaled, rel=1e-6), name
        assert step.fit["srmr"] == pytest.approx(srmr, rel=1e-5), name
        if difference is not None:
            assert step.d_chisq == pytest.approx(difference, rel=1e-6), name
    assert found.step("intercepts").fit["cfi_scaled"] == pytest.approx(0.9774256755, rel=1e-6)
    assert found.step("intercepts").fit["rmsea_scaled"] == pytest.approx(0.0429687131, rel=1e-5)


def test_the_item_that_moved_is_released_and_the_change_is_lavaans(
    found: OrdinalLongitudinal,
) -> None:
    assert (found.reached, found.verdict) == ("loadings", "partial scalar")
    assert [one.parameter for one in found.releases] == ["u3~1"]
    assert found.partial is not None
    # The same with long.partial = "u3~1".
    assert found.partial["chisq_scaled"] == pytest.approx(104.5669756, rel=1e-6)
    assert found.changes["est"].tolist() == pytest.approx([0.3584403692, 0.0130643162], abs=1e-6)
    assert found.changes["se"].tolist() == pytest.approx([0.0464309910, 0.0380364346], abs=1e-6)
    assert (found.changes["d_ci_lower"] < found.changes["d"]).all()
    assert 0.6 < found.stability["r"][0] < 0.85


def test_an_items_thresholds_may_be_free_from_the_start(found: OrdinalLongitudinal) -> None:
    freed = ordinal_longitudinal(waves(two_waves()), MODEL, free=("u3|",))
    assert freed.reached == "residuals"
    # u3 gives back two degrees of freedom of its thresholds, then one of each later step.
    assert [step.fit["df"] for step in freed.steps] == [90, 104, 109, 114, 121]
    with pytest.raises(ModelError, match=r"'u9\|' is no loading, intercept or item's thresholds"):
        ordinal_longitudinal(waves(two_waves()), MODEL, free=("u9|",))


def test_categories_that_a_wave_never_used_are_joined_by_name() -> None:
    data = two_waves()
    data["u5_w2"] = data["u5_w2"].clip(lower=2)
    joined = ordinal_longitudinal(waves(data), MODEL)
    assert "u5: the answers 1, 2 were joined" in joined.warnings[0]
    assert "every wave uses (nobody at wave w2 chose 1)" in joined.warnings[0]
    assert joined.steps[1].d_df == 15
    two = data.assign(u6_w1=(data["u6_w1"] > 3) + 1, u6_w2=(data["u6_w2"] > 3) + 1)
    with pytest.raises(
        DataError, match="u6 has 2 categories; thresholds can be compared from three"
    ):
        ordinal_longitudinal(waves(two), MODEL)


def test_equal_weights_change_nothing_and_clusters_the_errors(found: OrdinalLongitudinal) -> None:
    data = two_waves().assign(weight=3.0, branch=np.arange(500) // 2)
    kept = from_columns(data, ITEMS, ["w1", "w2"], keep=("weight", "branch"))
    same = ordinal_longitudinal(kept, MODEL, sampling_weights="weight", partial=False)
    assert same.steps[2].fit["chisq"] == pytest.approx(found.steps[2].fit["chisq"], rel=1e-6)
    paired = ordinal_longitudinal(kept, MODEL, cluster="branch", free=("u3~1",), partial=False)
    assert paired.changes["est"].tolist() == pytest.approx(found.changes["est"].tolist(), abs=0.005)
    assert paired.changes["se"].tolist() != pytest.approx(found.changes["se"].tolist(), rel=1e-3)


def test_what_has_no_answer_to_give_is_refused_by_name() -> None:
    constant = two_waves().assign(u2_w2=4)
    with pytest.raises(NoVariance, match="u2: all 500 answers at wave w2 are 4"):
        ordinal_longitudinal(waves(constant), MODEL)
    pair = from_columns(two_waves(), ["u1", "u2"], ["w1", "w2"])
    with pytest.raises(ModelError, match="give each factor three items or more"):
        ordinal_longitudinal(pair, "F =~ u1 + u2")


def test_persons_who_missed_a_wave_are_left_out_and_reversed_items_turn(
    found: OrdinalLongitudinal,
) -> None:
    data = two_waves().assign(u4_w1=lambda d: 6 - d["u4_w1"], u4_w2=lambda d: 6 - d["u4_w2"])
    turned = ordinal_longitudinal(waves(data), MODEL.replace("u4", "-u4"))
    assert turned.changes["est"].tolist() == pytest.approx(found.changes["est"].tolist(), abs=1e-6)
    gone = data.astype(float)
    gone.loc[:39, [f"{item}_w2" for item in ITEMS]] = np.nan
    fewer = ordinal_longitudinal(waves(gone), MODEL, partial=False)
    assert (fewer.n, fewer.persons, fewer.in_all) == (460, 500, 460)
    assert (fewer.releases, fewer.verdict) == ((), "metric")
    with pytest.raises(TooFewCases, match="persons with every answer of every wave, have 9"):
        ordinal_longitudinal(waves(two_waves(9)), MODEL)


def test_the_document_is_strict_json(found: OrdinalLongitudinal) -> None:
    written = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert written["steps"][3]["name"] == "intercepts"
    assert written["changes"][0]["factor"] == "F"
