"""Polychoric correlations, their sampling covariance, and models of ordinal items."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, norm

from analysis.covariance.bootstrap import bootstrap
from analysis.covariance.compare_models import difference_test
from analysis.covariance.ordinal.bivariate_normal import bivariate_cdf, bivariate_density
from analysis.covariance.ordinal.polychoric import polychoric
from analysis.covariance.sem import fit_sem
from analysis.errors import DataError, NoVariance

CUTS = [-1.2, -0.3, 0.5, 1.1]


def answers(n: int, seed: int, cuts: list[float] = CUTS) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    sigma = np.array([[1, 0.6, 0.3], [0.6, 1, -0.4], [0.3, -0.4, 1.0]])
    latent = rng.multivariate_normal(np.zeros(3), sigma, size=n, method="cholesky")
    return pd.DataFrame(np.digitize(latent, cuts) + 1, columns=list("abc"))


@pytest.mark.parametrize("rho", [-0.99, -0.7, 0.0, 0.4, 0.93, 0.97])
def test_the_bivariate_distribution_equals_scipy(rho: float) -> None:
    h, k = np.array([-2.0, 0.1, 0.5, 1.5]), np.array([0.3, 0.1, -1.0, 1.4])
    found = bivariate_cdf(h, k, np.array(rho))
    normal = multivariate_normal([0, 0], [[1, rho], [rho, 1]])
    for i in range(4):
        assert found[i] == pytest.approx(normal.cdf([h[i], k[i]]), abs=1e-7)
        density = bivariate_density(h[i : i + 1], k[i : i + 1], np.array(rho))
        assert density[0] == pytest.approx(normal.pdf([h[i], k[i]]))


def test_median_splits_have_the_correlation_of_sheppards_formula() -> None:
    # Sheppard (1898): with both cut at the median, r = sin(2 pi (p11 - 1/4)); here p11 = 1/3.
    rows = [(1, 1)] * 100 + [(2, 2)] * 100 + [(1, 2)] * 50 + [(2, 1)] * 50
    found = polychoric(pd.DataFrame(rows, columns=["a", "b"]))
    assert found.correlation[0, 1] == pytest.approx(np.sin(2 * np.pi * (1 / 3 - 1 / 4)), abs=1e-9)


def test_the_population_is_recovered() -> None:
    found = polychoric(answers(20_000, 1))
    assert found.correlation[1, 0] == pytest.approx(0.6, abs=0.02)
    assert found.correlation[2, 0] == pytest.approx(0.3, abs=0.02)
    assert found.correlation[2, 1] == pytest.approx(-0.4, abs=0.02)
    assert found.thresholds[0] == pytest.approx(CUTS, abs=0.03)


def test_labels_of_categories_do_not_matter_but_their_order_does() -> None:
    data = answers(400, 2)
    one = polychoric(data).correlation
    assert polychoric(data * 10 - 3).correlation == pytest.approx(one)
    assert polychoric(data.assign(a=-data["a"])).correlation[0, 1] == pytest.approx(-one[0, 1])


def test_standard_errors_equal_the_spread_of_many_samples() -> None:
    found = [polychoric(answers(300, seed), covariance=True) for seed in range(150)]
    correlations = np.array([f.correlation[np.tril_indices(3, -1)] for f in found])
    thresholds = np.array([np.concatenate(f.thresholds) for f in found])
    variance = np.mean([np.diag(f.gamma) / f.n for f in found], axis=0)
    observed = np.concatenate([thresholds.var(axis=0), correlations[:, [0, 1, 2]].var(axis=0)])
    assert np.sqrt(observed / variance) == pytest.approx(1.0, abs=0.2)


def test_an_empty_cell_of_two_binary_items_gets_half_an_answer() -> None:
    rows = [(0, 0)] * 40 + [(1, 1)] * 30 + [(0, 1)] * 30
    found = polychoric(pd.DataFrame(rows, columns=["a", "b"]))
    assert 0.8 < found.correlation[0, 1] < 0.99


def test_missing_rows_are_counted_and_bad_items_named() -> None:
    data = answers(200, 3).astype(float)
    data.loc[:9, "a"] = np.nan
    assert polychoric(data).dropped == 10
    with pytest.raises(NoVariance, match="b: all 200 answers are 4"):
        polychoric(answers(200, 3).assign(b=4))
    with pytest.raises(DataError, match="at most 20"):
        polychoric(answers(200, 3).assign(b=norm.rvs(size=200, random_state=1)))
    with pytest.raises(DataError, match="covariance=True"):
        _ = polychoric(answers(200, 3)).correlation_gamma


def ordinal(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=n, method="cholesky")
    loading = [0.8, 0.7, 0.6]
    columns = {}
    for f, name in enumerate("pq"):
        for k, value in enumerate(loading):
            noise = rng.normal(size=n) * np.sqrt(1 - value**2)
            columns[f"{name}{k}"] = np.digitize(value * factors[:, f] + noise, CUTS) + 1
    return pd.DataFrame(columns)


TWO = "p =~ p0 + p1 + p2; q =~ q0 + q1 + q2"


def test_a_model_of_ordinal_items_recovers_loadings_of_the_answers_behind_them() -> None:
    fit = fit_sem(ordinal(5000, 4), TWO, estimator="WLSMV")
    loadings = fit.estimates.query("op == '=~'")["std_all"].to_numpy()
    assert loadings == pytest.approx([0.8, 0.7, 0.6] * 2, abs=0.04)
    assert fit.fit["npar"] == 7 + 6 * 4
    assert fit.fit["df"] == 8
    assert fit.fit["pvalue_scaled"] > 0.001
    residuals = fit.estimates.query("op == '~~' and lhs == rhs and lhs not in ['p', 'q']")
    assert residuals["est"].to_numpy() == pytest.approx(
        1 - loadings**2, abs=1e-9
    )  # unit variances behind the answers


def test_the_scaled_shifted_statistic_has_the_mean_of_its_chi_square() -> None:
    values = [
        fit_sem(ordinal(400, seed), TWO, estimator="WLSMV").fit["chisq_scaled"]
        for seed in range(60)
    ]
    assert np.mean(values) == pytest.approx(8, abs=1.6)


def test_difference_tests_of_ordinal_models_have_the_mean_of_their_chi_square() -> None:
    equal = "p =~ a*p0 + b*p1 + c*p2; q =~ a*q0 + b*q1 + c*q2"
    tests = []
    for seed in range(60):
        data = ordinal(400, 100 + seed)
        general = fit_sem(data, TWO, estimator="WLSMV", std_lv=True)
        tests.append(difference_test(fit_sem(data, equal, estimator="WLSMV", std_lv=True), general))
    assert {test.df for test in tests} == {3}
    assert np.mean([test.chisq for test in tests]) == pytest.approx(3, abs=1.0)
    assert np.mean([test.pvalue < 0.05 for test in tests]) < 0.15
    false = fit_sem(data, TWO, estimator="WLSMV", orthogonal=True)
    assert difference_test(false, fit_sem(data, TWO, estimator="WLSMV")).pvalue < 1e-4


def test_robust_errors_of_ordinal_models_equal_the_bootstraps() -> None:
    fit = fit_sem(ordinal(600, 5), TWO, estimator="WLSMV")
    frame = bootstrap(fit, reps=150, seed=1, workers=1).intervals
    rows = fit.estimates[fit.estimates["op"] != "|"].reset_index(drop=True)
    free = (rows["se"] > 0).to_numpy()
    ratio = frame["se"].to_numpy()[free] / rows["se"].to_numpy()[free]
    assert np.median(ratio) == pytest.approx(1.0, abs=0.15)


def test_wlsmv_and_dwls_share_estimates_but_not_errors() -> None:
    data = ordinal(500, 6)
    robust, plain = fit_sem(data, TWO, estimator="WLSMV"), fit_sem(data, TWO, estimator="DWLS")
    assert plain.settings.ordered
    assert plain.estimates["est"].to_numpy() == pytest.approx(robust.estimates["est"].to_numpy())
    assert not np.allclose(plain.estimates["se"], robust.estimates["se"])
    assert "chisq_scaled" not in plain.fit


def test_scores_of_ordinal_answers_are_modes() -> None:
    data = ordinal(500, 8).astype(float)
    fit = fit_sem(data, TWO, estimator="WLSMV")
    data.loc[0, "p0"] = np.nan
    data.loc[1, ["p0", "p1", "p2"]] = 5.0
    data.loc[2] = np.nan
    posterior = fit.factor_scores(data)
    assert posterior.iloc[2].isna().all()
    assert posterior.drop(index=2).notna().all().all()
    likelihood = fit.factor_scores(data, method="bartlett")
    # Only highest answers: the likelihood grows without end, the posterior does not.
    assert np.isnan(likelihood.loc[1, "p"])
    assert np.isfinite(likelihood.loc[1, "q"])
    assert 0 < posterior.loc[1, "p"] < 3
    sums = data.drop(index=[0, 2])[["p0", "p1", "p2"]].sum(axis=1)
    assert np.corrcoef(sums, posterior.drop(index=[0, 2])["p"])[0, 1] > 0.95
    assert posterior["p"].var() < likelihood["p"].var()


def test_every_answer_pattern_scores_alone_as_it_scores_among_others() -> None:
    data = ordinal(300, 9)
    fit = fit_sem(data, TWO, estimator="WLSMV")
    together = fit.factor_scores(data)
    alone = fit.factor_scores(data.iloc[[7]])
    assert alone.iloc[0].to_numpy() == pytest.approx(together.iloc[7].to_numpy(), abs=1e-8)
