"""Exploratory blocks: their rotated numbers are lavaan's, and what no rotation can keep is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.bootstrap import bootstrap
from analysis.covariance.compare_models import difference_test
from analysis.covariance.exploratory.esem import exploratory
from analysis.covariance.exploratory.rotation import Rotation, rotate
from analysis.covariance.measurement_invariance.invariance import invariance
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.solution import Solution
from analysis.covariance.text.script import lavaan_script
from analysis.covariance.text.syntax import parse
from analysis.errors import ModelError
from tests.analysis.classic_data import holzinger, incomplete
from tests.analysis.esem_numbers import ESTIMATES, FIT

NINE = 'efa("b")*f1 + efa("b")*f2 + efa("b")*f3 =~ x1+x2+x3+x4+x5+x6+x7+x8+x9'
SIX = 'efa("a")*a1 + efa("a")*a2 =~ x1+x2+x3+x4+x5+x6\ng =~ x7+x8+x9'
CFA = "visual =~ x1+x2+x3\ntextual =~ x4+x5+x6\nspeed =~ x7+x8+x9"
ITEMS = [f"x{k}" for k in range(1, 10)]
PLAIN: dict[str, Any] = {"standardised": False}
QUARTIMIN: dict[str, Any] = {"method": "quartimin", **PLAIN}

CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "quartimin": (NINE, QUARTIMIN, {}),
    "oblimin": (NINE, {"method": "oblimin", "gamma": -0.5, **PLAIN}, {}),
    "orthogonal": (NINE, {"method": "quartimin", "orthogonal": True}, {}),
    "target": (NINE, {"method": "target", **PLAIN}, {}),
    "mlr": (NINE, QUARTIMIN, {"estimator": "MLR"}),
    "fiml": (NINE, QUARTIMIN, {"missing": "fiml"}),
    "wlsmv": (NINE, QUARTIMIN, {"estimator": "WLSMV"}),
    "groups": (NINE, QUARTIMIN, {"group": "school"}),
    "geomin": (NINE, PLAIN, {}),
    "biquartimin": (NINE, {"method": "bi-quartimin", **PLAIN}, {}),
    "regression": (f"{SIX}\ng ~ a1 + a2", QUARTIMIN, {}),
    "outcome": (f"{SIX}\na1 + a2 ~ g", QUARTIMIN, {}),
    "covariates": (f"{NINE}\nf1 + f2 + f3 ~ sex + ageyr", QUARTIMIN, {}),
}


def quarters() -> pd.DataFrame:
    """The nine items cut at their own quartiles."""
    data = holzinger()
    for item in ITEMS:
        edges = np.quantile(data[item], (0.25, 0.5, 0.75))
        data[item] = np.searchsorted(edges, data[item]) + 1
    return data


def own_target() -> pd.DataFrame:
    found = pd.DataFrame(0.0, index=ITEMS, columns=["f1", "f2", "f3"])
    for k, factor in enumerate(found.columns):
        found.loc[ITEMS[3 * k : 3 * k + 3], factor] = np.nan
    return found


def fitted(case: str) -> SemFit:
    text, rotation, options = CASES[case]
    data = {"fiml": incomplete, "wlsmv": quarters}.get(case, holzinger)()
    target = own_target() if case == "target" else None
    return fit_sem(data, text, rotation=Rotation(starts=8, **rotation), target=target, **options)


@pytest.mark.parametrize("case", CASES)
def test_rotated_estimates_and_errors_are_those_of_lavaan(case: str) -> None:
    fit = fitted(case)
    assert {name: fit.fit[name] for name in FIT[case]} == pytest.approx(FIT[case], rel=2e-5)
    found = {}
    for row in fit.estimates.itertuples():
        found[row.lhs, row.op, row.rhs, row.group] = found[row.rhs, row.op, row.lhs, row.group] = (
            row
        )
    for key, (est, se) in ESTIMATES[case].items():
        assert found[key].est == pytest.approx(est, abs=2e-5), key
        assert found[key].se == pytest.approx(se, rel=1e-4), key


def _at(found: Solution, theta: np.ndarray) -> Solution:
    return replace(found, optimum=replace(found.optimum, point=found.discrepancy.at(theta)))


def test_errors_of_loadings_rotated_in_standard_deviations_are_the_delta_methods(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """lavaan's bordered errors leave the factors' correlations out of the items' variances here, and its
    delta method differentiates a rotation that stops early; so that the rotation is differentiated.
    """
    import analysis.covariance.exploratory.rotated_solution as module

    restated = module._restated
    kept: dict[str, Any] = {}

    def seen(found: Solution, *rest: Any) -> Solution:
        kept["found"], kept["rest"] = found, rest
        return restated(found, *rest)

    monkeypatch.setattr(module, "_restated", seen)
    fit = fit_sem(holzinger(), f"{SIX}\na1 + a2 ~ g", rotation=Rotation("quartimin", starts=4))
    found, rest = kept["found"], kept["rest"]
    step = 3e-4
    slopes = []
    for place in range(len(found.theta)):
        shift = np.zeros(len(found.theta))
        shift[place] = step
        above, below = (
            restated(_at(found, found.theta + sign * shift), *rest).theta for sign in (1, -1)
        )
        slopes.append((above - below) / (2 * step))
    jacobian = np.array(slopes).T
    errors = np.sqrt(np.diag(jacobian @ found.vcov @ jacobian.T))
    assert fit.vcov is not None
    assert np.sqrt(np.diag(fit.vcov)) == pytest.approx(errors, rel=3e-4, abs=1e-9)


def test_a_rotation_leaves_fit_and_implied_moments_as_they_were() -> None:
    fits = [
        fit_sem(holzinger(), NINE, rotation=Rotation(method, starts=5))
        for method in ("geomin", "oblimin", "bi-geomin")
    ]
    for other in fits[1:]:
        assert other.fit["chisq"] == pytest.approx(fits[0].fit["chisq"], rel=1e-9)
        assert np.allclose(other.implied[0].sigma, fits[0].implied[0].sigma, atol=1e-6)
        assert other.r_squared.to_numpy() == pytest.approx(fits[0].r_squared.to_numpy(), abs=1e-6)


def test_an_esem_frees_cross_loadings_and_nests_its_cfa() -> None:
    made = exploratory(parse(CFA))
    assert made.target.loc["x1"].isna().tolist() == [True, False, False]
    fit = fit_sem(holzinger(), made.model, rotation=made.rotation, target=made.target)
    cfa = fit_sem(holzinger(), CFA)
    assert fit.tests.df == cfa.tests.df - 12
    difference = difference_test(cfa, fit)
    assert difference.chisq == pytest.approx(85.30552 - 22.89674, abs=1e-4)
    frame = fit.estimates.set_index(["lhs", "op", "rhs"])["std_all"]
    own = [
        frame[factor, "=~", item] for factor, items in (("visual", ITEMS[:3]),) for item in items
    ]
    assert min(own) > 0.5
    correlation = frame["visual", "~~", "textual"]
    cfa_frame = cfa.estimates.set_index(["lhs", "op", "rhs"])["std_all"]
    assert correlation < cfa_frame["visual", "~~", "textual"]


def test_a_bifactor_esem_has_a_general_factor_first_and_uncorrelated_ones_behind() -> None:
    made = exploratory(parse("a =~ x1+x2+x3; t =~ x4+x5+x6"), bifactor=True)
    assert made.model.latent == ("G", "a", "t")
    assert made.target["G"].isna().all()
    assert made.rotation.keeps_angles
    fit = fit_sem(holzinger(), NINE, rotation=Rotation("bi-geomin", starts=5))
    between = fit.estimates[(fit.estimates.op == "~~") & (fit.estimates.lhs != fit.estimates.rhs)]
    assert (between.est == 0).all()
    assert (
        fit.estimates[(fit.estimates.op == "=~") & (fit.estimates.lhs == "f1")].est > 0
    ).sum() == 9


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [  # GPArotation 2022.10 on loadings of factanal, which stops early; its bifactorT is not divided by 4
        (Rotation(), 0.1883895072),  # geominQ(delta = .001)
        (Rotation("oblimin", gamma=-0.5), 0.2310186922),  # oblimin(gam = -.5)
        (Rotation("target"), 0.2208484516),  # pstQ
        (Rotation("bi-quartimin"), 0.00625845245 / 4),  # bifactorT
    ],
    ids=lambda value: getattr(value, "method", ""),
)
def test_criteria_are_as_low_as_those_of_gparotation(rotation: Rotation, expected: float) -> None:
    target = own_target() if rotation.to_target else None
    (block,) = fit_sem(holzinger(), NINE, rotation=rotation, target=target).solution.rotations
    assert block.rotated.value == pytest.approx(expected, rel=5e-5)


def test_a_target_with_signs_is_reached_from_starts_of_either_handedness() -> None:
    loadings = np.kron(np.eye(3), np.ones((3, 1))) * 0.7 + 0.05
    target = np.where(loadings > 0.5, 0.7, 0.0)
    turn = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))[0]
    for mirrored in (turn, turn * [-1, 1, 1]):
        found = rotate(loadings @ mirrored, Rotation("target"), target)
        assert found.value < 0.05
        assert np.abs(found.loadings - target).max() < 0.15


def test_rotated_and_unrotated_loadings_have_the_same_common_part() -> None:
    loadings = np.random.default_rng(2).normal(size=(8, 3))
    for rotation in (Rotation(), Rotation("quartimin", orthogonal=True), Rotation("bi-geomin")):
        found = rotate(loadings, rotation)
        assert found.converged
        assert np.allclose(found.loadings @ found.phi @ found.loadings.T, loadings @ loadings.T)
        assert 1 <= found.reached <= found.starts
        assert found.optima >= 1


def test_modification_indices_are_those_of_lavaan_whatever_the_rotation() -> None:
    for rotation in (Rotation("quartimin", starts=2), Rotation("bi-geomin", starts=2)):
        indices = fit_sem(holzinger(), NINE, rotation=rotation).modification_indices()
        first = indices.iloc[0]
        assert (first["lhs"], first["rhs"]) == ("x4", "x7")
        assert first[["mi", "epc", "sepc_all"]].to_numpy(dtype=float) == pytest.approx(
            (10.390, 0.145, 0.306), abs=6e-4
        )
        # No loading, variance or correlation of rotated factors could be freed beside them.
        assert set(indices["op"]) == {"~~"}
        assert not set(indices["lhs"]) & {"f1", "f2", "f3"}


def test_a_block_is_written_back_as_it_was_read() -> None:
    model = parse(NINE)
    assert model.blocks == (("f1", "b"), ("f2", "b"), ("f3", "b"))
    assert parse(model.text) == model


def test_the_r_script_asks_lavaan_for_the_same_rotation_and_target() -> None:
    made = exploratory(parse(CFA))
    fit = fit_sem(holzinger(), made.model, rotation=made.rotation, target=made.target)
    script = lavaan_script(fit)
    assert 'rotation = "target"' in script
    assert "target <- matrix(c(NA, 0, 0, NA," in script
    assert 'efa("esem")*visual =~ x1' in script


def test_the_document_says_how_often_the_rotation_ended_where() -> None:
    fit = fit_sem(holzinger(), NINE, rotation=Rotation(starts=12))
    record = fit.to_dict()["rotation"]
    assert (record["method"], record["epsilon"], record["starts"]) == ("geomin", 0.001, 12)
    (block,) = record["blocks"]
    assert block["optima"] == 2
    assert f"{block['reached']} of 12 starts" in fit.warnings[0]


REFUSED = {
    "different items": (
        'efa("b")*f1 =~ x1+x2+x3+x4; efa("b")*f2 =~ x2+x3+x4+x5',
        "different items",
    ),
    "a fixed loading": (
        'efa("b")*f1 + efa("b")*f2 =~ 1*x1+x2+x3+x4+x5',
        "fixed, labelled or started",
    ),
    "one factor regressed": (f"{NINE}\nf1 ~ sex", "f2 needs this line"),
    "a factor behind": (f"{NINE}\ng =~ f1 + f2 + f3", "is not identified"),
    "within the block": (f"{NINE}\nf1 ~ f2", "cannot be regressed on each other"),
    "equal labels": (f"{NINE}\nageyr ~ a*f1 + a*f2 + f3", "equality constraints"),
    "too few items": ('efa("b")*f1 + efa("b")*f2 =~ x1+x2', "more items than factors"),
    "two blocks": ('efa("b")*f1 =~ x1+x2+x3; efa("c")*f1 =~ x4', "choose one"),
    "efa elsewhere": ('f1 =~ efa("b")*x1 + x2', "left of =~"),
    "a fixed path": (f"{NINE}\nageyr ~ 0*f1 + f2 + f3", "outlive the rotation"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_rotation_would_turn_into_another_model_is_refused(what: str) -> None:
    text, said = REFUSED[what]
    with pytest.raises(ModelError, match=re.escape(said)):
        fit_sem(holzinger(), text)


def test_rotations_without_what_they_need_are_refused() -> None:
    data = holzinger()
    with pytest.raises(ModelError, match="needs factors to rotate"):
        fit_sem(data, CFA, rotation=Rotation())
    with pytest.raises(ModelError, match="rotated to a target"):
        fit_sem(data, NINE, rotation=Rotation("target"))
    with pytest.raises(ModelError, match="a target goes with"):
        fit_sem(data, NINE, target=own_target())
    with pytest.raises(ModelError, match="lacks x9"):
        fit_sem(data, NINE, rotation=Rotation("target"), target=own_target().drop("x9"))
    with pytest.raises(ModelError, match="does not determine the rotation"):
        little = own_target() * np.nan
        little.loc["x1", "f2"] = 0.0
        fit_sem(data, NINE, rotation=Rotation("target"), target=little)
    with pytest.raises(ModelError, match="is not known"):
        Rotation("varimin")


MIXED = 'efa("b")*f1 + efa("b")*f2 =~ o1 + o2 + x3 + o4 + o5 + x6 + x8'
CUT = {
    "o1": ("x1", [4, 5, 6]),
    "o2": ("x2", [5.3, 6.3, 7]),
    "o4": ("x4", [2.4, 3.3]),
    "o5": ("x5", [3.6, 4.6, 5.6]),
}
# lavaan 0.6-14 cfa(MIXED, ordered = c("o1", "o2", "o4", "o5"), estimator = "WLSMV", rotation = ...,
# rotation.args = list(rstarts = 30, std.ov = ..., orthogonal = ..., geomin.epsilon = 0.001)): estimates and
# errors; errors of std.ov = TRUE with correlated factors are lavaan's own (see above).
TURNED: list[tuple[Rotation, dict[str, tuple[float, float | None]]]] = [
    (
        Rotation("geomin", starts=10, standardised=False),
        {
            "f1=~o1": (0.5113802683, 0.0840254063),
            "f2=~x3": (-0.0200393393, 0.0142277274),
            "f1=~x6": (0.0265738496, 0.0479313015),
            "f2=~o5": (0.8826511605, 0.0314807305),
            "f1~~f2": (0.2665231665, 0.0883366723),
        },
    ),
    (
        Rotation("geomin", starts=10, orthogonal=True),
        {
            "f1=~o1": (0.5105609292, 0.0799577172),
            "f2=~x3": (0.1708671943, 0.0759478574),
            "f2=~o5": (0.866834654, 0.027983427),
            "f1=~x8": (0.2403678269, 0.0754854893),
        },
    ),
    (
        Rotation("geomin", starts=10),
        {
            "f1=~o1": (0.5148986933, None),
            "f2=~x3": (-0.0333529941, None),
            "f1~~f2": (0.2768313361, None),
            "x3~~x3": (0.566919170, 0.163318407),
        },
    ),
]


@pytest.fixture(scope="module")
def cut() -> pd.DataFrame:
    """The pupils with four tests cut into categories."""
    data = holzinger()
    for name, (column, cuts) in CUT.items():
        data[name] = np.digitize(data[column], cuts, right=True) + 1.0
    return data


@pytest.mark.parametrize(
    ("rotation", "wanted"), TURNED, ids=["as they are", "orthogonal", "standardised"]
)
def test_ordinal_items_beside_numbers_are_rotated_as_by_lavaan(
    cut: pd.DataFrame,
    rotation: Rotation,
    wanted: dict[str, tuple[float, float | None]],
) -> None:
    fit = fit_sem(cut, MIXED, estimator="WLSMV", ordered=list(CUT), rotation=rotation)
    assert fit.fit["df"] == 8
    assert fit.fit["chisq_scaled"] == pytest.approx(16.680247079, rel=1e-6)
    assert fit.fit["srmr"] == pytest.approx(0.027728931, rel=1e-6)
    frame = fit.estimates
    rows = frame.set_index(frame["lhs"] + frame["op"] + frame["rhs"])
    for name, (est, se) in wanted.items():
        assert rows.loc[name, "est"] == pytest.approx(est, abs=2e-6), name
        if se is not None:
            assert rows.loc[name, "se"] == pytest.approx(se, rel=2e-5), name


def test_slopes_of_rotated_factors_on_predictors_tell_the_same_of_every_item(
    cut: pd.DataFrame,
) -> None:
    """lavaan 0.6-14 sem(MIXED, f1 + f2 ~ sex): the fit. It leaves these slopes unrotated; loadings times
    slopes are those of its rotation = "none".
    """
    fit = fit_sem(
        cut,
        f"{MIXED}\nf1 + f2 ~ sex",
        estimator="WLSMV",
        ordered=list(CUT),
        rotation=Rotation("geomin", starts=10),
    )
    assert fit.fit["chisq_scaled"] == pytest.approx(16.934285027, rel=1e-6)
    assert fit.fit["df"] == 13
    sex = fit.implied[0].total[:7, 7]
    lavaan = [
        -0.18153416,
        -0.16416443,
        -0.38956559,
        0.10574446,
        0.13754947,
        0.10640647,
        -0.09530774,
    ]
    assert np.allclose(sex, lavaan, atol=5e-6)


@pytest.mark.parametrize(
    ("text", "options"),
    [(NINE, {"parametrization": "theta"}), (f"{NINE}\nx1 | t1", {})],
    ids=["theta", "thresholds"],
)
def test_ordinal_items_that_no_block_is_rotated_with_are_refused(
    text: str, options: dict[str, Any]
) -> None:
    with pytest.raises(ModelError, match='block "b" is not rotated with written thresholds'):
        fit_sem(quarters(), text, estimator="WLSMV", **options)


def test_what_is_not_computed_for_rotated_factors_is_refused_by_name() -> None:
    fit = fit_sem(holzinger(), NINE, rotation=Rotation("quartimin", starts=2))
    with pytest.raises(ModelError, match="resamples are not computed"):
        bootstrap(fit, reps=20)
    with pytest.raises(ModelError, match="equal loadings over groups are not estimated"):
        invariance(holzinger(), NINE, group="school")
