"""Composites (``<~``) by maximum likelihood equal lavaan's; what does not go with them is refused by name.

Numbers: lavaan 0.7-2.3170, sem(model, HolzingerSwineford1939, composites.cov = "free"), and where
said lavaan 0.6-14 with the same model in paths, each composite's first item without a residual:
C =~ 1*x1 + x2 + x3; x1 ~ m2*x2 + m3*x3; x1 ~~ 0*x1; x2 ~~ x3; w2 := -m2; w3 := -m3. lavaan's default
(composites.cov = "fixed") gives the same estimates and chi-square, and takes the covariances as known.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.composite.pls import fit_pls
from analysis.covariance.bootstrap import bollen_stine, bootstrap
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.text.script import lavaan_script
from analysis.covariance.text.syntax import parse
from analysis.errors import ModelError
from surveyapp.reports.charts.diagram import Kind, Shape
from surveyapp.reports.projects.measured_models import sem_diagram
from tests.analysis.classic_data import holzinger

C, D, F = "C <~ x1 + x2 + x3", "D <~ x9 + x8 + x7", "F =~ x4 + x5 + x6"
CHAIN = f"{C}\n{F}\n{D}\nF ~ C\nD ~ F + C"
SHORT = f"C <~ x1 + x2\n{F}\nF ~ C"


@cache
def fitted(text: str, estimator: str = "ML", information: str | None = None) -> SemFit:
    return fit_sem(
        holzinger().assign(sex=lambda d: d["sex"] - 1),
        text,
        estimator=estimator,
        information=information,
    )


def numbers(fit: SemFit, *columns: str) -> dict[str, tuple[float, ...]]:
    frame = fit.estimates
    names = frame["lhs"] + frame["op"] + frame["rhs"]
    return dict(zip(names, frame[list(columns)].itertuples(index=False, name=None), strict=True))


def test_weights_paths_and_item_covariances_equal_lavaan() -> None:
    fit = fitted(CHAIN)
    expected = {  # est, se, std.all, its se
        "C<~x1": (1, 0, 0.80043139, 0.07593686),
        "C<~x2": (0.25812033, 0.13504926, 0.20838067, 0.09944348),
        "C<~x3": (0.26541087, 0.15494000, 0.20580974, 0.10588348),
        "F=~x5": (1.11442420, 0.06545775, 0.85582464, 0.02229321),
        "D<~x8": (0.27352305, 0.16467444, 0.25879493, 0.13725795),
        "D<~x7": (-0.28470819, 0.13033105, -0.28983974, 0.12975606),
        "F~C": (0.26800972, 0.04691017, 0.39443473, 0.05233416),
        "D~F": (0.07687135, 0.06532907, 0.07118112, 0.06008401),
        "D~C": (0.30586752, 0.05560514, 0.41682932, 0.05252048),
        "x1~~x1": (1.35836956, 0.11072602, 1, 0),
        "x1~~x2": (0.40737125, 0.08238401, 0.29734547, 0.05254292),
        "x2~~x3": (0.45106396, 0.08079847, 0.33984899, 0.05098189),
        "x8~~x7": (0.53524507, 0.07049034, 0.48675786, 0.04398244),
        "F~~F": (0.82657003, 0.09602727, 0.84442125, 0.04128482),
        # lavaan 0.7 says no error of a composite's variance; these are lavaan 0.6-14's, in paths
        "C~~C": (2.120164841, 0.431536124, 1, 0),
        "D~~D": (0.910758596, 0.157801939, 0.79778051, 0.04144039),
    }
    found = numbers(fit, "est", "se", "std_all", "std_se")
    for name, values in expected.items():
        assert found[name] == pytest.approx(values, rel=2e-5, abs=1e-7), name
    # Nothing is told of the parameters that stand for the covariances within a block.
    assert "C=~x2" not in found
    assert len(found) == 30


def test_fit_equals_lavaan() -> None:
    fit = fitted(CHAIN).fit
    expected = {
        "npar": 25,
        "chisq": 41.41354722,
        "df": 20,
        "baseline_chisq": 918.8515893,
        "baseline_df": 36,
        "logl": -3715.798939,
        "aic": 7481.597879,
        "cfi": 0.9757450205,
        "rmsea": 0.05964115730,
        "srmr": 0.04379605028,
    }
    assert {name: fit[name] for name in expected} == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("text", "chisq", "df", "expected"),
    [
        (  # composites of composites' outcomes, and a factor that they measure
            f"{C}\nG <~ x4 + x5 + x6\n{D}\nH =~ C + G + D",
            34.88009812,
            18,
            {"G<~x5": (-0.3042616, 0.2911744), "H=~D": (0.3399286, 0.1016574)},
        ),
        (  # fixed weights, another unit
            f"C <~ 1*x1 + 1*x2 + 1*x3\nD <~ 2*x9 + x8 + x7\n{F}\nF ~ C + D",
            56.78766256,
            22,
            {"D<~x8": (0.53864944, 0.33239153), "C~~D": (2.41947853, 0.39556139)},
        ),
        (  # a composite of one item
            f"{C}\nD <~ x9\n{F}\nF ~ C + D",
            21.32455853,
            10,
            {"C<~x2": (0.2040945, 0.13634956), "F~D": (0.1056664, 0.06149824)},
        ),
        (  # labels, equal weights, a defined quantity
            f"C <~ x1 + a*x2 + a*x3\n{D}\n{F}\nF ~ b*C + D\nab := a*b",
            41.41469357,
            21,
            {"C<~x3": (0.26124775, 0.10058632), "ab:=a*b": (0.06420064, 0.02207970)},
        ),
        (  # four composites in a chain
            "A <~ x1 + x2\nB <~ x4 + x3\nC <~ x5 + x6\nD <~ x7 + x8 + x9\nB ~ A\nC ~ B + A\nD ~ C + B",
            148.72603875,
            20,
            {"B<~x3": (0.21843, 0.05135)},
        ),
        (  # observed predictors, an observed outcome
            f"{C}\nC ~ sex + ageyr\nx4 ~ C",
            26.43066471,
            6,
            {"C~sex": (-0.27982588, 0.14842850), "x4~C": (0.34569358, 0.05942357)},
        ),
        (  # a covariance of composites fixed at 0
            f"{C}\n{D}\n{F}\nC ~~ 0*D\nF ~ C + D",
            98.20028415,
            21,
            {"D<~x7": (1.49436610, 1.51054927), "F~C": (0.30929159, 0.05485114)},
        ),
    ],
)
def test_models_with_composites_equal_lavaan(
    text: str, chisq: float, df: int, expected: dict[str, tuple[float, float]]
) -> None:
    fit = fitted(text)
    found = numbers(fit, "est", "se")
    assert (fit.fit["chisq"], fit.fit["df"]) == pytest.approx((chisq, df), rel=1e-7)
    for name, values in expected.items():
        assert found[name] == pytest.approx(values, rel=5e-5, abs=5e-5), name


def test_robust_and_observed_errors_equal_lavaan() -> None:
    text = f"{C}\n{F}\n{D}\nF ~ C\nD ~ C"
    robust, observed = fitted(text, "MLR"), fitted(text, "ML", "observed")
    # estimator = "MLR"; information = "observed"
    assert robust.fit["chisq_scaled"] == pytest.approx(42.06786481, rel=1e-6)
    assert robust.fit["cfi_robust"] == pytest.approx(0.97534838305, rel=1e-6)
    found = numbers(robust, "se")
    assert (*found["C<~x2"], *found["F~C"]) == pytest.approx((0.15472726, 0.06335945), rel=1e-5)
    found = numbers(observed, "se")
    assert (*found["C<~x2"], *found["F~C"]) == pytest.approx((0.13864323, 0.05140217), rel=1e-5)


def test_unit_variances_are_of_factors_alone() -> None:
    fit = fit_sem(holzinger(), f"{C}\n{F}\n{D}\nF ~ C\nD ~ C", std_lv=True)
    found = numbers(fit, "est", "se")
    # std.lv = TRUE
    assert found["F~C"] == pytest.approx((0.29478876, 0.05250524), rel=1e-5)
    assert found["C<~x1"] == (1, 0)


def test_a_marker_of_the_other_sign_gives_the_same_model() -> None:
    other = fitted(CHAIN.replace("x9 + x8 + x7", "x7 + x8 + x9"))
    assert other.fit["chisq"] == pytest.approx(fitted(CHAIN).fit["chisq"], rel=1e-9)
    freed = fitted(CHAIN.replace("x9 + x8 + x7", "NA*x9 + x8 + 1*x7"))
    assert freed.fit["chisq"] == pytest.approx(fitted(CHAIN).fit["chisq"], rel=1e-9)


def test_scores_are_the_weighted_sums() -> None:
    fit, data = fitted(CHAIN), holzinger()
    scores, weights = fit.factor_scores(data), numbers(fit, "est")
    items = data[["x1", "x2", "x3"]] - data[["x1", "x2", "x3"]].mean()
    own = sum(items[name] * weights[f"C<~{name}"][0] for name in items)
    assert list(scores) == ["C", "F", "D"]
    assert np.allclose(scores["C"], own)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"estimator": "MLM"}, "estimator MLM"),
        ({"estimator": "WLSMV"}, "estimator WLSMV"),
        ({"missing": "fiml"}, "missing='fiml'"),
        ({"likelihood": "wishart"}, "Wishart"),
        ({"group": "school", "equal": ["loadings"]}, "equal loadings over groups"),
        ({"mean_structure": True}, "means or intercepts"),
        ({"orthogonal": True}, "orthogonal"),
    ],
)
def test_choices_that_composites_do_not_go_with_are_refused(
    options: dict[str, Any], named: str
) -> None:
    with pytest.raises(ModelError, match=named):
        fit_sem(holzinger(), SHORT, **options)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (SHORT + "\nC =~ x3", "composite .* and a factor"),
        (SHORT + "\nD <~ x2 + x3\nF ~ D", "x2 is an item of C and of D"),
        (SHORT + "\nG =~ x2 + x3", "G=~x2: x2 is an item of the composite C"),
        (SHORT + "\nx1 ~~ x2", "x1 is an item of the composite C"),
        (SHORT + "\nx1 ~ sex", "x1 is an item of the composite C"),
        (SHORT + "\nC ~~ 1*C", "variance follows from its weights"),
        (SHORT + "\nC ~ 1", "means or intercepts"),
        (SHORT + "\nG <~ F + x3\nF ~ G", "F is a latent variable"),
        (SHORT.replace("x1", "NA*x1"), "no weight is fixed"),
        (SHORT.replace("x1", "C"), "the composite C has the name"),
        ("C <~ x1 + x2 + x3", "C<~x2, C<~x3.*relate the composite"),
    ],
)
def test_composites_of_no_unit_or_shared_items_are_refused(text: str, named: str) -> None:
    with pytest.raises(ModelError, match=named):
        fit_sem(holzinger(), text)


def test_what_is_not_computed_for_composites_says_so() -> None:
    fit = fitted(CHAIN)
    with pytest.raises(ModelError, match="modification indices are not computed"):
        fit.modification_indices()
    with pytest.raises(ModelError, match="bartlett scores are not computed"):
        fit.factor_scores(holzinger(), method="bartlett")
    for resample in (bootstrap, bollen_stine):
        with pytest.raises(ModelError, match="resamples are not computed"):
            resample(fit, reps=10)


def test_the_model_is_written_for_lavaan_and_drawn() -> None:
    fit = fitted(CHAIN)
    assert parse(fit.model.text) == fit.model
    script = lavaan_script(fit)
    assert 'composites.cov = "free"' in script
    assert "modindices" not in script
    drawn = sem_diagram(fit.to_dict())
    shapes = {node.name: node.shape for node in drawn.nodes}
    assert (shapes["C"], shapes["F"]) == (Shape.COMPOSITE, Shape.FACTOR)
    kinds = [arrow.kind for arrow in drawn.arrows]
    assert (kinds.count(Kind.WEIGHT), kinds.count(Kind.CORRELATION)) == (6, 0)
    explained = {node.name: node.r_squared for node in drawn.nodes}
    assert explained["C"] is None
    assert explained["D"] == pytest.approx(0.20221949)


def test_groups_of_a_model_with_composites_are_those_fitted_by_themselves() -> None:
    together = fit_sem(holzinger(), CHAIN, group="school")
    total = 0.0
    for number, school in enumerate(together.groups, start=1):
        data = holzinger()
        alone = fit_sem(data[data["school"] == school], CHAIN)
        total += alone.fit["chisq"]
        own = together.estimates[together.estimates["group"] == number]
        for column in ("est", "se", "std_all"):
            assert own[column].to_numpy() == pytest.approx(
                alone.estimates[column].to_numpy(), rel=1e-6, abs=1e-8, nan_ok=True
            )
    assert together.fit["chisq"] == pytest.approx(total, rel=1e-9)


def test_weights_equal_over_groups_are_those_of_lavaan_in_paths() -> None:
    text = CHAIN.replace("x1 + x2 + x3", "x1 + c(a, a)*x2 + c(b, b)*x3")
    fit = fit_sem(holzinger(), text, group="school")
    assert (fit.fit["chisq"], fit.fit["df"]) == pytest.approx((71.69898, 42), abs=1e-5)
    frame = fit.estimates.set_index(["lhs", "op", "rhs", "group"])
    expected = {  # est, se; lavaan 0.6-14 with x1 ~ c(m2, m2)*x2 + c(m3, m3)*x3, group = "school"
        ("C", "<~", "x2", 1): (0.17140494, 0.13043564),
        ("C", "<~", "x3", 2): (0.42383381, 0.17003004),
        ("D", "<~", "x8", 1): (0.22926715, 0.26752689),
        ("F", "~", "C", 1): (0.24362810, 0.05527024),
        ("D", "~", "C", 2): (0.36413698, 0.07456870),
    }
    for key, values in expected.items():
        assert tuple(frame.loc[key, ["est", "se"]]) == pytest.approx(values, rel=2e-5), key


def test_weights_are_those_of_emergent_and_excrescent_variables() -> None:
    """lavaan 0.6-14 with Henseler and Ogasawara's own specification: C =~ 1*x1 + x2 + x3; v1 =~ 1*x2 +
    a*x1; v2 =~ 1*x3 + b*x2; v1 ~~ v2, uncorrelated with all else, no residuals; D alike; w2 := -a;
    w3 := a*b.
    """
    fit = fitted(CHAIN)
    found = numbers(fit, "est", "se")
    assert (fit.fit["chisq"], fit.fit["df"]) == pytest.approx((41.41355, 20), abs=1e-5)
    assert found["C<~x2"] == pytest.approx((0.25812021, 0.13504928), rel=1e-5)
    assert found["C<~x3"] == pytest.approx((0.26541085, 0.15494002), rel=1e-5)


def test_mode_b_weights_are_the_same_where_the_model_holds() -> None:
    text = "C <~ x1 + x2 + x3\nG <~ x4 + x5 + x6\nD <~ x9 + x8 + x7\nG ~ C\nD ~ G + C"
    fit = fit_sem(holzinger(), text)
    rows = np.random.default_rng(1).normal(size=(200, 9))
    rows = np.linalg.qr(rows - rows.mean(axis=0))[0] * np.sqrt(199)
    population = pd.DataFrame(
        rows @ np.linalg.cholesky(fit.implied[0].sigma).T, columns=list(fit.table.observed)
    )
    weights = fit_pls(population, text).weights
    frame = fit.estimates[fit.estimates["op"] == "<~"]
    own = dict(zip(frame["rhs"], frame["std_all"], strict=True))
    found = dict(zip(weights["item"], weights["estimate"], strict=True))
    assert found == pytest.approx(own, abs=1e-6)


@pytest.mark.parametrize(
    "blocks",
    [
        ("x3 + x9 + x1", "x6 + x5 + x8", "x2 + x4 + x7"),  # no marker led to the minimum alone
        ("x3 + x8 + x1", "x6 + x4 + x5", "x9 + x7 + x2"),  # steps that never ended
    ],
)
def test_the_first_item_of_a_composite_makes_no_difference(blocks: tuple[str, ...]) -> None:
    def fit(*blocks: str) -> SemFit:
        named = [f"{name} <~ {items}" for name, items in zip("ABC", blocks, strict=True)]
        return fit_sem(holzinger(), "; ".join([*named, "B ~ A", "C ~ B"]))

    one = fit(*blocks)
    other = fit(*(" + ".join(reversed(items.split(" + "))) for items in blocks))
    assert (one.converged, other.converged) == (True, True)
    assert one.fit["chisq"] == pytest.approx(other.fit["chisq"], rel=1e-9)
    found, expected = (
        {(r.op, frozenset((r.lhs, r.rhs))): r.std_all for r in f.estimates.itertuples()}
        for f in (one, other)
    )
    # A composite counted from its first item may have the other sign.
    assert {k: abs(v) for k, v in found.items()} == pytest.approx(
        {k: abs(v) for k, v in expected.items()}, abs=1e-5
    )
