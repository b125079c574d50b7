"""Ordinal items beside numbers and predictors, thresholds in the text and both parametrisations.

Reference: lavaan 0.6-14, ``cfa`` and ``sem`` with ``ordered`` and the estimator named, of
HolzingerSwineford1939 with x1 to x7 cut as here and ``age <- ageyr + agemo / 12``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.bootstrap import bootstrap
from analysis.covariance.compare_models import difference_test
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.text.script import lavaan_script
from analysis.errors import DataError, ModelError
from tests.analysis.classic_data import holzinger

pytestmark = pytest.mark.xdist_group("mixed_items")

CUTS = {
    "o1": ("x1", [4, 5, 6]),
    "o2": ("x2", [5.3, 6.3, 7]),
    "o3": ("x3", [1.2, 2, 3.1]),
    "o4": ("x4", [2.4, 3.3]),
    "o5": ("x5", [3.6, 4.6, 5.6]),
    "o6": ("x6", [1.3, 2.2, 3]),
    "b7": ("x7", [4.2]),
}
MIXED = "visual =~ o1 + o2 + x3\ntextual =~ x4 + o5 + x6"
MIMIC = "visual =~ o1 + o2 + o3 + o4\nvisual ~ age + sex"
PATHS = "visual =~ o1 + o2 + x3\nx4 ~ visual + age\no5 ~ x4 + sex + visual\no2 ~ sex"
CHAIN = "o1 ~ age\no5 ~ o1 + sex\nb7 ~ o5 + o1"
THRESHOLDS = """
visual =~ c(a,a)*o1 + c(b,b)*o2 + c(cc,cc)*o3
o1 | c(u1,u1)*t1 + c(u2,u2)*t2 + c(u3,u3)*t3
o2 | c(v1,v1)*t1 + c(v2,v2)*t2 + t3
o3 | c(w1,w1)*t1 + c(w2,w2)*t2 + c(w3,w3)*t3
visual ~ c(0,NA)*1
o1 ~*~ c(1,NA)*o1
o3 ~*~ c(1,NA)*o3
"""
ACROSS = "f =~ o1 + o2 + o3 + o4\no1 | 0*t1 + eq*t2\no2 | eq*t2 + t1 + t3\nf ~ 1"
ORDINAL = "visual =~ o1 + o2 + o3\ntextual =~ o4 + o5 + o6"

# df, chisq, chisq_scaled, baseline_chisq_scaled, cfi_scaled, rmsea_scaled, srmr, rmr, crmr, gfi
MEASURES = ("df", "chisq", "chisq_scaled", "baseline_chisq_scaled", "cfi_scaled", "rmsea_scaled")
MEASURES += ("srmr", "rmr", "crmr", "gfi")
CASES: dict[str, tuple[str, dict[str, str], tuple[float, ...], dict[str, tuple[float, ...]]]] = {
    "mixed": (
        MIXED,
        {},
        (8, 13.01496, 27.48875, 529.61372, 0.96213, 0.09011, 0.04762, 0.04465, 0.04455, 0.99772),
        {
            "visual=~o2": (0.561866, 0.115684, 0.456059),
            "textual=~x6": (0.984513, 0.068724, 0.883797),
            "o5|t3": (0.868022, 0.083194, 0.868022),
            "x3~~x3": (0.973309, 0.116284, 0.763460),
            "visual~~textual": (0.393082, 0.058177, 0.493211),
            "x4~1": (3.060908, 0.068283, 2.633762),
        },
    ),
    "mixed, WLSM": (
        MIXED,
        {"estimator": "WLSM"},
        (8, 13.01496, 32.17479, 819.47225, 0.96995, 0.10036, 0.04762, 0.04465, 0.04455, 0.99772),
        {"visual=~o2": (0.561866, 0.115684, 0.456059)},
    ),
    "mixed, ULSMV": (
        MIXED,
        {"estimator": "ULSMV"},
        (8, 17.41645, 26.10365, 470.88100, 0.96029, 0.08685, 0.04759, 0.04399, 0.04452, 0.99816),
        {
            "visual=~o2": (0.576139, 0.111254, 0.476016),
            "textual=~x6": (0.982276, 0.071489, 0.872429),
        },
    ),
    "mixed, by school": (
        MIXED,
        {"group": "school"},
        (16, 12.79748, 30.41861, 530.25950, 0.97118, 0.07764, 0.04467, 0.04134, 0.04178, 0.99781),
        {},
    ),
    "predictors": (
        MIMIC,
        {},
        (8, 19.94838, 25.84328, 167.54771, 0.88955, 0.08622, 0.05168, 0.03733, 0.04342, 0.90889),
        {
            "visual=~o3": (0.754011, 0.131587, 0.575283),
            "visual~age": (-0.038164, 0.052767, -0.050867),
            "visual~sex": (-0.167167, 0.111977, -0.109452),
            "o4|t1": (-2.506169, 1.012134, -2.502573),
        },
    ),
    "predictors, theta": (
        MIMIC,
        {"parametrization": "theta"},
        (8, 19.94838, 25.84327, 167.54771, 0.88955, 0.08622, 0.05168, 0.03733, 0.04342, 0.90889),
        {
            "visual=~o3": (0.598189, 0.195466, 0.575283),
            "visual~sex": (-0.257063, 0.176813, -0.109452),
            "visual~~visual": (1.364698, 0.600778, 0.987209),
        },
    ),
    "regressions": (
        PATHS,
        {},
        (11, 22.39976, 26.69987, 298.72156, 0.94562, 0.06897, 0.04432, 0.03912, 0.04205, 0.96788),
        {
            "x4~visual": (0.714832, 0.138477, 0.486452),
            "o5~x4": (0.627552, 0.043129, 0.713381),
            "o5~sex": (0.040557, 0.126932, 0.020033),
            "o2~sex": (-0.214273, 0.129763, -0.106655),
            "o5|t2": (1.061134, 0.704264, 1.047008),
        },
    ),
    "thresholds equal over groups": (
        THRESHOLDS,
        {"group": "school"},
        (7, 24.05658, 30.06718, 130.13110, 0.81417, 0.14847, 0.04249, 0.09329, 0.10430, 0.96833),
        {
            "visual=~o3": (2.130963, 0.609194, 1.055068),
            "o1|t1": (-0.865420, 0.095735, -0.824371),
            "o2|t3": (0.853728, 0.126712, 0.853728),
            "visual~1": (-0.132135, 0.071093, -0.259055),
            "o3~*~o3": (0.970687, 0.124909, 1.0),
        },
    ),
    "thresholds equal over items": (
        ACROSS,
        {},
        (3, 9.43632, 14.02458, 164.85892, 0.93060, 0.11068, 0.06118, 0.04235, 0.04707, 0.98884),
        {
            "f=~o3": (0.750886, 0.125165, 0.568790),
            "o1|t2": (0.883882, 0.074462, 0.883882),
            "o2|t2": (0.883882, 0.074462, 0.883882),
            "f~1": (0.781120, 0.081287, 1.031193),
        },
    ),
    "ordinal predictors of ordinal outcomes, theta": (
        CHAIN,
        {"parametrization": "theta"},
        (4, 14.62679, 14.88865, 26.91378, 0.54467, 0.09526, 0.00508, 0.00371, 0.00455, 0.79570),
        {
            "o5~o1": (0.332125, 0.070424, 0.315645),
            "b7~o5": (0.063338, 0.080495, 0.066525),
            "b7|t1": (2.294159, 1.032532, 2.285344),
        },
    ),
}


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    """The pupils with some tests cut into categories."""
    frame = holzinger()
    for name, (column, cuts) in CUTS.items():
        frame[name] = np.digitize(frame[column], cuts, right=True) + 1.0
    return frame.assign(age=frame["ageyr"] + frame["agemo"] / 12)


def fitted(data: pd.DataFrame, text: str, **options: object) -> SemFit:
    """The model with every cut item in it as ordinal, by WLSMV unless said."""
    from analysis.covariance.text.syntax import parse

    items = [name for name in CUTS if name in parse(text).observed]
    return fit_sem(data, text, ordered=items, **{"estimator": "WLSMV", **options})


@pytest.mark.parametrize("case", CASES)
def test_estimates_and_measures_are_lavaans(data: pd.DataFrame, case: str) -> None:
    text, options, measures, estimates = CASES[case]
    fit = fitted(data, text, **options)
    assert fit.converged
    found = [fit.fit[name] for name in MEASURES]
    assert np.allclose(found, measures, rtol=1e-5, atol=1e-5)
    frame = fit.estimates[fit.estimates["group"] == len(fit.groups)]
    rows = frame.set_index(frame["lhs"] + frame["op"] + frame["rhs"])
    for name, wanted in estimates.items():
        assert np.allclose(rows.loc[name, ["est", "se", "std_all"]].to_list(), wanted, atol=2e-5)


def test_the_parametrisations_are_one_model(data: pd.DataFrame) -> None:
    """lavaan 0.6-14 leaves b7 a variance of 1.0004 in the delta parametrisation, and fits worse."""
    delta, theta = (fitted(data, CHAIN, parametrization=own) for own in ("delta", "theta"))
    assert delta.fit["chisq"] == pytest.approx(theta.fit["chisq"], rel=1e-9)
    assert np.allclose(delta.estimates["std_all"], theta.estimates["std_all"], atol=1e-7)
    assert np.allclose(delta.residual_correlations(), theta.residual_correlations(), atol=1e-7)
    assert theta.residual_correlations().loc["o1", "o5"] == pytest.approx(0.0, abs=0.02)
    paths = ("o5~o1", "b7~o5", "b7~o1")
    frame = delta.estimates
    b = dict(zip(frame["lhs"] + frame["op"] + frame["rhs"], frame["est"], strict=True))
    explained = b[paths[1]] ** 2 + b[paths[2]] ** 2
    explained += 2 * b[paths[1]] * b[paths[2]] * b[paths[0]]
    assert b["b7~~b7"] == pytest.approx(1 - explained, abs=1e-9)


def test_all_items_ordinal_fit_as_by_their_correlations_alone(data: pd.DataFrame) -> None:
    """lavaan 0.6-14: scaled 25.67084, robust RMSEA .11381 in both parametrisations."""
    plain, theta = fitted(data, ORDINAL), fitted(data, ORDINAL, parametrization="theta")
    assert plain.settings.ordered
    assert theta.settings.ordinal == ("o1", "o2", "o3", "o4", "o5", "o6")
    assert theta.fit["chisq_scaled"] == pytest.approx(25.67084, abs=1e-5)
    assert theta.fit["rmsea_robust"] == pytest.approx(0.11381, abs=1e-5)
    for name in set(plain.fit) & set(theta.fit):
        assert plain.fit[name] == pytest.approx(theta.fit[name], rel=1e-6, nan_ok=True), name


def test_modification_indices_are_lavaans(data: pd.DataFrame) -> None:
    """textual =~ x3 7.123 (-.290, standardised -.252); o1 ~~ o2 7.123 (-.294; -.566)."""
    found = fitted(data, MIXED).modification_indices()
    rows = found.set_index(found["lhs"] + found["op"] + found["rhs"])
    columns = ["mi", "epc", "sepc_all"]
    assert np.allclose(
        rows.loc["textual=~x3", columns].to_list(), (7.123, -0.290, -0.252), atol=1e-3
    )
    assert np.allclose(rows.loc["o1~~o2", columns].to_list(), (7.123, -0.294, -0.566), atol=1e-3)
    assert rows.loc["x4~~x6", "mi"] == pytest.approx(1.740, abs=1e-3)


def test_the_difference_of_nested_models_is_lavaans(data: pd.DataFrame) -> None:
    """lavTestLRT (Satorra 2000): 47.054939 on 1 df."""
    restricted = fitted(data, MIXED + "\nvisual ~~ 0*textual")
    test = difference_test(restricted, fitted(data, MIXED))
    assert (test.chisq, test.df) == (pytest.approx(47.054939, rel=1e-5), 1)


def test_restrictions_and_equal_loadings_hold_here_too(data: pd.DataFrame) -> None:
    """lavaan 0.6-14: scaled 20.744 on 8 df, a = .7 without error; 35.741 on 19 df by school."""
    text = MIXED.replace("o2", "a*o2").replace("x6", "lower(1)*x6") + "\na > 0.7"
    fit = fitted(data, text)
    assert (fit.fit["df"], fit.fit["chisq_scaled"]) == (8, pytest.approx(20.744, abs=1e-3))
    assert np.allclose(fit.estimates.loc[1, ["est", "se"]].to_list(), (0.7, 0.0), atol=1e-9)
    groups = fitted(data, MIMIC, group="school", equal=("loadings",))
    assert (groups.fit["df"], groups.fit["chisq_scaled"]) == (19, pytest.approx(35.741, abs=1e-3))


def test_weights_count_rows(data: pd.DataFrame) -> None:
    """Whole-number weights give the moments of as many rows."""
    count = 1 + np.arange(len(data)) % 3
    weighted = fitted(data.assign(w=count), PATHS, sampling_weights="w")
    repeated = fitted(data.loc[data.index.repeat(count)], PATHS)
    moments = [one.solution.data.groups[0].limited_moments.values for one in (weighted, repeated)]
    assert np.allclose(*moments, atol=1e-9)


def test_resamples_keep_what_follows(data: pd.DataFrame) -> None:
    fit = fitted(data, MIXED)
    drawn = bootstrap(fit, reps=12, seed=4, workers=1)
    rows = [f"{r.lhs}{r.op}{r.rhs}" for r in fit.estimates.itertuples()]
    loading, left = (drawn.samples[:, rows.index(name)] for name in ("visual=~o2", "o2~~o2"))
    variance = drawn.samples[:, rows.index("visual~~visual")]
    assert np.allclose(left, 1 - loading**2 * variance, atol=1e-6)


def test_the_script_says_what_lavaan_must_be_told(data: pd.DataFrame) -> None:
    fit = fitted(data, MIMIC, parametrization="theta", estimator="WLSM")
    script = lavaan_script(fit)
    assert 'estimator = "WLSM", parameterization = "theta"' in script
    assert 'ordered = c("o1", "o2", "o3", "o4")' in script
    assert "fixed.x" not in script


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        (MIXED + "\no1 | t4", {}, ModelError, r"line 3, column 6: o1\|t4: o1 has 4 different"),
        (MIXED + "\nx3 | t1", {}, ModelError, r"line 3, column 6: x3\|t1: x3 is no ordinal item"),
        (MIXED + "\no1 ~~ 0.5*o1", {}, ModelError, "follows from its unit variance"),
        (MIXED + "\no1 ~*~ o1", {"parametrization": "theta"}, ModelError, "response scales follow"),
        (MIXED, {"ordered": ["o1", "x9"]}, ModelError, "x9 is no item of the model"),
        (MIMIC, {"ordered": ["o1", "sex"]}, ModelError, "sex only predicts others"),
        (MIXED, {"ordered": True}, DataError, "name the ordinal items in ordered"),
        (
            "f =~ x1 + x2 + x3\nx1 | t1",
            {"estimator": "ML", "ordered": False},
            ModelError,
            "choose WLSMV",
        ),
        (MIXED + "\no1 ~*~ NA*o1", {}, ModelError, "not identified.*o1"),
        (MIXED, {"equal": ("intercepts",), "group": "school"}, ModelError, "ordinal invariance"),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    data: pd.DataFrame,
    text: str,
    options: dict[str, object],
    error: type[Exception],
    message: str,
) -> None:
    items = [name for name in CUTS if name in text]
    with pytest.raises(error, match=message):
        fit_sem(data, text, **{"estimator": "WLSMV", "ordered": items, **options})


def test_an_answer_that_a_group_lacks_is_named(data: pd.DataFrame) -> None:
    lacking = data.assign(o1=data["o1"].where(data["school"] == data["school"].iloc[0], 2.0))
    few = lacking.assign(o1=np.where(data["o1"] == 4, lacking["o1"], data["o1"]))
    with pytest.raises(DataError, match=r"o1: nobody in group .* chose 4"):
        fitted(few, MIXED, group="school")


def test_predictors_that_say_too_much_are_named(data: pd.DataFrame) -> None:
    twice = data.assign(other=2 * data["sex"] + 1)
    with pytest.raises(DataError, match="sex, other: one of these predictors follows"):
        fitted(twice, "visual =~ o1 + o2 + o3 + o4\nvisual ~ sex + other")
    told = data.assign(told=data["o1"] * 2)
    with pytest.raises(DataError, match="o1: its answers follow from told"):
        fitted(told, "visual =~ o1 + o2 + o3 + o4\nvisual ~ told")


def test_scores_are_refused_by_name(data: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="are not computed"):
        fitted(data, MIXED).factor_scores(data)
