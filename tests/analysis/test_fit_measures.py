"""Fit measures against published numbers and lavaan's, from chi-squares and matrices alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from analysis.covariance.fit_measures import (
    fit_measures,
    gfi,
    incremental,
    noncentrality,
    rmsea,
    srmr,
)

# lavaan 0.6-14, cfa(HS.model, HolzingerSwineford1939), estimator ML.
HS = {
    "chisq": 85.3055217699732,
    "df": 24,
    "baseline_chisq": 918.851589292384,
    "baseline_df": 36,
    "n": 301,
    "npar": 21,
    "logl": -3737.7449266262,
    "unrestricted_logl": -3695.09216574121,
}


def test_rmsea_of_the_published_sjq_study_and_its_interval() -> None:
    # Jaakkola & Terho (2021), study 1: chi2 222.4, df 101, N 278; RMSEA .066 [.054; .078].
    with_n_minus_1 = rmsea(222.4, 101, 277)
    assert with_n_minus_1.estimate == pytest.approx(0.0659, abs=5e-5)
    assert with_n_minus_1.ci_lower == pytest.approx(0.0542, abs=5e-5)
    assert with_n_minus_1.ci_upper == pytest.approx(0.0776, abs=5e-5)
    with_n = rmsea(222.4, 101, 278)
    assert with_n.estimate == pytest.approx(0.0658, abs=5e-5)
    assert with_n.ci_lower == pytest.approx(0.0541, abs=5e-5)
    assert with_n.ci_upper == pytest.approx(0.0775, abs=5e-5)


def test_all_measures_from_chi_squares_agree_with_lavaan() -> None:
    expected = {
        "pvalue": 8.50255321704907e-09,
        "cfi": 0.930559651799335,
        "tli": 0.895839477699003,
        "rfi": 0.86074107707263,
        "nfi": 0.90716071804842,
        "pnfi": 0.60477381203228,
        "ifi": 0.931490849987257,
        "rni": 0.930559651799335,
        "aic": 7517.48985325239,
        "bic": 7595.33916881212,
        "bic2": 7528.73911173078,
        "rmsea": 0.092121484510169,
        "rmsea_ci_lower": 0.0714184904399386,
        "rmsea_ci_upper": 0.113678016811963,
        "rmsea_pvalue": 0.000661236778051744,
        "rmsea_notclose_pvalue": 0.839552896762851,
        "cn_05": 129.490200301455,
        "cn_01": 152.654026533351,
        "mfi": 0.903177285931362,
        "ecvi": 0.422941932790609,
    }
    found = fit_measures(**HS)
    for name, value in expected.items():
        # lavaan's interval roots are searched to about 1e-7 only.
        assert found[name] == pytest.approx(value, rel=1e-6), name


def test_wishart_measures_divide_by_n_minus_1() -> None:
    # lavaan 0.6-14, the same model with likelihood = "wishart".
    found = fit_measures(
        chisq=85.0221147234241,
        df=24,
        baseline_chisq=915.798926,
        baseline_df=36,
        n=301,
        npar=21,
        multiplier=300,
    )
    assert found["rmsea"] == pytest.approx(0.092061, abs=1e-6)
    assert found["ecvi"] == pytest.approx(0.423407, abs=1e-6)
    assert found["mfi"] == pytest.approx(0.903297, abs=1e-6)


def test_robust_rmsea_scales_the_noncentrality() -> None:
    # lavaan 0.6-14, the same model with estimator = "MLR".
    found = rmsea(HS["chisq"], 24, 301, scaling=0.979042258785899, interval_chisq=87.1316033648637)
    assert found.estimate == pytest.approx(0.0924986213712412, rel=1e-6)
    assert found.ci_lower == pytest.approx(0.0720677307610813, rel=1e-5)
    assert found.ci_upper == pytest.approx(0.11378130800732, rel=1e-5)
    assert found.pvalue == pytest.approx(0.00051459640862983, rel=1e-6)


def test_robust_cfi_and_tli_scale_both_noncentralities() -> None:
    found = incremental(
        HS["chisq"],
        24,
        HS["baseline_chisq"],
        36,
        scaling=0.979042258785899,
        baseline_scaling=1.04405257713015,
    )
    assert found["cfi"] == pytest.approx(0.929863935696707, rel=1e-9)
    assert found["tli"] == pytest.approx(0.89479590354506, rel=1e-9)


def test_a_saturated_model_fits_perfectly() -> None:
    found = fit_measures(chisq=0.0, df=0, baseline_chisq=100.0, baseline_df=3, n=100, npar=6)
    assert (found["cfi"], found["tli"], found["rmsea"], found["rmsea_ci_upper"]) == (1, 1, 0, 0)
    assert np.isnan(found["pvalue"])


def test_a_chi_square_below_its_df_gives_cfi_1_and_tli_above_1() -> None:
    found = fit_measures(chisq=10.0, df=20, baseline_chisq=500.0, baseline_df=36, n=200, npar=10)
    assert found["cfi"] == 1.0
    assert found["tli"] > 1.0
    assert found["rni"] > 1.0
    assert found["rmsea"] == 0.0


def test_noncentrality_inverts_the_noncentral_chi_square() -> None:
    from scipy.stats import ncx2

    for probability in (0.95, 0.05):
        root = noncentrality(222.4, 101, probability)
        assert ncx2.cdf(222.4, 101, root) == pytest.approx(probability, abs=1e-10)
    assert noncentrality(20.0, 101, 0.05) == 0.0


def test_srmr_of_one_wrong_correlation_is_that_residual_spread_over_the_moments() -> None:
    sample = np.array([[4.0, 1.0], [1.0, 1.0]])
    implied = np.array([[4.0, 0.4], [0.4, 1.0]])
    assert srmr(sample, implied) == pytest.approx(np.sqrt(0.3**2 / 3))
    assert srmr(sample, sample) == 0.0


def test_srmr_weights_groups_by_their_size() -> None:
    sample = np.array([[1.0, 0.5], [0.5, 1.0]])
    implied = np.eye(2)
    bad = srmr(sample, implied)
    both = srmr([sample, sample], [implied, sample], group_n=[300, 100])
    assert both == pytest.approx(0.75 * bad)


def test_gfi_is_1_for_perfect_fit_and_unit_free() -> None:
    sample = np.array([[2.0, 0.8, 0.3], [0.8, 1.0, 0.2], [0.3, 0.2, 3.0]])
    implied = np.diag(np.diag(sample))
    scale = np.diag([2.0, 10.0, 0.1])
    assert gfi(sample, sample) == pytest.approx(1.0)
    assert gfi(sample, implied) < 1
    assert gfi(scale @ sample @ scale, scale @ implied @ scale) == pytest.approx(
        gfi(sample, implied)
    )


@pytest.mark.parametrize("probability", [0.05, 0.95])
@pytest.mark.parametrize(("chisq", "df"), [(1.1e4, 101), (2e4, 9_000), (5e5, 24), (5e6, 101)])
def test_the_noncentrality_of_a_large_chi_square_has_the_probability_asked(
    chisq: float, df: float, probability: float
) -> None:
    found = noncentrality(chisq, df, probability)
    assert special.chndtr(chisq, df, found) == pytest.approx(probability, abs=1e-8)
