"""Invariance over waves of the same people: lavaan's numbers, what is released, what is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.comparability import Verdict
from analysis.covariance.measurement_invariance.attrition import attrition
from analysis.covariance.measurement_invariance.longitudinal import Longitudinal, longitudinal
from analysis.covariance.measurement_invariance.wave_script import wave_script
from analysis.covariance.measurement_invariance.waves import from_columns, from_long
from analysis.errors import DataError, MissingItem, ModelError, TooFewCases

pytestmark = pytest.mark.xdist_group("longitudinal")
MODEL = "F =~ x1 + x2 + x3 + x4\nG =~ x5 + x6 + x7 + x8"
ITEMS = tuple(f"x{k}" for k in range(1, 9))
WAVES = ("w1", "w2", "w3")


def asked_three_times(*, missing: bool = False) -> pd.DataFrame:
    """400 people at three waves; F rises by .3 a wave, and x3 by .5 at the last for no reason of F's.

    Residuals of an item are alike over waves. With ``missing``, a fifth miss the last wave and 2 % of
    the answers are missing.
    """
    n, rng = 400, np.random.default_rng(5)
    factors = rng.normal(size=(n, 2)) @ np.linalg.cholesky([[1, 0.5], [0.5, 1]]).T
    own = rng.normal(size=(n, 8)) * 0.35
    columns = {}
    for w in range(3):
        if w:
            factors = 0.7 * factors + rng.normal(size=(n, 2)) * 0.6
        level = factors + np.array([0.3, 0.0]) * w
        for k in range(8):
            answer = 5 + (1, 0.8, 0.9, 0.7)[k % 4] * level[:, k // 4]
            answer = answer + own[:, k] + rng.normal(size=n) * 0.6
            columns[f"x{k + 1}_w{w + 1}"] = answer + 0.5 * ((w, k) == (2, 2))
    data = pd.DataFrame(columns).round(3)
    if missing:
        data.loc[rng.random(n) < 0.2, [f"{item}_w3" for item in ITEMS]] = np.nan
        data = data.mask(rng.random(data.shape) < 0.02)
    return data


def in_rows(data: pd.DataFrame) -> pd.DataFrame:
    """The same with one row for each person and wave at which there is any answer."""
    parts = []
    for wave in WAVES:
        part = data[[f"{item}_{wave}" for item in ITEMS]].set_axis(list(ITEMS), axis=1)
        parts.append(part.assign(customer=[f"c{i}" for i in range(len(data))], wave=wave))
    return pd.concat(parts).dropna(subset=list(ITEMS), how="all")


def change(found: Longitudinal, factor: str) -> dict[Any, Any]:
    """The row of a factor's change from the first wave to the last."""
    at = (found.changes["factor"] == factor) & (found.changes["wave"] == "w3")
    return found.changes[at & (found.changes["against"] == "w1")].to_dict("records")[0]


@pytest.fixture(scope="module")
def complete() -> Longitudinal:
    return longitudinal(from_columns(asked_three_times(), ITEMS, WAVES), MODEL)


@pytest.fixture(scope="module")
def robust() -> Longitudinal:
    return longitudinal(from_columns(asked_three_times(), ITEMS, WAVES), MODEL, estimator="MLR")


@pytest.fixture(scope="module")
def incomplete() -> Longitudinal:
    found = from_long(
        in_rows(asked_three_times(missing=True)), ITEMS, person="customer", wave="wave"
    )
    return longitudinal(found, MODEL, estimator="MLR", missing="fiml")


# semTools 0.5-6 measEq.syntax(ID.fac = "std.lv", longFacNames, longIndNames, auto = 2, long.equal =
# none, "loadings", and "intercepts", and "residuals"), lavaan 0.6-14: chisq, df, cfi, rmsea, srmr.
LADDER = (
    (206.5938359, 213, 1.0, 0.0, 0.02831436),
    (227.8931630, 225, 0.9994067346, 0.005669766787, 0.03486438),
    (333.3229327, 237, 0.9802482393, 0.03187576965, 0.04301245),
    (343.6030444, 253, 0.9814211465, 0.02992134689, 0.04372024),
)
# estimator = "MLR": chisq.scaled, cfi.robust, rmsea.robust, scaled difference.
ROBUST = (
    (208.8030866, 1.0, 0.0, None),
    (229.7204791, 0.9990400054, 0.007213359492, 20.5065945),
    (335.9525721, 0.9798736310, 0.03218125576, 106.006887),
    (346.5691994, 0.9809826030, 0.03027678247, 10.4833810),
)


def test_the_ladder_is_that_of_semtools(complete: Longitudinal) -> None:
    for step, (chisq, df, cfi, rmsea, srmr) in zip(complete.steps, LADDER, strict=True):
        fit = step.fit.fit
        assert [fit["chisq"], fit["df"]] == pytest.approx([chisq, df], rel=1e-7), step.name
        assert (fit["cfi"], fit["rmsea"]) == pytest.approx((cfi, rmsea), rel=1e-7), step.name
        assert fit["srmr"] == pytest.approx(srmr, rel=2e-6), step.name


def test_robust_steps_and_scaled_differences_are_lavaans(robust: Longitudinal) -> None:
    for step, (chisq, cfi, rmsea, difference) in zip(robust.steps, ROBUST, strict=True):
        fit = step.fit.fit
        assert fit["chisq_scaled"] == pytest.approx(chisq, rel=1e-6), step.name
        assert (fit["cfi_robust"], fit["rmsea_robust"]) == pytest.approx((cfi, rmsea), rel=1e-6)
        if difference is not None:
            assert step.d_chisq == pytest.approx(difference, rel=1e-6), step.name


def test_those_who_missed_a_wave_count_by_their_other_answers(incomplete: Longitudinal) -> None:
    assert (incomplete.n, incomplete.persons) == (400, 400)
    assert incomplete.in_all == incomplete.people["w3"] < 330
    # As above with missing = "fiml".
    chisqs = (216.24614244, 241.18037125, 331.57043862, 343.64672272)
    robust = (219.67178442, 244.05097811, 335.22867863, 347.52314698)
    for step, chisq, scaled in zip(incomplete.steps, chisqs, robust, strict=True):
        assert step.fit.fit["chisq"] == pytest.approx(chisq, rel=1e-6)
        assert step.fit.fit["chisq_scaled"] == pytest.approx(scaled, rel=1e-5)


def test_the_item_that_moved_is_released_and_the_change_is_that_of_the_others(
    complete: Longitudinal,
) -> None:
    assert complete.reached == "metric"
    assert [one.parameter for one in complete.releases] == ["x3~1"]
    assert complete.releases[0].holds
    assert complete.verdict is Verdict.PARTIAL_SCALAR
    worst = complete.score_tests.iloc[0]
    assert (worst["name"], worst["wave"], worst["against"]) == ("x3~1", "w3", "w1")
    # lavaan 0.6-14 on the same partial model: defined parameters and their errors.
    last = change(complete, "F")
    assert [last["est"], last["se"]] == pytest.approx([0.690355, 0.060009], abs=2e-6)
    assert [last["d"], last["d_se"]] == pytest.approx([0.702682, 0.058646], abs=2e-6)
    assert [last["points"], last["points_se"]] == pytest.approx([0.553837, 0.042002], abs=2e-6)
    # F rose by .6 of its 1 at the first wave, which the release brings back; G did not change.
    assert last["ci_lower"] < 0.6 < last["ci_upper"]
    assert change(complete, "G")["p_holm"] > 0.5
    assert (complete.changes["p_holm"] >= complete.changes["pvalue"]).all()


def test_a_model_that_does_not_fit_allows_no_means() -> None:
    data = asked_three_times()
    one = longitudinal(from_columns(data, ITEMS, WAVES), "F =~ " + " + ".join(ITEMS))
    assert (one.reached, one.verdict) == (None, Verdict.NONE)
    assert one.to_json()["verdict"] == "none"


def test_points_are_the_change_of_the_mean_answer_where_all_items_hold() -> None:
    data = asked_three_times()
    data["x3_w3"] -= 0.5
    found = longitudinal(from_columns(data, ITEMS, WAVES), MODEL)
    assert found.reached == "strict"
    observed = [data[[f"x{k}_{wave}" for k in range(1, 5)]].to_numpy().mean() for wave in WAVES]
    assert change(found, "F")["points"] == pytest.approx(observed[2] - observed[0], abs=0.01)


def test_rows_and_columns_are_the_same_waves() -> None:
    data = asked_three_times(missing=True)
    wide, rows = from_columns(data, ITEMS, WAVES), in_rows(data).sample(frac=1, random_state=3)
    long = from_long(rows, ITEMS, person="customer", wave="wave")
    assert long.labels == WAVES
    assert long.people == wide.people
    first = np.sort(long.frame["x1_w1"].to_numpy())
    np.testing.assert_array_equal(first, np.sort(wide.frame["x1_w1"].to_numpy()))
    ends = from_long(rows, ITEMS, person="customer", wave="wave", waves=("w3", "w1"))
    assert ends.labels == ("w3", "w1")
    assert ends.warnings == (
        f"{(rows['wave'] == 'w2').sum()} rows are left out: wave is none of w3, w1",
    )


def test_numbered_waves_stand_in_order_and_dates_become_names() -> None:
    rows = in_rows(asked_three_times()).replace({"wave": {"w1": 9, "w2": 10, "w3": 11}})
    assert from_long(rows, ITEMS, person="customer", wave="wave").names == ("9", "10", "11")
    dated = rows.assign(wave="2026-" + rows["wave"].astype(str))
    found = from_long(dated, ITEMS, person="customer", wave="wave", waves=("2026-9", "2026-10"))
    assert found.names == ("2026.9", "2026.10")
    assert longitudinal(found, MODEL).n == 400


def test_what_does_not_say_who_answered_twice_is_refused() -> None:
    rows = in_rows(asked_three_times())
    strangers = rows.assign(customer=range(len(rows)))
    with pytest.raises(
        DataError, match="no customer answered at two waves: these are not the same"
    ):
        from_long(strangers, ITEMS, person="customer", wave="wave")
    twice = pd.concat([rows, rows.head(2)])
    with pytest.raises(DataError, match="customer c0 has 2 rows at wave w1, one of 2 such cases"):
        from_long(twice, ITEMS, person="customer", wave="wave")
    with pytest.raises(DataError, match="2 to 12 waves can be compared, not 1"):
        from_long(rows[rows["wave"] == "w1"], ITEMS, person="customer", wave="wave")
    with pytest.raises(DataError, match="no row has the wave w9; there are w1, w2, w3"):
        from_long(rows, ITEMS, person="customer", wave="wave", waves=("w1", "w9"))
    with pytest.raises(MissingItem, match="reference: no such column"):
        from_long(rows, ITEMS, person="reference", wave="wave")
    with pytest.raises(MissingItem, match="x1_t1: no such column"):
        from_columns(asked_three_times(), ITEMS, ("t1", "t2"))
    few = from_columns(asked_three_times().head(9), ITEMS, WAVES)
    with pytest.raises(TooFewCases, match="persons with answers at two waves, have 9"):
        longitudinal(few, MODEL)


def test_who_missed_a_wave_is_compared_at_the_first() -> None:
    data = asked_three_times()
    low = data[[f"x{k}_w1" for k in range(1, 5)]].mean(axis=1) < 4.2
    data.loc[low & (np.arange(400) % 2 == 0), [f"{item}_w3" for item in ITEMS]] = np.nan
    first, second = attrition(from_columns(data, ITEMS, WAVES), MODEL)
    assert (first.factor, first.stayed + first.missed) == ("F", 400)
    assert first.difference == pytest.approx(first.missed_mean - first.stayed_mean)
    assert first.ci_upper < 0 < -first.d
    assert first.p_holm < 0.001
    assert second.difference > first.difference
    # R 4.2.2: t.test(gone, here) of the first factor's scores.
    assert [first.ci_lower, first.ci_upper] == pytest.approx([-1.52529332, -1.21341250], abs=1e-7)
    assert attrition(from_columns(asked_three_times(), ITEMS, WAVES), MODEL) == ()


def test_rows_without_a_person_are_counted() -> None:
    rows = in_rows(asked_three_times())
    rows.loc[rows["customer"].isin(["c1", "c2"]), "customer"] = None
    found = from_long(rows, ITEMS, person="customer", wave="wave")
    assert len(found.frame) == 398
    assert found.warnings == ("6 rows are left out: customer or wave is missing",)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("F =~ x1 + x2 + x3; G =~ x4 + x5 + x6; H =~ F + G", "H=~F: a model at several waves"),
        ("F =~ x1 + a*x2 + x3", "F=~x2 has a fixed value, label or start value"),
        ("F =~ x1 + x2 + x3; F ~ x4", "F~x4: a model at several waves has only lines"),
    ],
)
def test_what_cannot_be_repeated_is_refused(model: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        longitudinal(from_columns(asked_three_times(), ITEMS, WAVES), model)


def test_ordinal_items_and_unknown_exceptions_are_refused_by_name() -> None:
    waves = from_columns(asked_three_times(), ITEMS, WAVES)
    with pytest.raises(ModelError, match="WLSMV: invariance over waves is tested by ML"):
        longitudinal(waves, MODEL, estimator="WLSMV")
    with pytest.raises(ModelError, match="'x3_w1~1' is no loading, intercept or residual variance"):
        longitudinal(waves, MODEL, free=("x3_w1~1",))


def test_a_free_parameter_is_free_from_the_first_and_reversed_items_turn_alike() -> None:
    data = asked_three_times()
    turned = data.assign(**{f"x2_{wave}": 10 - data[f"x2_{wave}"] for wave in WAVES})
    found = longitudinal(
        from_columns(turned, ITEMS, WAVES), MODEL.replace("x2", "-x2"), free=("x3~1",)
    )
    assert found.reached == "strict"
    assert found.step("scalar").fit.fit["df"] == 235
    assert change(found, "F")["est"] == pytest.approx(0.690355, abs=2e-6)
    assert any("x2 is read the other way round" in text for text in found.warnings)


def test_the_document_is_strict_json(incomplete: Longitudinal) -> None:
    written = json.loads(json.dumps(incomplete.to_json(), allow_nan=False))
    assert written["waves"] == list(WAVES)
    assert written["steps"][3]["name"] == "strict"
    assert written["changes"][0]["d_ci_lower"] < written["changes"][0]["d"]
    assert -1 < written["stability"][0]["r"] < 1


def test_the_r_script_spreads_the_rows_and_names_what_to_expect(incomplete: Longitudinal) -> None:
    script = wave_script(incomplete, ITEMS, file="answers.csv", person="customer", wave="wave")
    assert 'idvar = "customer", timevar = "wave", direction = "wide", sep = "_")' in script
    assert "# expected: n = 400, chisq = 216.246, df = 213, chisq.scaled = 219.672" in script
    assert "lavTestLRT(configural, metric, scalar, strict)" in script
    assert script.count('estimator = "MLR", meanstructure = TRUE, missing = "ml")') == 5
    assert "reshape" not in wave_script(incomplete, ITEMS)


def test_persons_of_one_branch_count_as_their_cluster() -> None:
    data = asked_three_times().head(200)
    twice = pd.concat([data, data]).assign(branch=np.tile(np.arange(200), 2), weight=1.0)
    waves = from_columns(twice, ITEMS, WAVES, keep=("branch", "weight"))
    alone = longitudinal(from_columns(data, ITEMS, WAVES), MODEL, estimator="MLR", partial=False)
    doubled = longitudinal(
        waves, MODEL, estimator="MLR", partial=False, cluster="branch", sampling_weights="weight"
    )
    assert change(doubled, "F")["est"] == pytest.approx(change(alone, "F")["est"], abs=1e-6)
    # Each answer twice in its cluster tells no more than once, but for C / (C - 1).
    ratio = change(doubled, "F")["se"] / change(alone, "F")["se"]
    assert ratio == pytest.approx(np.sqrt(200 / 199), rel=1e-4)


def test_what_is_kept_of_a_person_is_one_value() -> None:
    rows = in_rows(asked_three_times().head(30)).assign(weight=2.0)
    found = from_long(rows, ITEMS, person="customer", wave="wave", keep=("weight",))
    assert (found.kept, set(found.frame["weight"])) == (("weight",), {2.0})
    rows.iloc[0, rows.columns.get_loc("weight")] = 3.0
    with pytest.raises(
        DataError, match="weight: customer c0 has more than one value, one of 1 such"
    ):
        from_long(rows, ITEMS, person="customer", wave="wave", keep=("weight",))
    with pytest.raises(MissingItem, match="branch: no such column"):
        from_columns(asked_three_times(), ITEMS, WAVES, keep=("branch",))
