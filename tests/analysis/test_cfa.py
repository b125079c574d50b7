"""CFA agrees with lavaan in estimates, errors and every fit measure, by either engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from analysis.errors import (
    DataError,
    MissingItem,
    ModelError,
    NotPositiveDefinite,
    NoVariance,
    TooFewCases,
)
from analysis.moments import Moments, moments
from analysis.scale.cfa import Cfa, fit_cfa, merged_pairs, model_text, one_factor, sem_names
from analysis.scale.semopy_cfa import independent_check, semopy_cfa
from tests.analysis.data_sets import HS_MODEL, SJQ_LOADINGS, SJQ_MODEL, holzinger, simulated

# lavaan 0.6-14, cfa(HS.model, HolzingerSwineford1939): fitMeasures()
LAVAAN_FIT = {
    "npar": 21, "fmin": 0.141703524534839, "chisq": 85.3055217699732, "df": 24,
    "pvalue": 8.50255321704907e-09, "baseline_chisq": 918.851589292384, "baseline_df": 36,
    "cfi": 0.930559651799335, "tli": 0.895839477699003, "nfi": 0.90716071804842,
    "ifi": 0.931490849987257, "logl": -3737.7449266262, "unrestricted_logl": -3695.09216574121,
    "aic": 7517.48985325239, "bic": 7595.33916881212, "bic2": 7528.73911173078,
    "rmsea": 0.092121484510169, "rmsea_ci_lower": 0.0714184904399386,
    "rmsea_ci_upper": 0.113678016811963, "rmsea_pvalue": 0.000661236778051744,
    "srmr": 0.0652050571843865, "gfi": 0.943332061258475, "agfi": 0.893747614859641,
    "ecvi": 0.422941932790609,
}  # fmt: skip
LAVAAN_LOADINGS = {"x2": 0.553500293763662, "x3": 0.729370209767044, "x5": 1.11307657811851,
                   "x6": 0.926146236632328, "x8": 1.17995083947085, "x9": 1.08153015685908}  # fmt: skip
LAVAAN_SE = {"x2": 0.0996651187683111, "x3": 0.109109703120018, "x5": 0.065420108609566}
LAVAAN_CORRELATIONS = [0.458509300355974, 0.470534544464428, 0.282984730415918]  # semTools latcor


Engine = Callable[..., Cfa]
engines = pytest.mark.parametrize("fit_by", [fit_cfa, semopy_cfa])


@engines
def test_fit_measures_are_lavaans(fit_by: Engine):
    got = fit_by(holzinger(), HS_MODEL).fit
    assert {name: got[name] for name in LAVAAN_FIT} == pytest.approx(LAVAAN_FIT, rel=1e-4)


@engines
def test_estimates_are_lavaans(fit_by: Engine):
    got = fit_by(holzinger(), HS_MODEL)
    by_item = {x.item: x for x in got.loadings}
    assert {i: by_item[i].est for i in LAVAAN_LOADINGS} == pytest.approx(LAVAAN_LOADINGS, rel=1e-5)
    assert {i: by_item[i].se for i in LAVAAN_SE} == pytest.approx(LAVAAN_SE, rel=1e-4)
    r = got.factor_correlations.to_numpy()
    assert [r[0, 1], r[0, 2], r[1, 2]] == pytest.approx(LAVAAN_CORRELATIONS, abs=1e-5)
    assert (by_item["x1"].est, np.isnan(by_item["x1"].se)) == (1.0, True)
    assert by_item["x1"].std_all == pytest.approx(0.771876, abs=1e-5)  # standardizedSolution()


@engines
def test_the_wishart_likelihood_is_amos_chi_square(fit_by: Engine):
    # lavaan 0.6-14, likelihood = "wishart": chisq = (N - 1) F
    normal, wishart = (
        fit_by(holzinger(), HS_MODEL, likelihood=kind) for kind in ("normal", "wishart")
    )
    assert wishart.fit["chisq"] == pytest.approx(normal.fit["chisq"] * 300 / 301, rel=1e-8)
    assert wishart.fit["logl"] == pytest.approx(-3742.25241830734, rel=1e-7)


@engines
def test_units_and_item_order_do_not_matter(fit_by: Engine):
    plain = fit_by(holzinger(), HS_MODEL)
    model = {factor: tuple(reversed(HS_MODEL[factor])) for factor in reversed(HS_MODEL)}
    units = np.array([10.0**i for i in range(-4, 5)])
    turned = fit_by(holzinger()[[f"x{i}" for i in range(1, 10)]] * units + 7, model)
    assert turned.fit["chisq"] == pytest.approx(plain.fit["chisq"], rel=1e-6)
    mine, theirs = ({x.item: x.std_all for x in fit.loadings} for fit in (plain, turned))
    assert theirs == pytest.approx(mine, abs=1e-5)


def test_moments_are_enough():
    data = holzinger()[[f"x{i}" for i in range(1, 10)]]
    assert fit_cfa(moments(data), HS_MODEL).fit == fit_cfa(data, HS_MODEL).fit


def test_the_published_sjq_loadings_are_recovered_from_their_population():
    got = fit_cfa(simulated(4000, points=0, seed=4), SJQ_MODEL)
    expected = [loading for loadings in SJQ_LOADINGS.values() for loading in loadings]
    assert [x.std_all for x in got.loadings] == pytest.approx(expected, abs=0.02)
    off = got.factor_correlations.to_numpy()[np.triu_indices(3, 1)]
    assert off == pytest.approx(0.6, abs=0.04)
    assert got.fit["rmsea"] < 0.02


def test_rivals_of_a_three_factor_model_are_one_and_three_two_factor_models():
    assert list(one_factor(SJQ_MODEL).values()) == [sum(SJQ_MODEL.values(), ())]
    assert [len(rival) for rival in merged_pairs(SJQ_MODEL)] == [2, 2, 2]
    # lavaan 0.6-14: df of a single factor with 9 items
    rival = fit_cfa(holzinger(), one_factor(HS_MODEL))
    assert rival.fit["df"] == 27
    assert rival.fit["chisq"] > 300


@engines
def test_a_single_item_factor_is_its_item(fit_by: Engine):
    got = fit_by(holzinger(), {"visual": ("x1", "x2", "x3"), "x4": ("x4",)})
    (single,) = got.of("x4")
    assert (single.std_all, single.residual) == (pytest.approx(1.0), 0.0)
    assert got.fit["df"] == 2


def test_a_factor_with_an_items_name_gets_another_in_the_model_text():
    model = {"x4": ("x4",), "x4_": ("x1", "x2", "x3")}
    assert sem_names(model) == {"x4": "x4__", "x4_": "x4_"}
    assert model_text(model).startswith("x4__ =~ 1*x4\nx4 ~~ 0*x4\n")


def test_factor_correlations_have_lavaans_intervals():
    # lavaan 0.6-14 standardizedSolution(): visual ~~ textual .459, se .064, [.334; .583]
    (first, *_) = fit_cfa(holzinger(), HS_MODEL).correlations
    assert (first.first, first.second) == ("visual", "textual")
    assert (first.r, first.se) == pytest.approx((0.459, 0.064), abs=5e-4)
    assert (first.lower, first.upper) == pytest.approx((0.334, 0.583), abs=1.5e-3)


def test_missing_answers_can_be_kept_by_fiml_and_errors_made_robust():
    data = holzinger()
    data.loc[::5, "x1"] = np.nan
    assert fit_cfa(data, HS_MODEL).n == 240
    kept = fit_cfa(data, HS_MODEL, missing="fiml", estimator="MLR")
    assert kept.n == 301
    assert "chisq_scaled" in kept.fit
    assert np.isfinite(kept.sample.to_numpy()).all()


def test_the_independent_check_finds_the_two_programs_agreed():
    fitted = fit_cfa(holzinger(), HS_MODEL)
    got = independent_check(fitted, holzinger())
    assert got.agrees
    assert got.largest_difference < 1e-5
    assert got.program == "semopy"


def test_the_independent_check_tells_of_a_disagreement():
    fitted = fit_cfa(holzinger(), HS_MODEL)
    wrong = (*fitted.loadings[:8], replace(fitted.loadings[8], std_all=0.1))
    got = independent_check(replace(fitted, loadings=wrong), holzinger())
    assert not got.agrees
    assert got.of == "loading of x9"


def test_the_independent_check_compares_nothing_that_does_not_exist():
    fitted = fit_cfa(holzinger(), HS_MODEL)
    gone = (replace(fitted.loadings[0], std_all=float("nan")), *fitted.loadings[1:])
    with pytest.raises(DataError, match="the standardised loading of x1 does not exist"):
        independent_check(replace(fitted, loadings=gone), holzinger())


@engines
def test_a_heywood_case_is_a_warning_in_the_result(fit_by: Engine):
    # Correlations that one factor can only reproduce with a loading above 1: r12 r13 > r23.
    R = np.array([[1, 0.8, 0.8], [0.8, 1, 0.5], [0.8, 0.5, 1]])
    got = fit_by(Moments(("q1", "q2", "q3"), 200, np.zeros(3), R), {"f": ("q1", "q2", "q3")})
    assert got.loadings[0].residual == pytest.approx(1 - 0.8 * 0.8 / 0.5, abs=1e-4)
    assert got.warnings
    assert got.inadmissible == ("Heywood case: the residual variance of q1 is negative (-0.28)",)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ({"a": ("x1", "x2")}, "do not identify"),
        ({"a": ("x1", "x2", "x3"), "b": ("x3", "x4")}, "x3"),
        ({"a": ()}, "needs items"),
    ],
)
@engines
def test_models_that_cannot_be_estimated_are_refused(fit_by: Engine, model: dict, says: str):
    with pytest.raises(ModelError, match=says):
        fit_by(holzinger(), model)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda d: d.assign(x1=3), NoVariance, "x1"),
        (lambda d: d.assign(x1=d.x2), NotPositiveDefinite, "x1"),
        (lambda d: d.head(9), TooFewCases, "at least 10"),
        (lambda d: d.drop(columns="x1"), MissingItem, "x1"),
    ],
)
@engines
def test_data_that_cannot_be_modelled_are_refused_by_name(fit_by: Engine, change, error, says):
    with pytest.raises(error, match=says):
        fit_by(change(holzinger()), HS_MODEL)


def test_the_independent_check_declines_what_it_cannot_do():
    with pytest.raises(ModelError, match="complete rows only"):
        independent_check(fit_cfa(holzinger(), HS_MODEL, missing="fiml"), holzinger())
    fitted = fit_cfa(holzinger(), HS_MODEL)
    with pytest.raises(ModelError, match="up to 60 items"):
        independent_check(replace(fitted, loadings=fitted.loadings * 7), holzinger())
