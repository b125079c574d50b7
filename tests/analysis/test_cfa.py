"""CFA through semopy agrees with lavaan in estimates, errors and every fit measure."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.cfa import fit_cfa, merged_pairs, model_text, one_factor
from analysis.errors import MissingItem, ModelError, NotPositiveDefinite, NoVariance, TooFewCases
from analysis.moments import Moments, moments
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


def test_fit_measures_are_lavaans():
    got = fit_cfa(holzinger(), HS_MODEL).fit
    assert {name: got[name] for name in LAVAAN_FIT} == pytest.approx(LAVAAN_FIT, rel=1e-4)


def test_estimates_are_lavaans():
    got = fit_cfa(holzinger(), HS_MODEL)
    by_item = {x.item: x for x in got.loadings}
    assert {i: by_item[i].est for i in LAVAAN_LOADINGS} == pytest.approx(LAVAAN_LOADINGS, rel=1e-5)
    assert {i: by_item[i].se for i in LAVAAN_SE} == pytest.approx(LAVAAN_SE, rel=1e-4)
    r = got.factor_correlations.to_numpy()
    assert [r[0, 1], r[0, 2], r[1, 2]] == pytest.approx(LAVAAN_CORRELATIONS, abs=1e-5)
    assert (by_item["x1"].est, np.isnan(by_item["x1"].se)) == (1.0, True)
    assert by_item["x1"].std_all == pytest.approx(0.771876, abs=1e-5)  # standardizedSolution()


def test_the_wishart_likelihood_is_amos_chi_square():
    # lavaan 0.6-14, likelihood = "wishart": chisq = (N - 1) F
    normal, wishart = (
        fit_cfa(holzinger(), HS_MODEL, likelihood=kind) for kind in ("normal", "wishart")
    )
    assert wishart.fit["chisq"] == pytest.approx(normal.fit["chisq"] * 300 / 301, rel=1e-8)
    assert wishart.fit["logl"] == pytest.approx(-3742.25241830734, rel=1e-7)


def test_units_and_item_order_do_not_matter():
    plain = fit_cfa(holzinger(), HS_MODEL)
    model = {factor: tuple(reversed(HS_MODEL[factor])) for factor in reversed(HS_MODEL)}
    units = np.array([10.0**i for i in range(-4, 5)])
    turned = fit_cfa(holzinger()[[f"x{i}" for i in range(1, 10)]] * units + 7, model)
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


def test_a_single_item_factor_is_its_item():
    got = fit_cfa(holzinger(), {"visual": ("x1", "x2", "x3"), "x4": ("x4",)})
    (single,) = got.of("x4")
    assert (single.std_all, single.residual) == (pytest.approx(1.0), 0.0)
    assert got.fit["df"] == 2
    assert model_text(got.model).endswith("x4 =~ 1*x4\nx4 ~~ 0*x4")


def test_a_heywood_case_is_a_warning_in_the_result():
    # Correlations that one factor can only reproduce with a loading above 1: r12 r13 > r23.
    R = np.array([[1, 0.8, 0.8], [0.8, 1, 0.5], [0.8, 0.5, 1]])
    got = fit_cfa(Moments(("q1", "q2", "q3"), 200, np.zeros(3), R), {"f": ("q1", "q2", "q3")})
    assert got.loadings[0].residual == pytest.approx(1 - 0.8 * 0.8 / 0.5, abs=1e-4)
    assert got.warnings == ("Heywood case: the residual variance of q1 is negative (-0.28)",)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ({"a": ("x1", "x2")}, "do not identify"),
        ({"a": ("x1", "x2", "x3"), "b": ("x3", "x4")}, "x3"),
        ({"a": ()}, "needs items"),
    ],
)
def test_models_that_cannot_be_estimated_are_refused(model: dict, says: str):
    with pytest.raises(ModelError, match=says):
        fit_cfa(holzinger(), model)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda d: d.assign(x1=3), NoVariance, "x1"),
        (lambda d: d.assign(x1=d.x2), NotPositiveDefinite, "x1"),
        (lambda d: d.head(9), TooFewCases, "at least 10"),
        (lambda d: d.drop(columns="x1"), MissingItem, "x1"),
    ],
)
def test_data_that_cannot_be_modelled_are_refused_by_name(change, error, says):
    with pytest.raises(error, match=says):
        fit_cfa(change(holzinger()), HS_MODEL)
